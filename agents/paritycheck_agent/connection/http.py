"""HTTP/1.1 for probes: GET over one bounded connection, no redirects, no compression (RFC 9112).

`http.client` would cost a run 29 ms of imports and reads without a deadline. Credentials are shown only where a
server asks for them, and only to one that TLS has verified or that is on this machine.
"""

from __future__ import annotations

from paritycheck_agent.connection.stream import REPLY_BYTES, Unanswered
from paritycheck_agent.wire.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.connection.stream import Connection
    from paritycheck_agent.connection.target import Target

PLAIN_PORT, TLS_PORT = 80, 443
OKAY, UNAUTHORIZED, FORBIDDEN = 200, 401, 403
BODILESS = (204, 304)
INTERIM = range(100, 200)
INTERIMS = 5
HEADERS = 100
HOST_CHARS = 255
DIGITS = frozenset("0123456789")
HEX = frozenset("0123456789abcdefABCDEF")
SIZE_CHARS = 7


class Reply:
    """`status`, `headers` by name in lower case (of several the last), `body` as sent."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The value of the body, numbers as they are written; None for what is no JSON or nested past all reason."""
        import json

        try:
            return json.loads(self.body, parse_int=str, parse_float=str, parse_constant=str)
        except (ValueError, RecursionError):
            return None


class Session:
    """Requests one after the other. `last` is the last reply, `shown`: the server was shown credentials."""

    def __init__(self, connection: Connection, target: Target, *, encrypted: bool | None = None) -> None:
        """`encrypted` as the target says, unless it is told. Raises Unanswered."""
        self.connection = connection
        self.target = target
        self.last: Reply | None = None
        self.shown = False
        self._closes = False
        if encrypted is None:
            encrypted = target.scheme == "https" or target.tls not in ("", "disable") or target.port == TLS_PORT
        if encrypted:
            connection.encrypt(hostname=target.tls != "verify-ca")
        self._host = _host(target, TLS_PORT if encrypted else PLAIN_PORT)

    def get(self, path: str, login: str | None = None) -> Reply:
        """The answer, whatever its status. `login` is the value of an Authorization header. Raises Unanswered."""
        if self._closes:
            raise Unanswered("bad-reply")  # it said that it would close
        lines = [f"GET {path} HTTP/1.1", f"Host: {self._host}", f"User-Agent: paritycheck-agent/{VERSION}"]
        lines += ["Accept: application/json, */*;q=0.5", "Accept-Encoding: identity"]
        lines += [f"Authorization: {login}"] if login else []
        self.shown = self.shown or login is not None
        self.connection.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        self.last = self._reply()
        return self.last

    def ask(self, path: str, word: str = "Bearer") -> Reply:
        """The answer of status 200, credentials shown if they are demanded. Raises Unanswered with their lack's reason.

        `word` says what a token is: `Bearer` or `ApiKey`.
        """
        reply = self.get(path, self.login(word) if self.shown else None)
        if reply.status in (UNAUTHORIZED, FORBIDDEN) and not self.shown:
            login = self.login(word)
            if login is None or self._closes:  # there is one connection, and it ends here
                raise Unanswered("auth-required")
            if not self.private:
                raise Unanswered("tls-failed")  # nobody has proved to be the server, and the password would be shown
            reply = self.get(path, login)
        if reply.status != OKAY:
            raise Unanswered(self._refusal(reply.status))
        return reply

    def _refusal(self, status: int) -> str:
        """The reason that a status gives, if credentials were shown."""
        if status == FORBIDDEN:
            return "no-permission"
        return "bad-reply" if status != UNAUTHORIZED else self.failure

    @property
    def failure(self) -> str:
        """The reason of a log-in that failed."""
        return "auth-failed" if self.target.password or self.target.token else "auth-required"

    @property
    def private(self) -> bool:
        """Whether credentials may be shown here."""
        return self.connection.verified or self.target.loopback

    def login(self, word: str = "Bearer") -> str | None:
        """The value of an Authorization header from the application's own credentials."""
        token = self.target.token
        if token:
            return f"{word} {token}" if token.isascii() and token.isprintable() else None
        if self.target.password is None and self.target.user is None:
            return None
        import base64

        pair = f"{self.target.user or ''}:{self.target.password or ''}".encode("utf-8", "surrogateescape")
        return "Basic " + base64.b64encode(pair).decode()

    # What the server says

    def _reply(self) -> Reply:
        for _ in range(INTERIMS):
            status, keeps = _status(self.connection.line())
            headers = self._headers()
            if status not in INTERIM:
                break
        else:
            raise Unanswered("bad-reply")
        said = headers.get("connection", "keep-alive" if keeps else "close").lower()
        self._closes = "close" in said or (not keeps and "keep-alive" not in said)
        return Reply(status, headers, b"" if status in BODILESS else self._body(headers))

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        for _ in range(HEADERS):
            line = self.connection.line().decode("latin-1")
            if not line:
                return headers
            name, colon, value = line.partition(":")
            if not colon or name != name.strip():
                raise Unanswered("bad-reply")
            headers[name.lower()] = value.strip()
        raise Unanswered("bad-reply")

    def _body(self, headers: dict[str, str]) -> bytes:
        coding, length = headers.get("transfer-encoding"), headers.get("content-length")
        if coding is not None:
            if coding.lower() != "chunked" or length is not None:
                raise Unanswered("bad-reply")
            return self._chunks()
        if length is not None:
            return self.connection.read(_number(length, DIGITS, 10))
        self._closes = True
        return self.connection.rest()

    def _chunks(self) -> bytes:
        body = bytearray()
        while True:
            size = _number(self.connection.line().partition(b";")[0].strip().decode("latin-1"), HEX, 16)
            if size == 0:
                self._headers()  # trailers
                return bytes(body)
            body += self.connection.read(size)
            if self.connection.read(2) != b"\r\n":
                raise Unanswered("bad-reply")


def _status(line: bytes) -> tuple[int, bool]:
    """The status, and whether the protocol keeps connections."""
    start, code = line[:9], line[9:12]
    if start not in (b"HTTP/1.1 ", b"HTTP/1.0 ") or not code.isdigit() or line[12:13] not in (b"", b" "):
        raise Unanswered("bad-reply")
    return int(code), start == b"HTTP/1.1 "


def _number(text: str, digits: frozenset[str], base: int) -> int:
    if not 0 < len(text) <= SIZE_CHARS or not digits.issuperset(text) or int(text, base) > REPLY_BYTES:
        raise Unanswered("bad-reply")
    return int(text, base)


def _host(target: Target, usual: int) -> str:
    """The Host header: a name that came from a URL must not become a header of its own."""
    try:
        host = (target.host or "localhost").encode("ascii" if target.host.isascii() else "idna").decode()
    except UnicodeError:
        raise Unanswered("name-not-found") from None
    if not host.isprintable() or " " in host or len(host) > HOST_CHARS:
        raise Unanswered("name-not-found")
    name = f"[{host}]" if ":" in host else host
    return name if target.port in (0, usual) else f"{name}:{target.port}"
