"""PostgreSQL's client protocol 3.0: one session that reads, for the probe and for whatever else has a query.

Start-up, TLS where sslmode asks, SCRAM-SHA-256, md5, clear text and simple queries, as in "Frontend/Backend
Protocol" of PostgreSQL's manual. A server that wants the password itself gets it where TLS has verified it or it is on
this machine, whatever sslmode says: the application's choice is not the agent's.
"""

from __future__ import annotations

from paritycheck_agent.connection.stream import REPLY_BYTES, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from paritycheck_agent.connection.stream import Connection
    from paritycheck_agent.connection.target import Target

SSL_REQUEST = (80877103).to_bytes(4, "big")
PROTOCOL = (3 << 16).to_bytes(4, "big")
METHOD_OK, METHOD_CLEAR, METHOD_MD5, METHOD_SASL, METHOD_SASL_GOES_ON, METHOD_SASL_ENDS = 0, 3, 5, 10, 11, 12
MECHANISM = b"SCRAM-SHA-256"
STATES = {
    b"28P01": "auth-failed",
    b"28000": "auth-failed",
    b"42501": "no-permission",
    b"3D000": "no-permission",
    b"53300": "connection-refused",
    b"57P03": "connection-refused",
}


class Session:
    """One log-in. `answered`: what is there speaks this protocol. `status`: what the server reports of itself."""

    def __init__(self, connection: Connection, target: Target) -> None:
        self.connection = connection
        self.target = target
        self.user = target.user or _own_user()
        self.answered = False
        self.status: dict[str, str] = {}

    def log_in(self) -> None:
        """Encrypt, start and authenticate, until the server is ready for a query. Raises Unanswered."""
        self._encrypt()
        self._start()
        self._authenticate()
        self._expect(b"Z")

    def query(self, sql: str) -> list[list[str]] | None:
        """The rows, null as the empty text; None where the server refuses the query. Raises Unanswered."""
        self.connection.send(_message(b"Q", _text(sql)))
        rows: list[list[str]] = []
        refused = False
        for kind, body in self._messages():
            if kind == b"Z":
                break
            refused = refused or kind == b"E"
            if kind == b"D":
                rows.append(_columns(body))
        return None if refused else rows

    def leave(self) -> None:
        self.connection.send(_message(b"X", b""))

    # Before the first query

    def _encrypt(self) -> None:
        mode = self.target.tls or "prefer"
        if self.target.path or mode in ("disable", "allow"):
            return
        self.connection.send(_message(b"", SSL_REQUEST))
        answer = self.connection.read(1)
        if answer == b"S":
            # As with libpq, `require` alone verifies nothing unless certificates to verify with are named.
            verify = mode.startswith("verify") or (mode == "require" and self.target.ca_file is not None)
            self.connection.encrypt(verify=verify, hostname=mode == "verify-full")
        elif answer != b"N":
            raise Unanswered("bad-reply")
        elif mode != "prefer":
            raise Unanswered("tls-failed")

    def _start(self) -> None:
        user = self.user
        words = ["user", user, "database", self.target.database or user, "client_encoding", "UTF8"]
        words += ["application_name", "paritycheck"]
        self.connection.send(_message(b"", PROTOCOL + b"".join(_text(word) for word in words) + b"\0"))

    def _authenticate(self) -> None:
        request = self._expect(b"R")
        method, password = _method(request), self.target.password
        if method == METHOD_OK:
            return
        if password is None or method not in (METHOD_CLEAR, METHOD_MD5, METHOD_SASL):
            raise Unanswered("auth-required")
        if method == METHOD_SASL:
            self._scram(password, request[4:].split(b"\0"))
        elif method == METHOD_MD5:
            self._send_password(_text(_md5(self.user, password, request[4:8])))
        elif self.connection.verified or self.target.loopback:
            self._send_password(_text(password))
        else:
            raise Unanswered("tls-failed")  # nobody has proved to be the server, and the password would be shown
        if _method(self._expect(b"R")) != METHOD_OK:
            raise Unanswered("bad-reply")

    def _scram(self, password: str, offered: list[bytes]) -> None:
        import secrets

        from paritycheck_agent.connection.scram import Scram

        if MECHANISM not in offered:
            raise Unanswered("auth-required")
        scram = Scram(password, secrets.token_urlsafe(18))
        self._send_password(MECHANISM + b"\0" + len(scram.first).to_bytes(4, "big") + scram.first)
        try:
            self._send_password(scram.final(self._sasl(METHOD_SASL_GOES_ON)))
            proved = scram.proved(self._sasl(METHOD_SASL_ENDS))
        except (ValueError, KeyError):
            proved = False
        if not proved:
            raise Unanswered("bad-reply")

    def _sasl(self, method: int) -> bytes:
        body = self._expect(b"R")
        if _method(body) != method:
            raise Unanswered("bad-reply")
        return body[4:]

    def _send_password(self, data: bytes) -> None:
        self.connection.send(_message(b"p", data))

    # What the server says

    def _messages(self) -> Iterator[tuple[bytes, bytes]]:
        """Its messages without notices and keys; ParameterStatus is kept on the way."""
        while True:
            head = self.connection.read(5)
            size = int.from_bytes(head[1:], "big") - 4
            if not 0 <= size <= REPLY_BYTES:
                raise Unanswered("bad-reply")
            kind, body = head[:1], self.connection.read(size)
            if kind == b"S":
                name, _, value = body.partition(b"\0")
                self.status[_decoded(name)] = _decoded(value.rstrip(b"\0"))
            elif kind not in (b"N", b"v", b"A", b"K"):
                yield kind, body

    def _expect(self, wanted: bytes) -> bytes:
        """The body of the next message, which must be of this kind; an error becomes its reason."""
        for kind, body in self._messages():
            fields = {field[:1]: field[1:] for field in body.split(b"\0")} if kind == b"E" else {}
            if kind == wanted or b"C" in fields:
                self.answered = True
            if kind == wanted:
                return body
            raise Unanswered(STATES.get(fields.get(b"C", b""), "bad-reply"))
        raise Unanswered("bad-reply")


def _own_user() -> str:
    """The user that runs the agent, as libpq assumes where a URL names none."""
    try:
        import pwd
    except ImportError:
        return "postgres"
    import os

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return "postgres"


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body


def _text(text: str) -> bytes:
    return text.replace("\0", "").encode("utf-8", "replace") + b"\0"


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _method(body: bytes) -> int:
    return int.from_bytes(body[:4], "big") if len(body) >= 4 else -1  # noqa: PLR2004 -- an int32


def _md5(user: str, password: str, salt: bytes) -> str:
    import hashlib

    try:
        inner = hashlib.md5((password + user).encode(), usedforsecurity=False).hexdigest()
        return "md5" + hashlib.md5(inner.encode() + salt, usedforsecurity=False).hexdigest()
    except ValueError:  # a build of OpenSSL without md5
        raise Unanswered("auth-required") from None


def _columns(body: bytes) -> list[str]:
    """The columns of a DataRow, whose count and sizes are the server's word: none beyond its end."""
    columns: list[str] = []
    at = 2
    for _ in range(int.from_bytes(body[:2], "big")):
        if at >= len(body):
            break
        size = max(0, int.from_bytes(body[at : at + 4], "big", signed=True))
        columns.append(_decoded(body[at + 4 : at + 4 + size]))
        at += 4 + size
    return columns
