"""MySQL's and MariaDB's client protocol: one session that reads, for the probe and for whatever else has a query.

Greeting, TLS, HandshakeResponse41, mysql_native_password, caching_sha2_password and the text protocol, as in
"Client/Server Protocol" of MySQL's source documentation. CLIENT_LOCAL_FILES is never offered: a server that asks
for a file all the same has answered badly. RSA is no part of the standard library: where caching_sha2_password
wants the password itself, it goes through TLS to a server that is verified or on loopback, or over a unix socket.
"""

from __future__ import annotations

from paritycheck_agent.connection.stream import REPLY_BYTES, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paritycheck_agent.connection.stream import Connection
    from paritycheck_agent.connection.target import Target

PROTOCOL = 10
OK, MORE, LOCAL_FILE, SWITCH, ERROR = 0x00, 0x01, 0xFB, 0xFE, 0xFF
END = 0xFE
END_BYTES = 9
NULL = 0xFB
QUERY, QUIT = b"\x03", b"\x01"
CLIENT_WITH_DATABASE, CLIENT_PROTOCOL_41, CLIENT_SSL = 0x8, 0x200, 0x800
CLIENT_SECURE_CONNECTION, CLIENT_PLUGIN_AUTH = 0x8000, 0x80000
# Long passwords and column flags, transactions.
CLIENT = 0x1 | 0x4 | 0x2000 | CLIENT_PROTOCOL_41 | CLIENT_SECURE_CONNECTION | CLIENT_PLUGIN_AUTH
UTF8MB4 = 45
NATIVE, CACHING, CLEAR = "mysql_native_password", "caching_sha2_password", "mysql_clear_password"
FAST, FULL = b"\x03", b"\x04"
SALT_BYTES = 20
ROUNDS = 8
COLUMNS = 4096
SIZES = {0xFC: 2, 0xFD: 3, 0xFE: 8}
ERRORS = {
    **dict.fromkeys((1045, 1698, 1820, 1862, 3118, 4151), "auth-failed"),
    **dict.fromkeys((1044, 1049, 1129, 1130, 1142, 1227), "no-permission"),
    **dict.fromkeys((1040, 1203, 1226, 1053), "connection-refused"),
    1251: "auth-required",
    3159: "tls-failed",
}


