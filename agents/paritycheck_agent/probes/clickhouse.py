"""ClickHouse, by HTTP or in its native protocol, whichever the configuration's port speaks.

By HTTP: `/ping`, then version and settings as the application's own user; a refusal ends in "(version ...)" and so
tells it all the same. Natively: Hello, whose answer has the version; the password is part of Hello, so that it goes
only to a server that is verified or on this machine ("Native Protocol" of ClickHouse's documentation).
"""

from __future__ import annotations

import re

from paritycheck_agent.connection.http import FORBIDDEN, OKAY, UNAUTHORIZED, Session
from paritycheck_agent.connection.stream import Connection, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.connection.target import Target

KINDS = ("clickhouse",)
HTTP_PORTS, TLS_PORTS = (80, 443, 8123, 8443), (443, 8443, 9440)
VERSION = re.compile(r"\d+(?:\.\d+)+")
REFUSED = re.compile(r"\(version (\d+(?:\.\d+)+)")
HEADER = "x-clickhouse-server-display-name"
CLOUD = ".clickhouse.cloud"
READ_VERSION = "SELECT version()"
READ_SETTINGS = (
    "SELECT 'timezone', timezone() UNION ALL SELECT name, value FROM system.settings WHERE name IN"
    " ('join_use_nulls', 'max_memory_usage', 'max_execution_time', 'readonly', 'date_time_input_format',"
    " 'insert_quorum', 'async_insert', 'distributed_product_mode', 'mutations_sync')"
)
# Hello, up to the revision that adds the patch level of the version to the answer and asks for nothing more.
HELLO, EXCEPTION, REVISION = 0, 2, 54401
AUTH_CODES = (192, 193, 194, 516)
NUMBER_BYTES = 9
TEXT_BYTES = 64 * 1024


def probe(target: Target) -> dict[str, Any]:
    """The members of the service's fact: `kind`, `value` or `unknown`, `via`, `variant`, `settings`."""
    found: dict[str, Any] = {"kind": "clickhouse", "via": "scheme"}
    if target.host.lower().endswith(CLOUD):
        found["variant"] = "cloud"
    encrypted = target.scheme == "https" or target.tls not in ("", "disable") or target.port in TLS_PORTS
    try:
        with Connection(target) as connection:
            if target.scheme in ("http", "https") or target.port in HTTP_PORTS:
                _ask(Session(connection, target, encrypted=encrypted), found)
            else:
                _greet(connection, target, found, encrypted=encrypted)
    except Unanswered as answer:
        if "value" not in found:
            found["unknown"] = answer.reason
    return found


# HTTP


def _ask(session: Session, found: dict[str, Any]) -> None:
    ping = session.get("/ping")
    if ping.status != OKAY or (HEADER not in ping.headers and ping.text.strip() != "Ok."):
        raise Unanswered("bad-reply")
    found["via"] = "handshake"
    login = session.login() if session.private else None
    reply = session.get(_query(READ_VERSION), login)
    version = reply.text.strip()
    if reply.status != OKAY or not VERSION.fullmatch(version):
        refused = REFUSED.search(reply.text)
        if refused is None:
            raise Unanswered(_reason(session, reply.status, login))
        found["value"] = refused[1]
        return
    found.update(value=version, via="handshake" if login is None else "auth")
    if login is None and session.target.password is not None:
        return  # the settings of another user than the application's would be told
    rows = session.get(_query(READ_SETTINGS), login)
    if rows.status == OKAY:
        pairs = (line.split("\t", 1) for line in rows.text.splitlines())
        found["settings"] = {pair[0]: pair[1] for pair in pairs if len(pair) > 1}


def _query(sql: str) -> str:
    """The path of a query; asked by GET, a query cannot write."""
    return "/?query=" + sql.replace(" ", "%20").replace("'", "%27")


def _reason(session: Session, status: int, login: str | None) -> str:
    if status not in (UNAUTHORIZED, FORBIDDEN):
        return "bad-reply"
    if login is not None:
        return session.failure
    return "auth-required" if session.target.password is None else "tls-failed"


# Native


def _greet(connection: Connection, target: Target, found: dict[str, Any], *, encrypted: bool) -> None:
    if encrypted:
        connection.encrypt(hostname=target.tls != "verify-ca")
    if target.password and not (connection.verified or target.loopback):
        raise Unanswered("tls-failed")  # nobody has proved to be the server, and the password would be shown
    words = (target.database, target.user or "default", target.password or "")
    numbers = b"".join(_varint(number) for number in (1, 0, REVISION))
    connection.send(_varint(HELLO) + _string("paritycheck") + numbers + b"".join(_string(word) for word in words))
    kind = _number(connection)
    if kind == EXCEPTION:
        code = int.from_bytes(connection.read(4), "little")
        if not _text(connection).startswith("DB::"):
            raise Unanswered("bad-reply")
        found["via"] = "handshake"
        failed = "auth-failed" if target.password else "auth-required"
        raise Unanswered(failed if code in AUTH_CODES else "no-permission")
    if kind != HELLO or _text(connection) != "ClickHouse":
        raise Unanswered("bad-reply")
    major, minor, revision = (_number(connection) for _ in range(3))
    found.update(value=f"{major}.{minor}", via="handshake" if target.user is None else "auth")
    if revision >= REVISION:
        found["settings"] = {"timezone": _text(connection)}
        _text(connection)  # the name that the server shows
        found["value"] += f".{_number(connection)}"


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:  # noqa: PLR2004 -- seven bits a byte
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _string(text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    return _varint(len(data)) + data


def _number(connection: Connection) -> int:
    number = 0
    for place in range(NUMBER_BYTES):
        byte = connection.read(1)[0]
        number |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:  # noqa: PLR2004 -- the last of the number
            return number
    raise Unanswered("bad-reply")


def _text(connection: Connection) -> str:
    size = _number(connection)
    if size > TEXT_BYTES:
        raise Unanswered("bad-reply")
    return connection.read(size).decode("utf-8", "replace")
