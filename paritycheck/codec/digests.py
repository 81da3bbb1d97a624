"""Digests between their three forms: the wire's `sha256:<hex>`, the path's hex, and the stored 32 bytes."""

import hashlib

PREFIX = "sha256:"


def to_bytes(text: str) -> bytes:
    """32 bytes of `sha256:<64 hex>` or of the hex alone."""
    return bytes.fromhex(text.removeprefix(PREFIX))


def to_text(digest: bytes | memoryview) -> str:
    """`sha256:<64 hex>`."""
    return PREFIX + bytes(digest).hex()


def digest_of(data: bytes) -> bytes:
    """The 32 bytes of SHA-256."""
    return hashlib.sha256(data).digest()
