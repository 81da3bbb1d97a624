"""The settings of channels at rest: AES-256-GCM under FIELD_KEY, each bound to its project and channel.

Stored is a byte 1, the first four bytes of the key's SHA-256, a nonce of twelve bytes, then ciphertext and tag. A row
moved to another channel or project does not open. FIELD_KEY may list several keys: the first seals, each opens.
"""

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import transaction

from paritycheck.models import Channel

VERSION: Final = b"\x01"
KEY_BYTES: Final = 32
MARK_BYTES: Final = 4
NONCE_BYTES: Final = 12
_HEAD: Final = len(VERSION) + MARK_BYTES
_ABOUT: Final = b"paritycheck channel\0"


class SealError(Exception):
    """Settings that cannot be sealed or opened. `reason` never holds a key or a setting."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def keys() -> tuple[bytes, ...]:
    """The keys of FIELD_KEY, in their order. Raises SealError for one that is none."""
    return tuple(map(_key, settings.FIELD_KEY))


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raise SealError("holds a key that is not base64") from None
    if len(key) != KEY_BYTES:
        raise SealError(f"holds a key that is not {KEY_BYTES} bytes long")
    return key


def seal(values: Mapping[str, str], *, project_id: UUID, channel_id: UUID) -> bytes:
    """The settings as they are stored. Raises SealError where there is no key."""
    known = keys()
    if not known:
        raise SealError("is not set")
    nonce = secrets.token_bytes(NONCE_BYTES)
    plain = json.dumps(dict(values), separators=(",", ":"), sort_keys=True).encode()
    return VERSION + _mark(known[0]) + nonce + AESGCM(known[0]).encrypt(nonce, plain, _bound(project_id, channel_id))


def unseal(stored: bytes, *, project_id: UUID, channel_id: UUID) -> dict[str, str]:
    """The settings again. Raises SealError where no key opens them or they are another channel's."""
    nonce, sealed = stored[_HEAD : _HEAD + NONCE_BYTES], stored[_HEAD + NONCE_BYTES :]
    if stored[:1] != VERSION or not sealed:
        raise SealError("does not open these settings")
    for key in keys():
        if _mark(key) != stored[len(VERSION) : _HEAD]:
            continue
        try:
            opened = AESGCM(key).decrypt(nonce, sealed, _bound(project_id, channel_id))
        except InvalidTag:
            continue
        return {str(name): str(value) for name, value in json.loads(opened).items()}
    raise SealError("does not open these settings")


def _mark(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()[:MARK_BYTES]


def _bound(project_id: UUID, channel_id: UUID) -> bytes:
    return _ABOUT + project_id.bytes + channel_id.bytes


def settings_of(channel: Channel) -> dict[str, str]:
    """The channel's settings. Raises SealError."""
    return unseal(bytes(channel.config), project_id=channel.project_id, channel_id=channel.pk)


def channels_without_key() -> int:
    """How many channels no key of FIELD_KEY opens, by the marks of the keys. Raises SealError."""
    marks = {VERSION + _mark(key) for key in keys()}
    return sum(bytes(config)[:_HEAD] not in marks for config in Channel.objects.values_list("config", flat=True))


def reseal_channels() -> tuple[int, int]:
    """Seal with the first key what another one sealed: how many were, and how many no key opens. Raises SealError."""
    known = keys()
    if not known:
        raise SealError("is not set")
    head, done, closed = VERSION + _mark(known[0]), 0, 0
    for ident in list(Channel.objects.values_list("pk", flat=True)):
        with transaction.atomic():
            channel = Channel.objects.select_for_update().filter(pk=ident).first()
            if channel is None or bytes(channel.config)[:_HEAD] == head:
                continue
            try:
                values = settings_of(channel)
            except SealError:
                closed += 1
                continue
            channel.config = seal(values, project_id=channel.project_id, channel_id=channel.pk)
            channel.save(update_fields=["config"])
            done += 1
    return done, closed
