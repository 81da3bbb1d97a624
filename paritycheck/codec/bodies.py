"""Stored bodies to decoded bytes."""

import gzip
import zlib

GZIP = 31


def deflate(decoded: bytes) -> bytes:
    """The gzip to store; without a time stamp, so that equal bytes give equal bodies."""
    return gzip.compress(decoded, compresslevel=6, mtime=0)


def inflate(stored: bytes, decoded_length: int) -> bytes:
    """The bytes of a stored body. Knowing the length saves a third of the time."""
    return zlib.decompress(stored, GZIP, max(decoded_length, 1))
