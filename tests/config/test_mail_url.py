"""EMAIL_URL: what it says is what is used, what it cannot say is a problem, and no problem tells its credential."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.mail import get_connection

from paritycheck.config import checks, env
from paritycheck.config.mail_url import PROVIDERS, mail

if TYPE_CHECKING:
    from pytest_django import Settings

CANARY = "canary-2hQ7"
Problems = list[tuple[str, str]]
GOOD = {
    "anymail+brevo://KEY@": {"api_key": "KEY"},
    "anymail+mailersend://TOKEN@": {"api_token": "TOKEN"},
    "anymail+mailgun://KEY@": {"api_key": "KEY"},
    "anymail+mailgun://KEY@mg.example.com": {"api_key": "KEY", "sender_domain": "mg.example.com"},
    "anymail+mailgun://KEY@?api_url=https://api.eu.mailgun.net/v3": {
        "api_key": "KEY", "api_url": "https://api.eu.mailgun.net/v3",
    },
    "anymail+mailjet://KEY:SECRET@": {"api_key": "KEY", "secret_key": "SECRET"},
    "anymail+mailtrap://TOKEN@?sandbox_id=7": {"api_token": "TOKEN", "sandbox_id": "7"},
    "anymail+mandrill://KEY@": {"api_key": "KEY"},
    "anymail+postal://KEY@postal.example.com": {"api_key": "KEY", "api_url": "https://postal.example.com"},
    "anymail+postmark://TOKEN@": {"server_token": "TOKEN"},
    "ANYMAIL+Postmark://TOKEN@?message_stream=alerts": {"server_token": "TOKEN", "message_stream": "alerts"},
    "anymail+resend://re%5F12%2F3@": {"api_key": "re_12/3"},
    "anymail+scaleway://KEY@7c1c-uuid?region=nl-ams": {
        "secret_key": "KEY", "project_id": "7c1c-uuid", "region": "nl-ams",
    },
    "anymail+sendgrid://SG.x-y_z@": {"api_key": "SG.x-y_z"},
    "anymail+sparkpost://KEY@": {"api_key": "KEY"},
    "anymail+unisender-go://KEY@go1.example.com": {
        "api_key": "KEY", "api_url": "https://go1.example.com/en/transactional/api/v1/",
    },
    "anymail+ses://": {},
    "anymail+ses://KEY:SEC%2FRET@eu-central-1": {
        "client_params": {
            "aws_access_key_id": "KEY", "aws_secret_access_key": "SEC/RET", "region_name": "eu-central-1",
        }
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def problems(monkeypatch: pytest.MonkeyPatch) -> Problems:
    fresh: Problems = []
    monkeypatch.setattr(env, "problems", fresh)
    return fresh


@pytest.mark.parametrize(
    ("url", "tls", "ssl", "port"),
    [
        ("smtp://mail.example.com", False, False, 25),
        ("smtp+tls://u:p@mail.example.com:587", True, False, 587),
        ("smtp+ssl://u:p@mail.example.com:465", False, True, 465),
        ("smtps://u:p@mail.example.com:465", False, True, 465),
    ],
)
def test_the_scheme_of_the_mail_server_says_how_it_is_encrypted(url: str, port: int, *, tls: bool, ssl: bool) -> None:
    read = mail(url)
    assert (bool(read.get("EMAIL_USE_TLS")), bool(read.get("EMAIL_USE_SSL"))) == (tls, ssl)
    assert (read["EMAIL_PORT"] or 25) == port


@pytest.mark.parametrize(("url", "options"), GOOD.items())
def test_a_provider_is_given_what_its_url_says(url: str, options: dict[str, Any], problems: Problems) -> None:
    read = mail(url)
    assert problems == []
    assert read["EMAIL_BACKEND"].startswith("anymail.backends.")
    assert read["OPTIONS"] == options


def test_every_provider_has_an_example_here() -> None:
    assert {url.lower().removeprefix("anymail+").partition(":")[0] for url in GOOD} == set(PROVIDERS)


@pytest.mark.filterwarnings("ignore:django-anymail has dropped official support")
@pytest.mark.parametrize("url", [url for url in GOOD if "ses" not in url.partition(":")[0]])
def test_the_backend_takes_what_it_is_given(url: str) -> None:
    """The real one, which raises ImproperlyConfigured for what it lacks."""
    read = mail(url)
    connection = get_connection(read["EMAIL_BACKEND"], **read["OPTIONS"])
    assert type(connection).__module__ == read["EMAIL_BACKEND"].removesuffix(".EmailBackend")


@pytest.mark.parametrize(
    "url",
    [
        f"smtp://u:{CANARY}@mail.example.com:587?tls=true",
        f"anymail+nobody://{CANARY}@",
        f"anymail+postmark://{CANARY}:{CANARY}@",
        "anymail+postmark://",
        "anymail+postmark://@",
        f"anymail+postmark://{CANARY}@host.example",
        f"anymail+postmark://{CANARY}@?token={CANARY}",
        f"anymail+postmark://{CANARY}@?{CANARY}",
        f"anymail+postmark://{CANARY}@/{CANARY}",
        f"anymail+postal://{CANARY}@",
        f"anymail+mailjet://{CANARY}@",
        f"anymail+ses://{CANARY}@eu-central-1",
        f"anymail+ses://KEY:{CANARY}@eu?session={CANARY}",
        f"anymail+postmark://{CANARY}@[::1",
        f"anymail+://{CANARY}@",
    ],
)
def test_what_cannot_be_used_is_one_problem_without_its_credential(url: str, problems: Problems) -> None:
    read = mail(url)
    assert [name for name, _ in problems] == ["EMAIL_URL"]
    assert CANARY not in str(problems)
    assert url.startswith("smtp") or read == {}


@pytest.mark.parametrize(
    ("backend", "lacks", "says"),
    [
        ("anymail.backends.postmark.EmailBackend", {"anymail"}, "Run: pip install 'paritycheck[email]'"),
        ("anymail.backends.amazon_ses.EmailBackend", {"boto3"}, "Run: pip install boto3"),
        (
            "anymail.backends.amazon_ses.EmailBackend",
            {"anymail", "boto3"},
            "Run: pip install 'paritycheck[email]' boto3",
        ),
    ],
)
def test_a_package_that_is_missing_is_a_numbered_error(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, backend: str, lacks: set[str], says: str
) -> None:
    settings.EMAIL_BACKEND = backend
    monkeypatch.setattr(checks, "find_spec", lambda name: None if name in lacks else object())
    [error] = checks.mail_provider()
    assert (error.id, error.hint) == ("paritycheck.E010", says)


@pytest.mark.parametrize("backend", ["anymail.backends.postmark.EmailBackend", "django.core.mail.backends.smtp.X"])
def test_what_is_installed_is_no_error(settings: Settings, backend: str) -> None:
    settings.EMAIL_BACKEND = backend
    assert checks.mail_provider() == []
