"""What the mail channel does with real servers, good and bad."""

import smtplib
import socket
import time
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from paritycheck.channels import mail
from paritycheck.channels.mail import MailSettings, send
from paritycheck.core.channel import ChannelError
from paritycheck.core.message import Message
from tests.mailbox import Mailbox, raw_server, running_mailbox

Settings = Callable[..., MailSettings]
Alerts = Callable[..., Message]
IDENT = UUID("0193b1c2-7b3a-7cc1-9d55-0242ac120002")


@pytest.fixture
def attempt(make_alert: Alerts, settings_for: Settings) -> Callable[..., ChannelError]:
    """Send to a port where it fails; the error."""

    def make(port: int, **changes: object) -> ChannelError:
        with pytest.raises(ChannelError) as failure:
            send(make_alert(), to="maria@example.com", ident=IDENT, settings=settings_for(port, **changes))
        return failure.value

    return make


def test_a_mail_arrives_with_the_delivery_as_its_message_id(
    mailbox: Mailbox, make_alert: Alerts, settings_for: Settings
) -> None:
    send(make_alert(), to="maria@example.com", ident=IDENT, settings=settings_for(mailbox.port))
    [arrived] = mailbox.messages
    assert arrived["Message-ID"] == f"<{IDENT}@parity.example>"
    assert arrived["To"] == "maria@example.com"
    assert arrived["From"] == "paritycheck <alerts@parity.example>"
    assert arrived["Subject"] == "[shop] error: production has no STRIPE_WEBHOOK_SECRET"
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert mailbox.envelopes[0].rcpt_tos == ["maria@example.com"]
    assert [part.get_content_type() for part in arrived.iter_parts()] == ["text/plain", "text/html"]


def test_sent_again_it_has_the_same_message_id(mailbox: Mailbox, make_alert: Alerts, settings_for: Settings) -> None:
    for _ in range(2):
        send(make_alert(), to="maria@example.com", ident=IDENT, settings=settings_for(mailbox.port))
    assert len({message["Message-ID"] for message in mailbox.messages}) == 1


@pytest.mark.parametrize(
    ("where", "reply", "permanent"),
    [
        ("rcpt", "550 5.1.1 No such user", True),
        ("rcpt", "450 4.2.1 Mailbox busy", False),
        ("rcpt", "421 4.3.2 Shutting down", False),
        ("data", "554 5.7.1 Message refused as spam", True),
        ("data", "451 4.3.0 Try again later", False),
        ("data", "452 4.2.2 Mailbox full", False),
    ],
)
def test_a_refusal_is_permanent_when_the_server_says_so(
    mailbox: Mailbox,
    attempt: Callable[..., ChannelError],
    where: str,
    reply: str,
    permanent: bool,  # noqa: FBT001  a column of the table
) -> None:
    setattr(mailbox, f"{where}_reply", reply)
    error = attempt(mailbox.port)
    assert error.permanent is permanent
    assert error.reason == reply
    assert mailbox.envelopes == []


def test_a_server_that_hangs_after_data_is_left_at_the_timeout(
    mailbox: Mailbox, attempt: Callable[..., ChannelError]
) -> None:
    mailbox.hold_s = 60
    began = time.monotonic()
    error = attempt(mailbox.port, timeout_s=1)
    assert time.monotonic() - began < 5
    assert not error.permanent
    assert error.reason == "connection lost"


def test_a_server_that_breaks_off_after_data_is_temporary(
    mailbox: Mailbox, attempt: Callable[..., ChannelError]
) -> None:
    mailbox.cut_after_data = True
    error = attempt(mailbox.port)
    assert (error.reason, error.permanent) == ("connection lost", False)


def test_what_was_accepted_stays_accepted_when_the_goodbye_fails(make_alert: Alerts, settings_for: Settings) -> None:
    """A server that takes the message and answers QUIT with rubbish: no error, so no second mail."""
    heard: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        reader = connection.makefile("rb")
        connection.sendall(b"220 hello\r\n")
        for line in reader:
            verb = line[:4].upper()
            if verb == b"DATA":
                connection.sendall(b"354 go on\r\n")
                while (part := reader.readline()) not in {b".\r\n", b""}:
                    heard.append(part)
                connection.sendall(b"250 taken\r\n")
            elif verb == b"QUIT":
                connection.sendall(b"x" * 9000 + b"\r\n")
                return
            else:
                connection.sendall(b"250 ok\r\n")

    with raw_server(talk) as port:
        send(make_alert(), to="maria@example.com", ident=IDENT, settings=settings_for(port))
    assert any(str(IDENT).encode() in line for line in heard)


