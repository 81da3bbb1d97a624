"""A sample by mail, to see whether EMAIL_URL works: no project, no row, and nobody but the one who asks."""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import uuid4

from django.conf import settings

from paritycheck.channels import mail
from paritycheck.core.alerts import Place, alert
from paritycheck.core.channel import ChannelError
from paritycheck.core.message import Message
from paritycheck.core.rows import Origin, Step, row
from paritycheck.core.sentences import Subject, View
from paritycheck.services.deliver import NO_EMAIL_URL
from paritycheck.services.dispatch import mail_settings
from paritycheck.services.telling import drift_link, project_link

SAMPLE: Final = "sample"
HINTS: Final = {
    NO_EMAIL_URL: "Set it, for example EMAIL_URL=smtp+tls://user:password@mail.example.com:587",
    "connection refused": "Nothing listens there: check host and port of EMAIL_URL, and that the server runs.",
    "name not found": "Check the host of EMAIL_URL, and this machine's DNS.",
    "timeout": "A firewall may be in the way. Many networks block port 25: try port 587 with smtp+tls://.",
    "TLS failed": "smtp+tls:// is for port 587, smtps:// for 465, and the server's certificate has to be trusted here.",
    "connection lost": "A port that wants TLS from the first byte does this: try smtps:// with port 465.",
    "the mail server lacks": "It has no STARTTLS or no log-in on this port: try 587, or smtps:// with 465.",
    "the mail server refuses the log-in": "Check user and password. @ : / in them are written %40 %3A %2F.",
    "the mail server refuses the connection": "It does not let this machine in: ask who runs it.",
    "the mail provider refuses the address": "It will not send there: the address bounced before, or it is misspelt.",
    "the mail provider answers 401": "Check the token in EMAIL_URL.",
    "the mail provider answers 403": "Check the token in EMAIL_URL, and that it may send.",
    "the mail provider answers 4": "Often the sender is not verified there: compare MAIL_FROM with your account.",
    "the mail provider": "See whether it is up, and whether this machine may reach it by HTTPS.",
    mail.NO_PROVIDER: "Run: pip install 'paritycheck[email]'",
}
"""What to do, by how the reason begins; the first that fits."""
REFUSED: Final = "These are the server's words. Often the sender is what it refuses: compare MAIL_FROM with the log-in."


def send_sample(*, to: str, now: datetime) -> str:
    """Send an alert as people get it; its Message-ID. Raises ChannelError."""
    if not settings.EMAIL_URL:
        raise ChannelError(NO_EMAIL_URL, permanent=True)
    ident, given = uuid4(), mail_settings()
    mail.send(sample(now), to=to, ident=ident, settings=given)
    return f"<{ident}@{given.domain}>"


def hint_of(reason: str) -> str:
    """What to do about the reason of a ChannelError."""
    return next((hint for begin, hint in HINTS.items() if reason.startswith(begin)), REFUSED)


def way() -> str:
    """How mail leaves, without a credential: `mail.example.com:587 with STARTTLS`."""
    given = mail_settings()
    if given.backend != mail.SMTP_BACKEND:
        return given.backend.removesuffix(".EmailBackend").rpartition(".")[2].replace("_", " ")
    tls = "TLS" if given.use_ssl else "STARTTLS" if given.use_tls else ""
    return f"{given.host or 'localhost'}:{given.port} {f'with {tls}' if tls else 'without encryption'}"


def sample(now: datetime) -> Message:
    """A key that production lacks."""
    at = now.isoformat()
    left = View("staging", "present", source="env", read_at=at, snapshot="staging#97")
    right = View("production", "absent", source="env", read_at=at, snapshot="production#42")
    subject = Subject("config", "STRIPE_WEBHOOK_SECRET", "missing", 4, "present", left, right)
    origin = Origin("staging", "staging#97", now, "2026.11.4", "09aa713", "Read STRIPE_WEBHOOK_SECRET", commits=1)
    line = row(subject, Step("opened", now, now, "error", origin=origin), drift_link(SAMPLE, "0" * 10))
    place = Place(SAMPLE, "staging", "production", project_link(SAMPLE))
    why = "This is a sample, sent by `paritycheck mail-test`; there is no such drift."
    return replace(alert(place, [line]), why=why)
