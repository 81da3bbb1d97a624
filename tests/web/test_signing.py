"""Signing in with django-allauth: what is refused, how often, and what a person changes of their account."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from tests.mailbox import running_mailbox, texts_of

if TYPE_CHECKING:
    from paritycheck.models import User

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])
PASSWORD = "a password of some length"
NEW = "another one, of good length"
TOO_MANY = "Too many failed attempts"


@pytest.fixture(autouse=True)
def _quick(settings: Any) -> None:
    """Who is counted and refused does not hang on how long a password takes to hash."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def maria(db: None) -> User:
    from paritycheck.models import User

    del db
    return User.objects.create_user("maria@example.com", PASSWORD, name="Maria")


def sign_in(password: str, email: str = "maria@example.com", **more: Any) -> Any:
    return Client(**more).post("/sign-in", {"username": email, "password": password})


def actions() -> list[str]:
    from paritycheck.models import AuditEntry

    return list(
        AuditEntry.objects.filter(action__startswith="account.").order_by("number").values_list("action", flat=True)
    )


def test_the_sixth_failure_of_an_account_locks_it_wherever_it_comes_from(maria: User) -> None:
    for at in range(5):
        assert (
            sign_in("wrong", " Maria@example.com" if at else maria.email, REMOTE_ADDR=f"10.0.0.{at}").status_code == 200
        )
    locked = sign_in(PASSWORD, REMOTE_ADDR="10.0.0.99")
    assert locked.status_code == 429
    assert TOO_MANY in locked.content.decode()
    assert sign_in(PASSWORD, "nobody@example.com").status_code == 200


def test_an_address_that_nobody_has_is_locked_alike(maria: User) -> None:
    del maria
    pages = [
        [(answer.status_code, re.sub(r'value="[^"]*"', "", answer.content.decode())) for answer in
         (sign_in("wrong", email, REMOTE_ADDR=f"10.{which}.0.{at}") for at in range(6))]
        for which, email in enumerate(("maria@example.com", "nobody@example.com"))
    ]  # fmt: skip
    assert pages[0] == pages[1]
    assert [status for status, _ in pages[0]] == [200] * 5 + [429]


def test_ten_failures_of_an_address_of_the_net_lock_it_for_a_minute(maria: User) -> None:
    del maria
    for at in range(10):
        assert sign_in("wrong", f"person-{at}@example.com").status_code == 200
    assert sign_in(PASSWORD).status_code == 429
    assert sign_in(PASSWORD, REMOTE_ADDR="10.0.0.1").status_code == 302


def test_who_signs_in_between_does_not_win_attempts(maria: User) -> None:
    for _ in range(4):
        assert sign_in("wrong").status_code == 200
    assert sign_in(PASSWORD).status_code == 302
    assert sign_in("wrong").status_code == 200
    assert sign_in(PASSWORD).status_code == 429
    del maria


def test_the_address_that_a_proxy_of_ours_adds_is_the_one_that_counts(maria: User, settings: Any) -> None:
    from paritycheck.web.signing.adapters import AccountAdapter

    def seen(passed: str, count: int) -> str:
        settings.TRUSTED_PROXIES = count
        request = Client().get("/docs", headers={"X-Forwarded-For": passed}).wsgi_request
        return AccountAdapter(request).get_client_ip(request)

    assert seen("1.1.1.1, 2.2.2.2", 0) == "127.0.0.1"
    assert seen("1.1.1.1, 2.2.2.2", 1) == "2.2.2.2"
    assert seen("9.9.9.9, 1.1.1.1, 2.2.2.2", 2) == "1.1.1.1"
    assert seen("2.2.2.2", 3) == seen("nonsense", 1) == "127.0.0.1"
    del maria