def test_a_server_that_drips_is_cut_at_the_deadline(
    attempt: Callable[..., ChannelError], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte starts the socket's own timeout anew; without a deadline this would last for hours."""
    monkeypatch.setattr(mail, "DEADLINE_S", 1.5)

    def talk(connection: socket.socket) -> None:
        for _ in range(200):
            connection.sendall(b"2")
            time.sleep(0.1)

    with raw_server(talk) as port:
        began = time.monotonic()
        error = attempt(port)
        assert 1 < time.monotonic() - began < 4
    assert (error.reason, error.permanent) == ("connection lost", False)


def test_nobody_listening_is_temporary(attempt: Callable[..., ChannelError]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    error = attempt(port)
    assert (error.reason, error.permanent) == ("connection refused", False)


@pytest.mark.parametrize("greeting", [b"554 no mail here\r\n", b"421 too busy\r\n"])
def test_a_server_that_does_not_let_us_in_is_the_installations_to_mend(
    attempt: Callable[..., ChannelError], greeting: bytes
) -> None:
    with raw_server(lambda connection: connection.sendall(greeting)) as port:
        error = attempt(port)
    assert not error.permanent
    assert error.reason == f"the mail server refuses the connection: {greeting[:3].decode()}"


def test_a_refused_log_in_is_temporary_and_names_no_credential(attempt: Callable[..., ChannelError]) -> None:
    with running_mailbox(auth=True) as box:
        box.auth_reply = "535 5.7.8 no entry for user canary-user with canary-password"
        error = attempt(box.port, user="canary-user", password="canary-password")
        assert box.envelopes == []
    assert not error.permanent
    assert error.reason == "the mail server refuses the log-in: 535"
    assert "canary" not in repr(error)


def test_settings_do_not_show_their_password(settings_for: Settings) -> None:
    assert "canary" not in repr(settings_for(25, password="canary-password"))


def test_tls_that_the_server_lacks_is_temporary(mailbox: Mailbox, attempt: Callable[..., ChannelError]) -> None:
    error = attempt(mailbox.port, use_tls=True)
    assert not error.permanent
    assert error.reason == "the mail server lacks what EMAIL_URL asks for"
    assert mailbox.envelopes == []


def test_tls_to_a_server_without_it_is_temporary(mailbox: Mailbox, attempt: Callable[..., ChannelError]) -> None:
    error = attempt(mailbox.port, use_ssl=True)
    assert not error.permanent
    assert error.reason == "TLS failed"


def test_an_address_that_cannot_be_written_is_permanent(
    mailbox: Mailbox, make_alert: Alerts, settings_for: Settings
) -> None:
    with pytest.raises(ChannelError) as failure:
        send(
            make_alert(),
            to="maria@example.com\nBcc: all@example.com",
            ident=uuid4(),
            settings=settings_for(mailbox.port),
        )
    assert failure.value.permanent
    assert mailbox.envelopes == []


def test_a_reply_of_the_server_is_one_plain_line(mailbox: Mailbox, attempt: Callable[..., ChannelError]) -> None:
    mailbox.data_reply = "554 \u202eevil\x1b[2J " + "x" * 900
    error = attempt(mailbox.port)
    assert error.reason.isprintable()
    assert len(error.reason) <= 204


def test_another_backend_of_django_is_used_as_named(make_alert: Alerts, settings_for: Settings) -> None:
    from django.core import mail as django_mail

    outbox = getattr(django_mail, "outbox")  # noqa: B009  only tests have it
    outbox.clear()
    backend = "django.core.mail.backends.locmem.EmailBackend"
    send(make_alert(), to="maria@example.com", ident=IDENT, settings=settings_for(0, backend=backend))
    assert [sent.to for sent in outbox] == [["maria@example.com"]]


def test_smtp_over_tls_is_bounded_too() -> None:
    assert issubclass(mail.BoundedSMTPS, smtplib.SMTP_SSL)
    assert mail.BoundedSMTPS.getreply is mail.BoundedSMTP.getreply
