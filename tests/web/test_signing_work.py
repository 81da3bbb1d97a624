"""Signing in tells by nothing, its time included, which addresses have an account."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.test_signing import PASSWORD, sign_in

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])


def test_whoever_is_asked_for_the_same_work_is_done(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """How long an answer takes would tell which addresses have an account: hashing is all of it that can be felt."""
    from django.contrib.auth.hashers import MD5PasswordHasher

    from paritycheck.models import User

    del db
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    User.objects.create_user("maria@example.com", PASSWORD)
    User.objects.create_user("closed@example.com", PASSWORD, is_active=False)
    User.objects.create_user("sso@example.com")
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        hashed.append(salt)
        return str(encode(self, password, salt))

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    counts = {}
    for at, email in enumerate(("maria@example.com", "nobody@example.com", "closed@example.com", "sso@example.com")):
        hashed.clear()
        assert sign_in("wrong", email, REMOTE_ADDR=f"10.0.1.{at}").status_code == 200
        counts[email] = len(hashed)
    assert set(counts.values()) == {1}, counts
