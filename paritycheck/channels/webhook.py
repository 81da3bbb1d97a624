"""A webhook by Standard Webhooks: signed JSON, to a receiver of one's own.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md. `webhook-id` is the id of
the delivery and stays the same in every attempt; while the secret changes, both the new and the old one sign.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from paritycheck.core.channel import Envelope, Field, Request, SettingsError, accepted
from paritycheck.core.markup import rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paritycheck.core.channel import Post
    from paritycheck.core.message import Message, Row, Stand

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
_BYTES: Final = range(24, 65)
BOTH_FOR: Final = timedelta(hours=24)
FIELDS: Final = (
    Field("url", "URL", "https://, where messages are posted to.", secret=True, url=True),
    Field("secret", "Signing secret", "Made for you and shown once.", secret=True, required=False, made=True),
)


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Where to, and the secrets that sign, the newest first; the second one until `both_until`."""

    url: str = field(repr=False)
    secret: str = field(repr=False)
    old_secret: str = field(repr=False, default="")
    both_until: str = ""

    def signing(self, now: datetime) -> list[str]:
        """The secrets that sign now."""
        both = bool(self.old_secret and self.both_until) and now < datetime.fromisoformat(self.both_until)
        return [self.secret, self.old_secret] if both else [self.secret]


def read(given: Mapping[str, str]) -> WebhookSettings:
    """Raises SettingsError."""
    secret = given.get("secret", "")
    if len(_decoded(secret)) not in _BYTES:
        raise SettingsError("secret", "is whsec_ and 24 to 64 bytes in base64")
    return WebhookSettings(given["url"], secret, given.get("old_secret", ""), given.get("both_until", ""))


def make_secret() -> str:
    """A new one, of 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def rotated(given: Mapping[str, str], now: datetime) -> dict[str, str]:
    """The settings with a new secret; for a day the old one signs as well."""
    until = (now + BOTH_FOR).isoformat()
    return {**given, "secret": make_secret(), "old_secret": given["secret"], "both_until": until}


def send(message: Message, envelope: Envelope, settings: WebhookSettings, post: Post) -> None:
    """Post it. Raises ChannelError."""
    body = json.dumps(payload(message, envelope), separators=(",", ":"), ensure_ascii=False).encode()
    stamp = str(int(envelope.now.timestamp()))
    signed = [signature(secret, envelope.ident, stamp, body) for secret in settings.signing(envelope.now)]
    headers = {
        "Content-Type": "application/json",
        "webhook-id": envelope.ident,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(signed),
    }
    accepted(post(Request("POST", settings.url, body, headers)), "the receiver")


def signature(secret: str, ident: str, stamp: str, body: bytes) -> str:
    """`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`."""
    signed = f"{ident}.{stamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(_decoded(secret), signed, hashlib.sha256)).decode()


def _decoded(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return b""


def payload(message: Message, envelope: Envelope) -> dict[str, Any]:
    """The body: `type`, `timestamp` and `data`, as the manual documents them."""
    kind = envelope.kind if envelope.kind == "test" else message.kind
    return {
        "type": f"paritycheck.{kind}",
        "timestamp": envelope.made_at.isoformat().replace("+00:00", "Z"),
        "data": {
            "project": message.project,
            "pair": message.pair or None,
            "severity": message.severity,
            "subject": message.subject,
            "title": message.title,
            "lead": message.lead,
            "links": dict(message.links),
            "drifts": [_drift(row, envelope) for row in rows_of(message)],
            "more": [block.more for block in message.blocks if block.more],
            "gaps": [_stand(stand) for stand in message.stands],
            "figures": [list(line) for line in message.table.lines] if message.table else [],
        },
    }


def _drift(row: Row, envelope: Envelope) -> dict[str, Any]:
    return {
        "id": envelope.identity(row) or None,
        "change": row.change,
        "severity": row.severity,
        "section": row.section,
        "name": row.name,
        "key": row.key,
        "expectation": row.expectation,
        "sentence": row.sentence,
        "consequence": row.consequence,
        "since": row.since,
        "brought_by": row.by,
        "sides": [asdict(side) for side in row.sides],
        "url": row.url,
    }


def _stand(stand: Stand) -> dict[str, Any]:
    shown = ("name", "value", "band", "sentence")
    return {
        "pair": stand.heading,
        "gaps": [{name: getattr(gap, name) for name in shown} for gap in stand.gaps],
    }