@pytest.mark.django_db(databases=["default", "heartbeat"], transaction=True)
def test_the_lock_holds_with_many_at_once() -> None:
    """Each thread has a connection of its own, as processes have: what counts stands in the database."""
    from django.core.cache import cache
    from django.db import connections

    from paritycheck.models import User

    cache.clear()
    User.objects.create_user("maria@example.com", PASSWORD)

    def one(at: int) -> int:
        try:
            return int(sign_in("wrong", REMOTE_ADDR=f"10.1.0.{at}").status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(one, range(12)))
    assert answers.count(200) <= 5
    assert sign_in(PASSWORD, REMOTE_ADDR="10.2.0.1").status_code == 429
    cache.clear()


def test_a_session_gets_a_new_key_by_signing_in(maria: User) -> None:
    client = Client()
    client.get("/sign-in")
    session = client.session
    session["planted"] = "1"
    session.save()
    client.cookies["paritycheck-session"] = str(session.session_key)
    before = session.session_key
    assert client.post("/sign-in", {"username": maria.email, "password": PASSWORD}).status_code == 302
    assert client.session.session_key != before


def test_changing_the_password_ends_every_other_session_and_is_in_the_log(maria: User) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        client.post("/sign-in", {"username": maria.email, "password": PASSWORD})
    wrong = here.post("/account/password", {"oldpassword": "wrong", "password1": NEW, "password2": NEW})
    assert "That is not your password." in wrong.content.decode()
    short = here.post("/account/password", {"oldpassword": PASSWORD, "password1": "short", "password2": "short"})
    assert short.status_code == 200
    assert actions() == []
    answer = here.post("/account/password", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}, follow=True)
    assert "Your password was changed." in answer.content.decode()
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302
    assert sign_in(PASSWORD).status_code == 200
    assert sign_in(NEW).status_code == 302
    assert actions() == ["account.password-changed"]


def test_a_forgotten_password_is_set_by_the_link_of_a_mail(maria: User, settings: Any) -> None:
    from paritycheck.services import account_mail

    client = Client()
    with running_mailbox() as mailbox:
        settings.EMAIL_URL, settings.EMAIL_HOST, settings.EMAIL_PORT = "smtp://x", "127.0.0.1", mailbox.port
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        told = [client.post("/sign-in/forgotten", {"email": email}) for email in (maria.email, "nobody@example.com")]
        assert {answer.headers["Location"] for answer in told} == {"/sign-in/forgotten/sent"}
        account_mail._SENDERS.submit(int).result()
        mails = mailbox.wait_for(1)
    body = texts_of(mails[0])
    link = re.search(rf"{settings.PUBLIC_URL}(/\S+)", body)
    assert link, body
    assert client.get(link[1], follow=True).status_code == 200
    form = client.get(link[1]).headers["Location"]
    done = client.post(form, {"password1": NEW, "password2": NEW})
    assert done.headers["Location"] == "/sign-in/forgotten/done"
    assert sign_in(NEW).status_code == 302
    assert "no longer good" in Client().get(link[1]).content.decode()
    assert actions() == ["account.password-reset"]


def test_without_mail_the_page_names_the_command(settings: Any) -> None:
    settings.EMAIL_URL = ""
    assert "paritycheck changepassword" in Client().get("/sign-in/forgotten").content.decode()


def test_the_administration_has_no_way_in_of_its_own(maria: User) -> None:
    answer = Client().get("/admin/login/?next=/admin/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in?next=/admin/")
    assert Client().post("/admin/login/", {"username": maria.email, "password": PASSWORD}).status_code == 302
    client = Client()
    client.force_login(maria)
    assert client.get("/admin/login/").status_code == 404


