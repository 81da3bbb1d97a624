"""Cassandra and ScyllaDB: version 4 of the native protocol.

`OPTIONS` is answered before a log-in and tells CQL's version and what Scylla adds. The release stands in tables that
the application's own credentials open; they are shown where the connection is verified or stays on this machine.
Scylla's `release_version` is that of the Cassandra it stands in for; its own is in `system.versions`.
"""

from __future__ import annotations

import re

from paritycheck_agent.connection.stream import Connection, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.connection.target import Target

KINDS = ("cassandra", "scylla")
REQUEST, RESPONSE = 0x04, 0x80
ERROR, STARTUP, READY, AUTHENTICATE, OPTIONS, SUPPORTED = 0x00, 0x01, 0x02, 0x03, 0x05, 0x06
QUERY, RESULT, AUTH_RESPONSE, AUTH_SUCCESS = 0x07, 0x08, 0x0F, 0x10
HEAD_BYTES = 9
BODY_BYTES = 256 * 1024
CONSISTENCY_ONE = (1).to_bytes(2, "big")
ROWS, GLOBAL_TABLE, MORE_PAGES, NO_METADATA = 2, 0x01, 0x02, 0x04
# Types that stand without a parameter: text and its like.
PLAIN_TYPES = 0x20
COLUMNS = 20
ERRORS = {0x0100: "auth-failed", 0x1001: "connection-refused", 0x1002: "connection-refused", 0x2100: "no-permission"}
CQL = b"3.0.0"
# Which take a name and a password between zeros (RFC 4616).
AUTHENTICATORS = ("PasswordAuthenticator", "TransitionalAuthenticator")
READ_LOCAL = "SELECT release_version, partitioner FROM system.local WHERE key='local'"
READ_SCYLLA = "SELECT version FROM system.versions WHERE key='local'"
VERSION = re.compile(r"\d+(?:\.\d+)*(?:-(?:alpha|beta|rc)\d+)?")
HOSTS = ((".amazonaws.com", "keyspaces"), (".datastax.com", "astra"), (".cosmos.azure.com", "cosmosdb"))


def probe(target: Target) -> dict[str, Any]:
    """The members of the service's fact: `kind`, `value` or `unknown`, `via`, `variant`, `settings`."""
    found: dict[str, Any] = {"kind": target.kind if target.kind in KINDS else "cassandra", "via": "scheme"}
    try:
        with Connection(target) as connection:
            if target.tls not in ("", "disable"):
                connection.encrypt(hostname=target.tls != "verify-ca")
            _read(connection, target, found)
    except Unanswered as answer:
        if "value" not in found:
            found["unknown"] = answer.reason
    return found


def _read(connection: Connection, target: Target, found: dict[str, Any]) -> None:
    options = _options(_ask(connection, OPTIONS, b"", SUPPORTED)[1])
    scylla = any(name.startswith("SCYLLA_") for name in options)
    found.update(kind="scylla" if scylla else "cassandra", via="handshake")
    found["settings"] = {"cql": options["CQL_VERSION"]} if options.get("CQL_VERSION") else {}
    named = [variant for end, variant in HOSTS if target.host.lower().endswith(end)]
    if named:
        found["variant"] = named[0]
    known = _log_in(connection, target)
    local = _query(connection, READ_LOCAL)
    if local.get("partitioner"):
        found["settings"]["partitioner"] = local["partitioner"].rpartition(".")[2]
    version = _query(connection, READ_SCYLLA).get("version", "") if scylla else local.get("release_version", "")
    match = VERSION.match(version)
    if match is None:
        raise Unanswered("bad-reply")
    found.update(value=match[0], via="auth" if known else "handshake")


def _log_in(connection: Connection, target: Target) -> bool:
    """Whether credentials were shown and taken."""
    startup = (1).to_bytes(2, "big") + _text(b"CQL_VERSION") + _text(CQL)
    kind, body = _ask(connection, STARTUP, startup, READY, AUTHENTICATE)
    if kind == READY:
        return False
    if target.user is None or target.password is None or not _short(body).endswith(AUTHENTICATORS):
        raise Unanswered("auth-required")
    if not (connection.verified or target.loopback):
        raise Unanswered("tls-failed")  # nobody has proved to be the server, and the password would be shown
    words = [word.encode("utf-8", "surrogateescape") for word in (target.user, target.password)]
    token = b"".join(b"\0" + word for word in words)
    _ask(connection, AUTH_RESPONSE, len(token).to_bytes(4, "big") + token, AUTH_SUCCESS)
    return True


def _query(connection: Connection, text: str) -> dict[str, str]:
    """The first row, by column."""
    body = len(text).to_bytes(4, "big") + text.encode() + CONSISTENCY_ONE + b"\0"
    return _first_row(_Body(_ask(connection, QUERY, body, RESULT)[1]))


# Frames


def _ask(connection: Connection, operation: int, body: bytes, *wanted: int) -> tuple[int, bytes]:
    """The operation and the body of the answer, which must be one of `wanted`; an error becomes its reason."""
    connection.send(bytes([REQUEST, 0, 0, 0, operation]) + len(body).to_bytes(4, "big") + body)
    head = connection.read(HEAD_BYTES)
    size = int.from_bytes(head[5:], "big")
    if not head[0] & RESPONSE or head[1] or size > BODY_BYTES:
        raise Unanswered("bad-reply")
    answer = connection.read(size)
    if head[4] == ERROR:
        raise Unanswered(ERRORS.get(int.from_bytes(answer[:4], "big"), "bad-reply"))
    if head[4] not in wanted:
        raise Unanswered("bad-reply")
    return head[4], answer


def _options(data: bytes) -> dict[str, str]:
    """What the server supports, the first choice of each."""
    body, options = _Body(data), {}
    for _ in range(body.number(2)):
        name = body.text()
        choices = [body.text() for _ in range(body.number(2))]
        options[name] = choices[0] if choices else ""
    return options


def _first_row(body: _Body) -> dict[str, str]:
    if body.number(4) != ROWS:
        raise Unanswered("bad-reply")
    flags, count = body.number(4), body.number(4)
    if flags & (MORE_PAGES | NO_METADATA) or count > COLUMNS:
        raise Unanswered("bad-reply")
    shared = bool(flags & GLOBAL_TABLE)
    if shared:
        body.text(), body.text()
    names = [_column(body, shared=shared) for _ in range(count)]
    if body.number(4) < 1:
        return {}
    return {name: body.value() for name in names}


def _column(body: _Body, *, shared: bool) -> str:
    if not shared:
        body.text(), body.text()
    name = body.text()
    if not 0 < body.number(2) < PLAIN_TYPES:
        raise Unanswered("bad-reply")
    return name


def _short(data: bytes) -> str:
    return _Body(data).text()


def _text(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


class _Body:
    """Reads a body from its start to its end; what goes past the end is a bad reply."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        self.at += size
        if self.at > len(self.data):
            raise Unanswered("bad-reply")
        return self.data[self.at - size : self.at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def text(self) -> str:
        return self.take(self.number(2)).decode("utf-8", "replace")

    def value(self) -> str:
        """A cell as text; null is empty."""
        size = self.number(4)
        return "" if size >= 1 << 31 else self.take(size).decode("utf-8", "replace")
