"""Stored bodies to decoded bytes, and the process's memory of them."""

import gzip
import zlib
from collections import OrderedDict
from threading import Lock

GZIP = 31
CACHE_BYTES = 64 * 1024 * 1024


def deflate(decoded: bytes) -> bytes:
    """The gzip to store; without a time stamp, so that equal bytes give equal bodies."""
    return gzip.compress(decoded, compresslevel=6, mtime=0)


def inflate(stored: bytes, decoded_length: int) -> bytes:
    """The bytes of a stored body. Knowing the length saves a third of the time."""
    return zlib.decompress(stored, GZIP, max(decoded_length, 1))


class BodyCache:
    """Decoded bodies by digest, least recently used first out, bounded in bytes. Digests are content: never stale."""

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        self.limit = limit
        self.held = 0
        self._bodies: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, digest: bytes) -> bytes | None:
        """The body, which is now the most recently used."""
        with self._lock:
            body = self._bodies.get(digest)
            if body is not None:
                self._bodies.move_to_end(digest)
            return body

    def put(self, digest: bytes, body: bytes) -> None:
        """Keep a body, and let go of the oldest ones past the limit."""
        with self._lock:
            self.held += len(body) - len(self._bodies.pop(digest, b""))
            self._bodies[digest] = body
            while self.held > self.limit and self._bodies:
                self.held -= len(self._bodies.popitem(last=False)[1])
