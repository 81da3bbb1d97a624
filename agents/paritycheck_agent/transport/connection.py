"""One connection to the server: requests with a length, answers bounded in bytes and time, no redirects."""

from __future__ import annotations

import socket
import ssl

from paritycheck_agent.transport.channel import Channel
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
_OK, _REDIRECT = 200, 300


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


class Connection:
    """Keeps one connection over several requests; opens it anew where the server closed it."""

    def __init__(self, url: str, *, token: str, ca_file: str = "", environ: Mapping[str, str] | None = None) -> None:
        scheme, _colon, rest = url.partition("://")
        authority, _slash, path = rest.partition("/")
        self.secure = scheme == "https"
        self.host, self.port = _place(authority, 443 if self.secure else 80)
        self.prefix = f"/{path}".rstrip("/")
        self.ca_file = ca_file
        self.environ = environ or {}
        self._authority = authority
        self._token = token
        self._open: Channel | None = None
        self._forward: dict[str, str] | None = None

    def request(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Return the server's answer; raise Unreachable. A kept connection that has gone stale is tried once more."""
        kept = self._open is not None
        try:
            return self._exchange(method, path, body, headers)
        except ConnectionError:
            if not kept:
                raise
        return self._exchange(method, path, body, headers)

    def _exchange(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        try:
            if self._open is None:
                self._open = self._connect()
            self._open.send(method, self._target(path), {**self._headers(), **headers}, body)
            status, said, answered, keeps = self._open.answer()
        except ConnectionError:
            self.close()
            raise
        except (OSError, ValueError) as error:
            self.close()
            raise Unreachable(_told(error)) from None
        if not keeps:
            self.close()
        return Answer(status, said, answered)

    def _connect(self) -> Channel:
        proxy = proxy_for("https" if self.secure else "http", self.host, self.port, self.environ)
        self._forward = proxy.headers if proxy and not self.secure else None
        sock = _socket(proxy.host, proxy.port) if proxy else _socket(self.host, self.port)
        try:
            if self.secure:
                if proxy:
                    self._tunnel(sock, proxy.headers)
                sock = _context(self.ca_file).wrap_socket(sock, server_hostname=self.host.encode())
        except BaseException:
            sock.close()
            raise
        return Channel(sock, read_s=READ_S, answer_s=ANSWER_S, most=ANSWER_BYTES)

    def _tunnel(self, sock: socket.socket, headers: Mapping[str, str]) -> None:
        """Ask a proxy for a way through; what is secret is said inside it."""
        place = f"{_bracketed(self.host)}:{self.port}"
        channel = Channel(sock, read_s=CONNECT_S, answer_s=ANSWER_S, most=ANSWER_BYTES)
        channel.send("CONNECT", place, {"Host": place, **headers}, b"")
        status = channel.head()[0]
        if not _OK <= status < _REDIRECT:
            raise ValueError(f"the proxy lets nobody through: {status}")
        sock.settimeout(CONNECT_S)

    def _target(self, path: str) -> str:
        """Return the request target: a proxy of plain http wants the whole URL."""
        if self._forward is None:
            return self.prefix + path
        return f"http://{_bracketed(self.host)}:{self.port}{self.prefix}{path}"

    def _headers(self) -> dict[str, str]:
        return {
            "Host": self._authority,
            **({"Authorization": f"Bearer {self._token}"} if self._token else {}),
            "User-Agent": f"paritycheck-agent/{VERSION}",
            "Accept": "application/json, application/problem+json",
            "Accept-Encoding": "identity",
            **(self._forward or {}),
        }

    def use(self, token: str) -> None:
        """Sign what follows with another token."""
        self._token = token

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._open is not None:
            self._open.close()
            self._open = None


def _place(authority: str, port: int) -> tuple[str, int]:
    """Return host and port of a URL's authority, which `config.checked_url` has let through."""
    if authority.startswith("["):
        host, _bracket, after = authority[1:].partition("]")
    else:
        host, _colon, after = authority.partition(":")
    after = after.lstrip(":")
    return host.lower(), int(after) if after else port


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _socket(host: str, port: int) -> socket.socket:
    """Return an open socket. As bytes the name costs no import of encodings.idna; it is ASCII."""
    place: Any = (host.encode(), port)
    sock = socket.create_connection(place, CONNECT_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _context(ca_file: str) -> ssl.SSLContext:
    """Return a verifying context. With a CA file only that is loaded: 3 ms instead of 26."""
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _told(error: Exception) -> str:
    """Return what went wrong, in words that hold nothing of the request."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is not trusted: {error.verify_message} (a private CA goes into --ca-file)"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or 'no shared version'}"
    if isinstance(error, OSError):
        known = {socket.gaierror: "the server's name is not known", socket.timeout: "no answer in time"}
        return known.get(type(error)) or error.strerror or str(error)
    return str(error)
