"""Whether an address wants our mail: a link with a signed token, good for a week and for that address only."""

import hashlib
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core import signing

from paritycheck.models import Channel
from paritycheck.services.errors import Refused

SALT: Final = "paritycheck.confirm-channel"
GOOD_FOR: Final = timedelta(days=7)
PATH: Final = "confirm"


def confirm_link(channel: Channel, address: str) -> str:
    """The address of the page that confirms."""
    return f"{settings.PUBLIC_URL}/{PATH}/{confirm_token(channel, address)}"


def confirm_token(channel: Channel, address: str) -> str:
    """What the page hands on; it names the channel and the address as it was when the mail was sent."""
    return signing.dumps([str(channel.pk), _digest(address)], salt=SALT)


def confirmed(token: str) -> tuple[UUID, str]:
    """The channel and the digest of the address. Raises Refused(not-found) for what is not ours or too old."""
    try:
        ident, digest = signing.loads(token, salt=SALT, max_age=GOOD_FOR)
        return UUID(ident), str(digest)
    except (signing.BadSignature, ValueError, TypeError):
        raise Refused("not-found", 404, "this link is not valid any more; ask for another one") from None


def is_of(digest: str, address: str) -> bool:
    """Whether the digest is that of the address."""
    return digest == _digest(address)


def _digest(address: str) -> str:
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()[:32]
