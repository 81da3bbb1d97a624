"""`paritycheck mail-test TO` sends what people would get, and tells what to do where it fails."""

from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command

from paritycheck.services.mail_trial import HINTS, hint_of

if TYPE_CHECKING:
    from pytest_django import Settings

    from tests.mailbox import Mailbox

SMTP = "django.core.mail.backends.smtp.EmailBackend"


def run(to: str = "maria@example.com") -> str:
    out = StringIO()
    call_command("mail_test", to, stdout=out)
    return out.getvalue()


def test_it_sends_an_alert_and_says_as_what(mailbox: Mailbox) -> None:
    said = run()
    [message] = mailbox.messages
    assert message["Subject"] == "[sample] error: production has no STRIPE_WEBHOOK_SECRET"
    assert f"Taken, as {message['Message-ID']}." in said
    assert f"By 127.0.0.1:{mailbox.port} without encryption" in said
    assert "MAIL_FROM is not set" in said
    assert "there is no such drift" in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_without_email_url_it_says_how_to_set_it(settings: Settings) -> None:
    settings.EMAIL_URL = ""
    with pytest.raises(CommandError, match=r"no EMAIL_URL\.\nSet it, for example EMAIL_URL=smtp\+tls://"):
        run()


def test_what_the_server_says_is_repeated_with_what_to_do(mailbox: Mailbox) -> None:
    mailbox.rcpt_reply = "550 5.7.1 Sender not allowed"
    with pytest.raises(CommandError, match=r"550 5\.7\.1 Sender not allowed\.\nThese are the server's words"):
        run()


def test_a_credential_is_in_no_word_of_it(settings: Settings) -> None:
    settings.EMAIL_URL = "smtp://canary-user:canary-word@127.0.0.1:9"
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", 9
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "canary-user", "canary-word"
    out = StringIO()
    with pytest.raises(CommandError) as failure:
        call_command("mail_test", "maria@example.com", stdout=out)
    assert str(failure.value).startswith("Not sent: connection refused.\nNothing listens there")
    assert "canary" not in f"{out.getvalue()}{failure.value}"


@pytest.mark.parametrize("to", ["maria", "a@b\nBcc: c@d", "", "@"])
def test_what_is_no_address_is_refused_before_anything_is_sent(mailbox: Mailbox, to: str) -> None:
    with pytest.raises(CommandError, match="TO is no mail address"):
        run(to)
    assert mailbox.sessions == 0


@pytest.mark.parametrize("reason", HINTS)
def test_every_reason_has_a_hint_of_its_own(reason: str) -> None:
    assert hint_of(reason) == HINTS[reason]


@pytest.mark.e2e
def test_the_command_is_written_with_a_hyphen(mailbox: Mailbox) -> None:
    environment = {
        **os.environ, "EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}", "MAIL_FROM": "parity@harbour.example",
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "SECRET_KEY": "s" * 50, "PEPPER": "p" * 50,
    }  # fmt: skip
    command = [sys.executable, "-m", "paritycheck", "mail-test", "maria@example.com"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Taken, as <" in ended.stdout
    assert [message["From"] for message in mailbox.messages] == ["parity@harbour.example"]
