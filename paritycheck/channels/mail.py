"""Mail: text and HTML of one message to one address, over SMTP or a provider's API."""

import contextlib
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from functools import cache
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import utf8_charset_qp
from django.template.loader import render_to_string
from typing_extensions import override

from paritycheck.core.channel import ChannelError
from paritycheck.core.inlining import inlined, rules_of, tight
from paritycheck.core.layout import columns, course, facts_of, heads_of, origin, preheader, row_word, summary, title_of
from paritycheck.core.mail_headers import Copy, headers_of
from paritycheck.core.message import DIGEST, Message
from paritycheck.core.plain import plain

SMTP_BACKEND: Final = "django.core.mail.backends.smtp.EmailBackend"
DEADLINE_S: Final = 25.0
"""For the whole exchange: less than the lease of a delivery, whatever a server drips."""
PROVIDER_TIMEOUT_S: Final = (5.0, 18.0)
"""To connect to a provider's API, and between two pieces of its answer."""
NO_PROVIDER: Final = "django-anymail is not installed"
LONGEST_SUBJECT: Final = 150
LONGEST_LINE: Final = 998
"""Of a line in a mail, without its end (RFC 5322)."""
LONGEST_REPLY: Final = 200
PERMANENT: Final = range(500, 600)


@dataclass(frozen=True, slots=True)
class MailSettings:
    """Where mail leaves and whom it comes from; `timeout_s` bounds each step of the exchange, DEADLINE_S all of it.

    `options` are what another backend than SMTP's needs, a provider's token among them.
    """

    backend: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    use_tls: bool
    use_ssl: bool
    timeout_s: int
    sender: str
    site: str
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def domain(self) -> str:
        """Of the sender; names of messages and lists end in it."""
        return parseaddr(self.sender)[1].rpartition("@")[2] or "localhost"


def send(
    message: Message,
    *,
    to: str,
    ident: UUID,
    settings: MailSettings,
    thread: UUID | None = None,
    unsubscribe: str = "",
) -> None:
    """Send it once, with `ident` in its Message-ID. Raises ChannelError.

    A refusal of the address or the message is permanent. A server that cannot be reached, does not let us in or
    breaks off is not: that is the installation's to mend, and the message can wait.
    """
    if settings.backend.startswith("anymail."):
        _send_by_provider(message, Copy(to, ident, thread, unsubscribe), settings)
        return
    backend = _backend(settings)
    try:
        mail = compose(message, Copy(to, ident, thread, unsubscribe), settings)
        backend.open()
        backend.send_messages([mail])
    except (smtplib.SMTPException, OSError, ValueError, LookupError) as error:
        raise _failure(error) from None
    finally:
        # What was accepted stays accepted, however the goodbye ends.
        with contextlib.suppress(smtplib.SMTPException, OSError):
            backend.close()


class _Mail(EmailMultiAlternatives):
    """A mail whose headers are not folded: a link on a line of its own is one that some readers do not find."""

    @override
    def message(self, *args: Any, **kwargs: Any) -> Any:
        made = super().message(*args, **kwargs)
        made.policy = made.policy.clone(max_line_length=LONGEST_LINE)
        return made


def compose(message: Message, copy: Copy, settings: MailSettings) -> EmailMultiAlternatives:
    """The mail, text first. Both parts are quoted-printable: no line is longer than mail allows, no byte above 127."""
    context = _context(message, copy, settings)
    template = DIGEST if message.kind == DIGEST else "alert"
    mail = _Mail(
        subject=plain(message.subject, LONGEST_SUBJECT),
        body=tight(render_to_string(f"mail/{template}.txt", context)),
        from_email=settings.sender,
        to=[copy.to],
        headers=headers_of(copy, message.project, settings.domain),
    )
    mail.encoding = utf8_charset_qp
    mail.attach_alternative(inlined(render_to_string(f"mail/{template}.html", context), _rules()), "text/html")
    return mail


@cache
def _rules() -> dict[str, str]:
    return rules_of(render_to_string("mail/inline.css"))


def _context(message: Message, copy: Copy, settings: MailSettings) -> dict[str, Any]:
    """What the templates show, each word with its colour."""
    before, name, after = title_of(message)
    heads, facts = heads_of(message), facts_of(message)
    return {
        "message": message,
        "preheader": preheader(message),
        "place": message.project if settings.site == "paritycheck" else f"{settings.site} / {message.project}",
        "title_before": before,
        "title_name": name,
        "title_after": after,
        "heads": heads,
        "facts": facts,
        "width": max((len(label) for label, _ in facts), default=0),
        "actions_width": max((len(words) for words, _ in message.actions), default=0),
        "sides": columns(heads, facts),
        "origin": origin(message),
        "blocks": [(block, [(row, *row_word(row)) for row in block.rows]) for block in message.blocks],
        "stands": [(stand, [course(gap) for gap in stand.gaps]) for stand in message.stands[:1]],
        "others": [(stand, *summary(stand)) for stand in message.stands[1:]],
        "unsubscribe": copy.unsubscribe,
    }


