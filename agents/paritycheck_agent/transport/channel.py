"""HTTP/1.1 (RFC 9112) as far as a client of one server needs it: requests with a length, bounded answers.

Not http.client: that imports the e-mail package whatever is asked of it, and so costs three times the CPU of all else
that sending takes.
"""

from __future__ import annotations

import io
import socket
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_LINE_BYTES, _HEADS_BYTES, _HEADS = 16 * 1024, 64 * 1024, 100
_STEP_BYTES = 64 * 1024
_INTERIM = 10
_CONTINUE, _SWITCHING, _OK = 100, 101, 200
_BODYLESS = frozenset({204, 304})
_CHUNK_DIGITS = 8
_HEX = frozenset(b"0123456789abcdefABCDEF")
_CONTROLS = frozenset(range(32)) - {9} | {127}
_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~")


class Malformed(ValueError):  # noqa: N818 - what the answer is, read as "raise Malformed"
    """Not an answer of HTTP, or one that is cut off, too large or too slow. The text holds nothing of it."""


class _Timed(io.RawIOBase):
    """The bytes of a socket until a time: a server that drips its answer must not hold the agent."""

    def __init__(self, sock: socket.socket, read_s: float, answer_s: float) -> None:
        self._sock = sock
        self._read_s = read_s
        self._answer_s = answer_s
        self._until = 0.0

    def begin(self) -> None:
        self._until = time.monotonic() + self._answer_s

    def readable(self) -> bool:  # type: ignore[explicit-override]  # Python 3.9 has no such decorator
        return True

    def readinto(self, buffer: Any) -> int | None:  # type: ignore[explicit-override]  # the same
        left = self._until - time.monotonic()
        if left > 0:
            try:
                self._sock.settimeout(min(self._read_s, left))
                return self._sock.recv_into(buffer)
            except socket.timeout:
                if left > self._read_s:
                    raise
        raise Malformed(f"the answer took longer than {self._answer_s:.0f} s")


class Channel:
    """One open connection. `read_s`: longest silence; `answer_s`, `most`: longest and largest answer."""

    def __init__(self, sock: socket.socket, *, read_s: float, answer_s: float, most: int) -> None:
        self.sock = sock
        self._read_s = read_s
        self._most = most
        self._timed = _Timed(sock, read_s, answer_s)
        self._stream = io.BufferedReader(self._timed)

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> None:
        """Send a request. A server that refuses a large body closes before the end: its answer may be there still."""
        rows = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        if any("\r" in row or "\n" in row for row in rows):
            raise Malformed("a header has a line break")
        head = "\r\n".join(rows).encode("latin-1")
        self.sock.settimeout(self._read_s)
        if len(body) <= _STEP_BYTES:
            self.sock.sendall(head + body)
            return
        self.sock.sendall(head)
        try:
            self.sock.sendall(body)
        except (BrokenPipeError, ConnectionResetError):
            return

    def answer(self) -> tuple[int, dict[str, str], bytes, bool]:
        """Return status, headers in lower case, body, and whether the connection can be used again.

        Raise ConnectionResetError where it was closed before an answer, Malformed, OSError.
        """
        status, headers, keeps = self.head()
        if status in _BODYLESS:
            return status, headers, b"", keeps
        coding = headers.get("transfer-encoding", "").strip().lower()
        if coding and coding != "chunked":
            raise Malformed("not an answer of HTTP (transfer coding)")
        if coding:
            return status, headers, self._chunks(), keeps
        if "content-length" in headers:
            return status, headers, self._exactly(_length(headers["content-length"])), keeps
        return status, headers, self._rest(), False

    def head(self) -> tuple[int, dict[str, str], bool]:
        """Return status, headers and whether the connection stays open; interim answers are passed over."""
        self._timed.begin()
        for _interim in range(_INTERIM):
            status, latest = self._status()
            headers = self._headers()
            if status == _SWITCHING:
                break
            if not _CONTINUE <= status < _OK:
                options = [option.strip() for option in headers.get("connection", "").lower().split(",")]
                return status, headers, latest and "close" not in options
        raise Malformed("not an answer of HTTP (interim answers)")

    def _status(self) -> tuple[int, bool]:
        """Return the status, and whether the answer is of HTTP/1.1, which stays open unless it says otherwise."""
        line = self._stream.readline(_LINE_BYTES)
        if not line:
            raise ConnectionResetError("the connection was closed")
        version, code, after = line[:9], line[9:12], line[12:13]
        if version not in {b"HTTP/1.0 ", b"HTTP/1.1 "} or not code.isdigit() or after not in b" \r\n":
            raise Malformed("not an answer of HTTP (status line)")
        if not line.endswith(b"\n"):
            raise Malformed("the answer was cut off")
        return int(code), version == b"HTTP/1.1 "

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        size, line = 0, b""
        for _row in range(_HEADS):
            line = self._line()
            size += len(line)
            if not line or size > _HEADS_BYTES:
                break
            name, colon, value = line.decode("latin-1").partition(":")
            key, text = name.lower(), value.strip(" \t")
            twice = key == "content-length" and headers.get(key, text) != text
            if not colon or not name or not _NAME.issuperset(key) or twice:
                raise Malformed("not an answer of HTTP (headers)")
            headers[key] = text
        if line:
            raise Malformed("not an answer of HTTP (too many headers)")
        return headers

    def _line(self) -> bytes:
        """Return a line without its end."""
        line = self._stream.readline(_LINE_BYTES)
        if not line.endswith(b"\n"):
            long = len(line) >= _LINE_BYTES
            raise Malformed("not an answer of HTTP (long line)" if long else "the answer was cut off")
        line = line[:-2] if line.endswith(b"\r\n") else line[:-1]
        if not _CONTROLS.isdisjoint(line):
            raise Malformed("not an answer of HTTP (control character)")
        return line

    def _exactly(self, count: int) -> bytes:
        if count > self._most:
            raise self._too_large()
        body = self._stream.read(count)
        if len(body) < count:
            raise Malformed("the answer was cut off")
        return body

    def _rest(self) -> bytes:
        body = self._stream.read(self._most + 1)
        if len(body) > self._most:
            raise self._too_large()
        return body

    def _chunks(self) -> bytes:
        body = bytearray()
        while True:
            digits = self._line().partition(b";")[0].strip()
            if not 0 < len(digits) <= _CHUNK_DIGITS or not _HEX.issuperset(digits):
                raise Malformed("not an answer of HTTP (chunk)")
            count = int(digits, 16)
            if not count:
                break
            if len(body) + count > self._most:
                raise self._too_large()
            body += self._exactly(count)
            if self._exactly(2) != b"\r\n":
                raise Malformed("not an answer of HTTP (chunk)")
        for _trailer in range(_HEADS):
            if not self._line():
                return bytes(body)
        raise Malformed("not an answer of HTTP (too many trailers)")

    def _too_large(self) -> Malformed:
        return Malformed(f"the answer has more than {self._most // 1024 // 1024} MiB")

    def close(self) -> None:
        """Close the connection."""
        self.sock.close()


def _length(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > len(str(1 << 63)):
        raise Malformed("not an answer of HTTP (length)")
    return int(text)