def code_of(secret: str) -> str:
    """RFC 6238 by hand: SHA-1, six digits, thirty seconds."""
    counter = struct.pack(">Q", int(time.time()) // 30)
    mac = hmac.new(base64.b32decode(secret + "=" * (-len(secret) % 8)), counter, hashlib.sha1).digest()
    at = mac[-1] & 15
    return f"{(int.from_bytes(mac[at : at + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"


def test_a_code_is_asked_after_the_password_and_a_recovery_code_works_once(maria: User) -> None:
    from allauth.mfa.models import Authenticator
    from django.core.cache import cache

    client = Client()
    client.post("/sign-in", {"username": maria.email, "password": PASSWORD})
    assert client.get("/account/two-factor").headers["Location"] == "/account/again?next=/account/two-factor"
    asked = client.post("/account/again", {"password": PASSWORD, "next": "/account/two-factor"})
    assert asked.headers["Location"] == "/account/two-factor"
    secret = re.search(r"<code>([A-Z2-7]+)</code>", client.get("/account/two-factor").content.decode())
    assert secret
    assert "wrong" in client.post("/account/two-factor", {"code": "000000"}).content.decode()
    on = client.post("/account/two-factor", {"code": code_of(secret[1])})
    assert on.headers["Location"] == "/account/two-factor/codes"
    codes = re.findall(r"<span>(\d{8})</span>", client.get("/account/two-factor/codes").content.decode())
    assert len(codes) == 10
    kept = str([row.data for row in Authenticator.objects.all()])
    assert secret[1] not in kept

    def second(code: str) -> Any:
        other = Client()
        asked = other.post("/sign-in", {"username": maria.email, "password": PASSWORD, "next": "/docs"})
        assert asked.headers["Location"] == "/sign-in/code"
        assert other.get("/account").status_code == 302
        assert "Second step" in other.get("/sign-in/code").content.decode()
        return other.post("/sign-in/code", {"code": code})

    assert "code or key is wrong" in second("000000").content.decode()
    assert second(codes[0]).headers["Location"] == "/docs"
    assert second(codes[0]).status_code == 200
    cache.clear()
    assert second(code_of(secret[1])).headers["Location"] == "/docs"
    assert second(code_of(secret[1])).status_code == 200
    assert client.post("/account/two-factor/off").status_code == 302
    assert not Authenticator.objects.exists()
    assert actions() == ["account.factor-added"] * 2 + ["account.factor-removed"] * 2


def test_codes_are_counted_as_passwords_are(maria: User) -> None:
    from allauth.mfa.models import Authenticator

    from paritycheck.services.sealed_texts import seal_text

    secret = base64.b32encode(b"twenty bytes of them").decode()
    Authenticator.objects.create(user=maria, type="totp", data={"secret": seal_text(secret)})
    client = Client()
    client.post("/sign-in", {"username": maria.email, "password": PASSWORD})
    said = [client.post("/sign-in/code", {"code": "000000"}).content.decode() for _ in range(6)]
    assert [TOO_MANY in page for page in said] == [False] * 5 + [True]
    assert TOO_MANY in client.post("/sign-in/code", {"code": code_of(secret)}).content.decode()


def test_secrets_of_codes_go_over_to_a_new_key(maria: User, settings: Any) -> None:
    from allauth.mfa.models import Authenticator

    from paritycheck.services.sealed_texts import open_text, reseal_texts, seal_text

    row = Authenticator.objects.create(user=maria, type="totp", data={"secret": seal_text("ABCDEFGH")})
    new = base64.b64encode(bytes(range(32))).decode()
    settings.FIELD_KEY = [new, *settings.FIELD_KEY]
    assert reseal_texts() == 1
    settings.FIELD_KEY = [new]
    row.refresh_from_db()
    assert open_text(row.data["secret"]) == "ABCDEFGH"
    settings.FIELD_KEY = []
    assert open_text(row.data["secret"]) != "ABCDEFGH"


def test_who_lost_the_device_gets_in_by_a_command(maria: User) -> None:
    from allauth.mfa.models import Authenticator
    from django.core.management import call_command

    Authenticator.objects.create(user=maria, type="totp", data={"secret": "ABCDEFGH"})
    client = Client()
    client.force_login(maria)
    call_command("drop_factors", "Maria@example.com")
    assert client.get("/account").status_code == 302
    assert sign_in(PASSWORD).headers["Location"] == "/"
    assert actions() == ["account.factors-dropped"]
