"""Mail: text and HTML of one message to one address, over SMTP."""

import contextlib
import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr
from functools import cache
from html import escape
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.template.loader import render_to_string
from typing_extensions import override

from paritycheck.core.channel import ChannelError
from paritycheck.core.message import Gap, Message, Row, Seen
from paritycheck.core.plain import plain

SMTP_BACKEND: Final = "django.core.mail.backends.smtp.EmailBackend"
DEADLINE_S: Final = 25.0
"""For the whole exchange: less than the lease of a delivery, whatever a server drips."""
LONGEST_SUBJECT: Final = 150
LONGEST_REPLY: Final = 200
BLOCKS: Final = "▁▂▃▄▅▆▇█"
PERMANENT: Final = range(500, 600)
CSS_RULE: Final = re.compile(r"^\.([a-z0-9-]+) \{([^}]*)\}", re.MULTILINE)
CSS_CLASS: Final = re.compile(r'class="([^"<>]*)"')
GLYPHS: Final = {"same": "=", "different": "≠", "missing": "∅", "shared": "=", "unknown": "?"}


@dataclass(frozen=True, slots=True)
class MailSettings:
    """Where mail leaves and whom it comes from; `timeout_s` bounds each step of the exchange, DEADLINE_S all of it."""

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


def send(message: Message, *, to: str, ident: UUID, settings: MailSettings) -> None:
    """Send it once, with `ident` in its Message-ID. Raises ChannelError.

    A refusal of the address or the message is permanent. A server that cannot be reached, does not let us in or
    breaks off is not: that is the installation's to mend, and the message can wait.
    """
    backend = _backend(settings)
    try:
        mail = compose(message, to=to, ident=ident, settings=settings)
        backend.open()
        backend.send_messages([mail])
    except (smtplib.SMTPException, OSError, ValueError, LookupError) as error:
        raise _failure(error) from None
    finally:
        # What was accepted stays accepted, however the goodbye ends.
        with contextlib.suppress(smtplib.SMTPException, OSError):
            backend.close()


def compose(message: Message, *, to: str, ident: UUID, settings: MailSettings) -> EmailMultiAlternatives:
    """The mail, text first."""
    context = _context(message, settings)
    domain = parseaddr(settings.sender)[1].rpartition("@")[2] or "localhost"
    mail = EmailMultiAlternatives(
        subject=plain(message.subject, LONGEST_SUBJECT),
        body=_tight(render_to_string(f"mail/{message.kind}.txt", context)),
        from_email=settings.sender,
        to=[to],
        headers={"Message-ID": f"<{ident}@{domain}>", "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(_inlined(render_to_string(f"mail/{message.kind}.html", context)), "text/html")
    return mail


def _tight(text: str) -> str:
    """What a template gave, with one blank line where its tags left several; no value in it holds a line break."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    return "\n".join(line for line, before in zip(lines, ["", *lines], strict=False) if line or before) + "\n"


@cache
def _rules() -> dict[str, str]:
    """Declarations by class, as `templates/mail/inline.css` has them."""
    found = CSS_RULE.findall(render_to_string("mail/inline.css"))
    return {name: " ".join(declarations.split()) for name, declarations in found}


def _inlined(html: str) -> str:
    """The page without its indentation, the rules of its classes in style attributes. No text of an agent can look
    like an attribute: its quotes are escaped.
    """
    rules = _rules()

    def styled(found: re.Match[str]) -> str:
        style = " ".join(rules[name] for name in found[1].split() if name in rules)
        return f'{found[0]} style="{escape(style)}"' if style else found[0]

    return CSS_CLASS.sub(styled, "\n".join(filter(None, map(str.strip, html.splitlines()))))


class Cell(NamedTuple):
    """A cell of the table of sides; `tone` is the class of its colour where it has one."""

    glyph: str
    text: str
    tone: str = ""


Facts = list[tuple[str, list[Cell]]]


def _context(message: Message, settings: MailSettings) -> dict[str, Any]:
    """What the templates show, each word with its colour."""
    before, name, after = _title(message)
    facts = _facts(message)
    return {
        "message": message,
        "place": message.project if settings.site == "paritycheck" else f"{settings.site} / {message.project}",
        "title_before": before,
        "title_name": name,
        "title_after": after,
        "facts": facts,
        "sides": _columns(message, facts),
        "blocks": [(block, [(row, _row_word(row)) for row in block.rows]) for block in message.blocks],
        "stands": [(stand, [_gap(gap) for gap in stand.gaps]) for stand in message.stands],
    }


def _row_word(row: Row) -> str:
    return "resolved" if row.change == "resolved" else row.severity


def _gap(gap: Gap) -> dict[str, Any]:
    levels = _levels(gap.trend)
    return {"gap": gap, "levels": levels, "blocks": "".join(BLOCKS[level] for level in levels)}


def _title(message: Message) -> tuple[str, str, str]:
    """The title around a name that is code: a configuration key, a package, a migration."""
    focus = message.focus
    if focus is None or focus.section not in {"config", "dependencies", "migrations"}:
        return (message.title, "", "")
    return message.title.partition(focus.name)


def _facts(message: Message) -> Facts:
    """Rows of the table of sides: a label and a cell for each side."""
    focus = message.focus
    if focus is None:
        return []
    rows = [("value", [_cell(side, _row_word(focus)) for side in focus.sides])]
    for label, member in (("read from", "source"), ("read at", "read_at"), ("snapshot", "snapshot")):
        texts: list[str] = [getattr(side, member) for side in focus.sides]
        if any(texts):
            rows.append((label, [Cell("", text) for text in texts]))
    return rows


def _columns(message: Message, facts: Facts) -> list[tuple[str, list[tuple[str, str]]]]:
    """The same table by its columns, for the text part."""
    sides = message.focus.sides if message.focus else ()
    return [
        (side.label, [(label, f"{cells[index].glyph} {cells[index].text}".strip()) for label, cells in facts])
        for index, side in enumerate(sides)
    ]


def _cell(side: Seen, tone: str) -> Cell:
    if side.mark == "unknown":
        return Cell(GLYPHS["unknown"], side.text, "unknown")
    loud = side.mark in {"different", "missing", "shared"} and tone != "resolved"
    return Cell(GLYPHS.get(side.mark, ""), side.text, tone if loud else "")


def _levels(trend: Sequence[int]) -> list[int]:
    """Each value as a step of BLOCKS; nothing where there is no course to see."""
    most = max(trend, default=0)
    return [round((len(BLOCKS) - 1) * value / most) for value in trend] if most and len(trend) > 1 else []


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
        return get_connection(settings.backend)
    return _Backend(
        host=settings.host,
        port=settings.port,
        username=settings.user,
        password=settings.password,
        use_tls=settings.use_tls,
        use_ssl=settings.use_ssl,
        timeout=settings.timeout_s,
    )


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