class Session:
    """One log-in. `answered`: what is there speaks this protocol. `version`: what it calls itself before a log-in."""

    def __init__(self, connection: Connection, target: Target) -> None:
        self.connection = connection
        self.target = target
        self.answered = False
        self.version = ""
        self._sequence = 0
        self._can = 0
        self._salt = b""
        self._plugin = NATIVE
        self._encrypted = False

    def greet(self) -> None:
        """Read the server's greeting, which has its version. Raises Unanswered."""
        body = self._packet()
        if body[0] == ERROR:
            self.answered = True
            raise Unanswered(_reason(body))
        if body[0] != PROTOCOL or b"\0" not in body:
            raise Unanswered("bad-reply")
        version, _, rest = body[1:].partition(b"\0")
        self.version = version.decode("utf-8", "replace")
        self._can = int.from_bytes(rest[13:15] + rest[18:20], "little")
        self._salt = (rest[4:12] + rest[31:])[:SALT_BYTES]
        name = rest[31 + max(13, rest[20] - 8) :] if self._can & CLIENT_PLUGIN_AUTH and len(rest) > SALT_BYTES else b""
        self._plugin = name.rstrip(b"\0").decode("utf-8", "replace") or NATIVE

    def log_in(self, database: str = "") -> None:
        """Encrypt where it is asked or offered, and authenticate; `database` is the one to use. Raises Unanswered."""
        if self.target.user is None:
            raise Unanswered("auth-required")
        if not self._can & CLIENT_PROTOCOL_41:
            raise Unanswered("unsupported-format")
        flags = CLIENT | (CLIENT_WITH_DATABASE if database else 0)
        self._encrypt(flags)
        plugin = self._plugin if self._plugin in (NATIVE, CACHING) else NATIVE
        shown = self._scrambled(plugin, self._salt)
        body = _text(self.target.user) + bytes([len(shown)]) + shown + (_text(database) if database else b"")
        self._send(self._head(flags) + body + _text(plugin))
        self._authenticate(plugin)

    def query(self, sql: str) -> list[list[str]] | None:
        """The rows, null as the empty text; None where the server refuses the query. Raises Unanswered."""
        self._sequence = 0
        self._send(QUERY + sql.encode("utf-8", "replace"))
        first = self._packet()
        if first[0] == ERROR:
            return None
        if first[0] == OK:
            return []
        if first[0] == LOCAL_FILE:
            raise Unanswered("bad-reply")
        columns, _ = _number(first, 0)
        if not 0 < columns <= COLUMNS:
            raise Unanswered("bad-reply")
        for _ in range(columns):
            self._packet()
        # The end of the columns, then the rows up to theirs.
        if not _is_end(self._packet()):
            raise Unanswered("bad-reply")
        return self._rows(columns)

    def leave(self) -> None:
        self._sequence = 0
        self._send(QUIT)

    # Packets

    def _packet(self) -> bytes:
        head = self.connection.read(4)
        size = int.from_bytes(head[:3], "little")
        if not 0 < size <= REPLY_BYTES or head[3] != self._sequence:
            raise Unanswered("bad-reply")
        self._sequence = (head[3] + 1) % 256
        return self.connection.read(size)

    def _send(self, body: bytes) -> None:
        self.connection.send(len(body).to_bytes(3, "little") + bytes([self._sequence]) + body)
        self._sequence = (self._sequence + 1) % 256

    def _rows(self, columns: int) -> list[list[str]] | None:
        rows: list[list[str]] = []
        while True:
            body = self._packet()
            if body[0] == ERROR:
                return None
            if _is_end(body):
                return rows
            rows.append(_row(body, columns))

    # Logging in

    def _head(self, flags: int) -> bytes:
        return flags.to_bytes(4, "little") + REPLY_BYTES.to_bytes(4, "little") + bytes([UTF8MB4]) + bytes(23)

    def _encrypt(self, flags: int) -> None:
        mode = self.target.tls or ("verify-ca" if self.target.ca_file else "prefer")
        if self.target.path or mode == "disable":
            return
        if self._can & CLIENT_SSL:
            # As with MySQL's own client, `require` alone verifies nothing unless certificates are named.
            verify = mode.startswith("verify") or (mode == "require" and self.target.ca_file is not None)
            self._send(self._head(flags | CLIENT_SSL))
            self.connection.encrypt(verify=verify, hostname=mode == "verify-full")
            self._encrypted = True
        elif mode != "prefer":
            raise Unanswered("tls-failed")

    def _authenticate(self, plugin: str) -> None:
        for _ in range(ROUNDS):
            body = self._packet()
            if body[0] == OK:
                self.answered = True
                return
            if body[0] == ERROR:
                self.answered = True
                reason = _reason(body)
                raise Unanswered("auth-required" if reason == "auth-failed" and not self.target.password else reason)
            if body[0] == SWITCH and len(body) > 1:
                name, _, salt = body[1:].partition(b"\0")
                plugin = name.decode("utf-8", "replace")
                self._send(self._shown(plugin, salt[:SALT_BYTES]))
            elif body[0] == MORE and plugin == CACHING and body[1:] == FULL:
                self._send(self._clear())
            elif body[0] != MORE or body[1:] != FAST:
                raise Unanswered("auth-required" if body[0] in (SWITCH, MORE) else "bad-reply")
        raise Unanswered("bad-reply")

    def _shown(self, plugin: str, salt: bytes) -> bytes:
        if plugin == CLEAR:
            return self._clear()
        if plugin not in (NATIVE, CACHING):
            raise Unanswered("auth-required")
        return self._scrambled(plugin, salt)

    def _clear(self) -> bytes:
        """The password as it is: for a server that has proved who it is, or that is on this machine."""
        private = bool(self.target.path) or (self._encrypted and (self.connection.verified or self.target.loopback))
        if not private:
            raise Unanswered("tls-failed")
        return _text(self.target.password or "")

    def _scrambled(self, plugin: str, salt: bytes) -> bytes:
        password = (self.target.password or "").encode("utf-8", "surrogateescape")
        if not password:
            return b""
        import hashlib

        try:
            if plugin == CACHING:
                once = hashlib.sha256(password).digest()
                mask = hashlib.sha256(hashlib.sha256(hashlib.sha256(password).digest()).digest() + salt).digest()
            else:
                once = hashlib.sha1(password, usedforsecurity=False).digest()
                twice = hashlib.sha1(once, usedforsecurity=False).digest()
                mask = hashlib.sha1(salt + twice, usedforsecurity=False).digest()
        except ValueError:  # a build of OpenSSL without sha1
            raise Unanswered("auth-required") from None
        return bytes(left ^ right for left, right in zip(once, mask))


def _reason(body: bytes) -> str:
    return ERRORS.get(int.from_bytes(body[1:3], "little"), "bad-reply")


def _is_end(body: bytes) -> bool:
    return body[0] == END and len(body) < END_BYTES


def _text(text: str) -> bytes:
    return text.replace("\0", "").encode("utf-8", "surrogateescape") + b"\0"


def _number(body: bytes, at: int) -> tuple[int, int]:
    """A length-encoded integer and where it ends."""
    first = body[at]
    size = SIZES.get(first, 0)
    return (int.from_bytes(body[at + 1 : at + 1 + size], "little") if size else first), at + 1 + size


def _row(body: bytes, columns: int) -> list[str]:
    """The columns of a row, whose sizes are the server's word: none beyond its end, so that work follows bytes."""
    found: list[str] = []
    at = 0
    while at < len(body) and len(found) < columns:
        size, start = (0, at + 1) if body[at] == NULL else _number(body, at)
        found.append(body[start : start + size].decode("utf-8", "replace"))
        at = start + size
    return found