class BoundedSMTP(smtplib.SMTP):
    """Waits for replies until the deadline of the exchange, counted from its beginning.

    The socket's own timeout starts anew with each byte, so a server that drips could hold a sender for ever.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._ends = time.monotonic() + DEADLINE_S
        self._late = False
        super().__init__(*args, **kwargs)

    @override
    def getreply(self) -> tuple[int, bytes]:
        """The next reply. Raises SMTPServerDisconnected at the deadline."""
        watchdog = threading.Timer(max(0.0, self._ends - time.monotonic()), self._cut)
        watchdog.daemon = True
        watchdog.start()
        try:
            reply = super().getreply()
        finally:
            watchdog.cancel()
        if self._late:
            # The line was cut where it stood: half a reply is none.
            self.close()
            raise smtplib.SMTPServerDisconnected("deadline")
        return reply

    def _cut(self) -> None:
        self._late = True
        if self.sock is not None:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


class BoundedSMTPS(BoundedSMTP, smtplib.SMTP_SSL):
    """The same over TLS from the first byte."""


class _Backend(EmailBackend):
    """Django's backend on bounded connections."""

    @property
    @override
    def connection_class(self) -> type[smtplib.SMTP]:
        return BoundedSMTPS if self.use_ssl else BoundedSMTP


def _backend(settings: MailSettings) -> BaseEmailBackend:
    """Django's SMTP backend, or the one that a URL such as consolemail:// names."""
    if settings.backend != SMTP_BACKEND:
        return get_connection(settings.backend, **settings.options)
    return _Backend(
        host=settings.host,
        port=settings.port,
        username=settings.user,
        password=settings.password,
        use_tls=settings.use_tls,
        use_ssl=settings.use_ssl,
        timeout=settings.timeout_s,
    )


def _send_by_provider(message: Message, copy: Copy, settings: MailSettings) -> None:
    """By django-anymail. What a provider answers may repeat the request, so its status alone is told.

    Only an address that it refuses is permanent: an account that is not paid, a sender that is not verified yet and a
    token that was rotated answer 4xx as well, and the message can wait for them.
    """
    try:
        from anymail import exceptions

        connection = get_connection(settings.backend, requests_timeout=PROVIDER_TIMEOUT_S, **settings.options)
    except ImportError:
        raise ChannelError(NO_PROVIDER, permanent=False) from None
    except ImproperlyConfigured:
        raise ChannelError("EMAIL_URL lacks what the mail provider needs", permanent=False) from None
    try:
        connection.send_messages([compose(message, copy, settings)])
    except (exceptions.AnymailRecipientsRefused, exceptions.AnymailInvalidAddress):
        raise ChannelError("the mail provider refuses the address", permanent=True) from None
    except exceptions.AnymailError as error:
        said = f"answers {error.status_code}" if error.status_code else "cannot be reached"
        raise ChannelError(f"the mail provider {said}", permanent=False) from None
    except (OSError, ValueError, LookupError) as error:
        raise _failure(error) from None


def _failure(error: Exception) -> ChannelError:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _refused(*next(iter(error.recipients.values())))
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return ChannelError(f"the mail server refuses the log-in: {error.smtp_code}", permanent=False)
    if isinstance(error, (smtplib.SMTPConnectError, smtplib.SMTPHeloError)):
        return ChannelError(f"the mail server refuses the connection: {error.smtp_code}", permanent=False)
    if isinstance(error, smtplib.SMTPResponseException):
        return _refused(error.smtp_code, error.smtp_error)
    if isinstance(error, (smtplib.SMTPException, OSError)):
        return ChannelError(_trouble(error), permanent=False)
    return ChannelError(f"the mail cannot be written: {type(error).__name__}", permanent=True)


def _refused(code: int, reply: bytes | str) -> ChannelError:
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    return ChannelError(f"{code} {plain(text, LONGEST_REPLY)}".rstrip(), permanent=code in PERMANENT)


def _trouble(error: Exception) -> str:
    """In the words of unknown facts; the class of what has no word."""
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "connection lost"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "the mail server lacks what EMAIL_URL asks for"
    named = {
        ConnectionRefusedError: "connection refused",
        TimeoutError: "timeout",
        socket.gaierror: "name not found",
        ssl.SSLError: "TLS failed",
    }
    return next((word for kind, word in named.items() if isinstance(error, kind)), type(error).__name__)
