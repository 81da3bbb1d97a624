"""Secrets of second factors at rest: AES-256-GCM under FIELD_KEY, in text. Without a key they stand as they are.

Stored is `sealed:` and base64 of what `services/sealed.py` makes. FIELD_KEY may list several keys: the first seals,
each opens, and `paritycheck reseal` brings rows to the first.
"""

import base64
import binascii
import secrets
from typing import Final
from uuid import UUID

import structlog
from allauth.mfa.models import Authenticator
from django.db import transaction

from paritycheck.services.sealed import SealError, keys, seal, unseal

log = structlog.get_logger(__name__)
PREFIX: Final = "sealed:"
MEMBERS: Final = ("secret", "seed")
_BOUND: Final = {"project_id": UUID(int=0), "channel_id": UUID(int=1)}


def seal_text(text: str) -> str:
    """As it is stored. Raises SealError for a key that is none."""
    if not keys():
        return text
    return PREFIX + base64.b64encode(seal({"text": text}, **_BOUND)).decode()


def open_text(stored: str) -> str:
    """The text again. What no key opens becomes a secret that nobody has, so that no code fits it."""
    if not stored.startswith(PREFIX):
        return stored
    try:
        return unseal(base64.b64decode(stored.removeprefix(PREFIX), validate=True), **_BOUND)["text"]
    except (SealError, binascii.Error, KeyError):
        log.error("a second factor does not open", hint="FIELD_KEY lacks the key that sealed it")  # noqa: TRY400  no secret in a trace
        return base64.b32encode(secrets.token_bytes(20)).decode()


@transaction.atomic
def reseal_texts() -> int:
    """Seal with the first key what is open or another one's; how many rows were changed."""
    changed = 0
    for row in Authenticator.objects.select_for_update().exclude(type=Authenticator.Type.WEBAUTHN):
        for member in MEMBERS:
            if member in row.data and _opens(row.data[member]):
                row.data[member] = seal_text(open_text(row.data[member]))
                changed += 1
        row.save(update_fields=["data"])
    return changed


def _opens(stored: str) -> bool:
    if not stored.startswith(PREFIX):
        return True
    try:
        unseal(base64.b64decode(stored.removeprefix(PREFIX)), **_BOUND)
    except (SealError, binascii.Error):
        return False
    return True
