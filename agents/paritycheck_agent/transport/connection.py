"""One connection to the server: requests with a length, answers bounded in bytes and time, no redirects."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from urllib.parse import urlsplit

from paritycheck_agent.transport.proxies import proxy_for
from paritycheck_agent.wire.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

CONNECT_S = 10.0
READ_S = 30.0
ANSWER_S = 60.0
ANSWER_BYTES = 8 * 1024 * 1024
_STEP_BYTES = 64 * 1024


class Unreachable(Exception):  # noqa: N818 - a state of the world, read as "raise Unreachable"
    """Nobody answered, or what answered is not our server. Later may help: after `wait_s`, where that was said."""

    def __init__(self, text: str, wait_s: int = 0) -> None:
        super().__init__(text)
        self.wait_s = wait_s


class Answer:
    """A status, headers in lower case, and the body."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body


class _Timed(io.RawIOBase):
    """Bytes of an answer until a time: a server that drips its headers must not hold the agent."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._until = time.monotonic() + ANSWER_S

    def readable(self) -> bool:  # type: ignore[explicit-override]  # Python 3.9 has no such decorator
        return True

    def readinto(self, buffer: Any) -> int | None:  # type: ignore[explicit-override]  # Python 3.9 has no such decorator
        left = self._until - time.monotonic()
        if left > 0:
            try:
                self._sock.settimeout(min(READ_S, left))
                return self._raw.readinto(buffer)
            except socket.timeout:
                if left > READ_S:
                    raise
        raise Unreachable(f"the answer took longer than {ANSWER_S:.0f} s")

    def close(self) -> None:  # type: ignore[explicit-override]  # Python 3.9 has no such decorator
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """An answer that has to come within 60 s, its headers included."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Timed(self.fp.detach(), sock))


class Connection:
    """Keeps one connection over several requests; opens it anew where the server closed it."""

    def __init__(self, url: str, *, token: str, ca_file: str = "", environ: Mapping[str, str] | None = None) -> None:
        parts = urlsplit(url)
        self.secure = parts.scheme == "https"
        self.host = parts.hostname or ""
        self.port = parts.port or (443 if self.secure else 80)
        self.prefix = parts.path.rstrip("/")
        self.ca_file = ca_file
        self.environ = environ or {}
        self._token = token
        self._open: http.client.HTTPConnection | None = None
        self._forward: dict[str, str] | None = None

    def request(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Return the server's answer; raise Unreachable. A kept connection that has gone stale is tried once more."""
        kept = self._open is not None
        try:
            return self._exchange(method, path, body, headers)
        except (ConnectionError, http.client.RemoteDisconnected):
            if not kept:
                raise
        return self._exchange(method, path, body, headers)

    def _exchange(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        try:
            connection = self._connected()
            self._send(connection, method, self._target(path), body, {**self._headers(), **headers})
            response = connection.getresponse()
            answer = Answer(response.status, dict(response.getheaders()), _read(response))
        except (ConnectionError, http.client.RemoteDisconnected):
            self.close()
            raise
        except Unreachable:
            self.close()
            raise
        except (OSError, ValueError, http.client.HTTPException) as error:
            self.close()
            raise Unreachable(_told(error)) from None
        if response.will_close:
            self.close()
        return answer

    @staticmethod
    def _send(
        connection: http.client.HTTPConnection, method: str, target: str, body: bytes, headers: dict[str, str]
    ) -> None:
        """Send a request. A server that refuses a large body closes before the end: its answer may be there still."""
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        try:
            connection.send(body)
        except (BrokenPipeError, ConnectionResetError):
            if len(body) <= _STEP_BYTES:
                raise

    def _connected(self) -> http.client.HTTPConnection:
        if self._open is None:
            self._open = self._connect()
        return self._open

    def _connect(self) -> http.client.HTTPConnection:
        scheme = "https" if self.secure else "http"
        proxy = proxy_for(scheme, self.host, self.port, self.environ)
        host, port = (proxy.host, proxy.port) if proxy else (self.host, self.port)
        connection: http.client.HTTPConnection
        if self.secure:
            connection = http.client.HTTPSConnection(host, port, timeout=CONNECT_S, context=_context(self.ca_file))
            if proxy:
                connection.set_tunnel(self.host, self.port, headers=proxy.headers)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=CONNECT_S)
            self._forward = proxy.headers if proxy else None
        connection.response_class = _Response
        connection.connect()
        if connection.sock is not None:
            connection.sock.settimeout(READ_S)
        return connection

    def _target(self, path: str) -> str:
        """Return the request target: a proxy of plain http wants the whole URL."""
        if self._forward is None:
            return self.prefix + path
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}{self.prefix}{path}"

    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._token}",
            "User-Agent": f"paritycheck-agent/{VERSION}",
            "Accept": "application/json, application/problem+json",
            "Accept-Encoding": "identity",
            **(self._forward or {}),
        }

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._open is not None:
            self._open.close()
            self._open = None


def _context(ca_file: str) -> ssl.SSLContext:
    """Return a verifying context. With a CA file only that is loaded: 3 ms instead of 26."""
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _read(response: http.client.HTTPResponse) -> bytes:
    """Read the body, of 8 MiB at most."""
    body = bytearray()
    while True:
        piece = response.read1(_STEP_BYTES)
        if not piece:
            break
        body += piece
        if len(body) > ANSWER_BYTES:
            raise Unreachable(f"the answer has more than {ANSWER_BYTES // 1024 // 1024} MiB")
    if response.length:
        raise Unreachable("the answer was cut off")
    # read1 leaves an answer open that it read to its last byte; the next request needs it closed.
    response.close()
    return bytes(body)


def _told(error: Exception) -> str:
    """Return what went wrong, in words that hold nothing of the request."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is not trusted: {error.verify_message} (a private CA goes into --ca-file)"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or 'no shared version'}"
    if isinstance(error, http.client.HTTPException):
        return f"not an answer of HTTP ({type(error).__name__})"
    if isinstance(error, OSError):
        known = {socket.gaierror: "the server's name is not known", socket.timeout: "no answer in time"}
        return known.get(type(error)) or error.strerror or str(error)
    return str(error)
