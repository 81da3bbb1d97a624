"""The settings as in production: Django's own checks of a deployment, and what a browser is told of cookies."""

import os
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.conf import settings as current
from django.core import checks
from django.test import override_settings

from paritycheck.config import env

SETTINGS = Path(env.__file__).with_name("settings.py")
PRODUCTION = {
    "ALLOWED_HOSTS": "parity.example",
    "PUBLIC_URL": "https://parity.example",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "PEPPER": "another 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "EMAIL_URL": "smtp+tls://parity:secret@mail.example:587",
    "TRUSTED_PROXIES": "1",
}


def settings_of(**changed: str) -> dict[str, Any]:
    """The settings file read anew with these variables: what differs from those of the tests."""
    before = list(env.problems)
    with mock.patch.dict(os.environ, {**PRODUCTION, **changed}):
        read = runpy.run_path(str(SETTINGS))
    assert env.problems == before
    names = {name for name in read if name.isupper() and name not in {"DATABASES", "CACHES", "LOGGING"}}
    return {name: read[name] for name in names if read[name] != getattr(current, name, None)}


@pytest.fixture
def production() -> Iterator[dict[str, Any]]:
    changed = settings_of()
    with override_settings(**changed):
        yield changed


def found() -> list[str]:
    """`paritycheck check --deploy --fail-level WARNING`."""
    return [str(message) for message in checks.run_checks(include_deployment_checks=True) if message.level >= 30]


@pytest.mark.usefixtures("production")
def test_nothing_is_found_by_the_checks_of_a_deployment() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [("PUBLIC_URL", "http://parity.example", "security.W008"), ("SECRET_KEY", "abc" * 30, "security.W009")],
)
def test_they_find_what_is_wrong(name: str, value: str, code: str) -> None:
    with override_settings(**settings_of(**{name: value})):
        assert any(code in text for text in found())


@pytest.mark.usefixtures("production")
def test_cookies_are_for_this_host_by_tls_and_no_script() -> None:
    for name in ("SESSION", "CSRF"):
        assert getattr(current, f"{name}_COOKIE_NAME").startswith("__Host-")
        assert getattr(current, f"{name}_COOKIE_SECURE")
        assert getattr(current, f"{name}_COOKIE_HTTPONLY")
        assert getattr(current, f"{name}_COOKIE_SAMESITE") == "Lax"
        # What the prefix asks for; a browser drops the cookie otherwise.
        assert getattr(current, f"{name}_COOKIE_PATH") == "/"
        assert getattr(current, f"{name}_COOKIE_DOMAIN") is None
