"""RabbitMQ and LavinMQ: Connection.Start of AMQP 0-9-1, which names product and version before anybody logs in.

An http(s) URL under a key of RabbitMQ is its management plugin's: asked as the application's own user, it tells the
plugins and feature flags too. No other port than the configured one is ever tried.
"""

from __future__ import annotations

import re

from paritycheck_agent.connection.http import OKAY, Session
from paritycheck_agent.connection.stream import Connection, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.connection.target import Target

KINDS = ("rabbitmq", "lavinmq")
HEADER = b"AMQP\0\0\x09\x01"
FRAME_BYTES = 128 * 1024
METHOD_FRAME = 1
FRAME_END = b"\xce"
START = (10).to_bytes(2, "big") + (10).to_bytes(2, "big")
VERSION = re.compile(r"\d+(?:\.\d+)*")
ERLANG = re.compile(r"Erlang/OTP (\d+(?:\.\d+)*)")
# Sizes in bytes of the field types whose size is fixed (AMQP 0-9-1, 4.2.5.5 and RabbitMQ's errata).
FIXED = {"t": 1, "b": 1, "B": 1, "s": 2, "u": 2, "I": 4, "i": 4, "l": 8, "f": 4, "d": 8, "D": 5, "T": 8, "V": 0}
SIZED = frozenset("SFAx")
READ_OVERVIEW = "/api/overview?columns=product_name,product_version,rabbitmq_version,lavinmq_version,erlang_version"
READ_NODES = "/api/nodes?columns=enabled_plugins"
READ_FLAGS = "/api/feature-flags"
REALM = re.compile("RabbitMQ|LavinMQ")
# Stands between clients and a server, and tells its own version instead of the server's.
PROXY = "amqproxy"


def probe(target: Target) -> dict[str, Any]:
    """The members of the service's fact: `kind`, `value` or `unknown`, `via`, `variant`, `settings`, `extensions`."""
    found: dict[str, Any] = {"kind": target.kind if target.kind in KINDS else "rabbitmq", "via": "scheme"}
    try:
        with Connection(target) as connection:
            if target.scheme in ("http", "https"):
                _manage(Session(connection, target), found)
                return found
            if target.tls not in ("", "disable"):
                connection.encrypt(hostname=target.tls != "verify-ca")
            connection.send(HEADER)
            _name(_properties(_frame(connection)), found)
    except Unanswered as answer:
        if "value" not in found:
            found["unknown"] = answer.reason
    return found


def _frame(connection: Connection) -> bytes:
    head = connection.read(7)
    size = int.from_bytes(head[3:], "big")
    if head[0] != METHOD_FRAME or size > FRAME_BYTES:
        raise Unanswered("bad-reply")
    body = connection.read(size)
    if connection.read(1) != FRAME_END or not body.startswith(START):
        raise Unanswered("bad-reply")
    return body


def _properties(body: bytes) -> dict[str, str]:
    """The texts of the table of server properties, which stands behind method and protocol version."""
    at = len(START) + 2
    end = at + 4 + int.from_bytes(body[at : at + 4], "big")
    at += 4
    properties: dict[str, str] = {}
    while at < min(end, len(body)):
        name = body[at + 1 : at + 1 + body[at]]
        at += 1 + body[at]
        kind = body[at : at + 1].decode("latin-1")
        size = _size(kind, body[at + 1 : at + 5])
        at += 1 + (4 if kind in SIZED else 0)
        if kind == "S":
            properties[name.decode("utf-8", "replace")] = body[at : at + size].decode("utf-8", "replace")
        at += size
    return properties


def _size(kind: str, head: bytes) -> int:
    if kind in SIZED:
        return int.from_bytes(head, "big")
    if kind not in FIXED:
        raise Unanswered("bad-reply")
    return FIXED[kind]


def _name(properties: dict[str, str], found: dict[str, Any]) -> None:
    match = VERSION.match(properties.get("version", ""))
    if match is None:
        raise Unanswered("bad-reply")
    product = properties.get("product", "").lower()
    if PROXY in product:
        found.update(variant=PROXY, via="handshake")
        raise Unanswered("redacted")
    kind = "lavinmq" if "lavinmq" in product else "rabbitmq"
    found.update(kind=kind, value=match[0], via="handshake")
    erlang = ERLANG.match(properties.get("platform", ""))
    if erlang:
        found["settings"] = {"erlang": erlang[1]}


# The management plugin


def _manage(session: Session, found: dict[str, Any]) -> None:
    try:
        document = session.ask(READ_OVERVIEW).json()
    finally:
        if session.last is not None and REALM.search(session.last.headers.get("www-authenticate", "")):
            found["via"] = "handshake"
    told = document if isinstance(document, dict) else {}
    lavinmq = isinstance(told.get("lavinmq_version"), str)
    match = VERSION.match(str(told.get("lavinmq_version" if lavinmq else "rabbitmq_version", "")))
    if match is None:
        raise Unanswered("bad-reply")
    found.update(kind="lavinmq" if lavinmq else "rabbitmq", value=match[0], via="auth")
    found["settings"] = settings = _flags(session)
    if isinstance(told.get("erlang_version"), str):
        settings["erlang"] = told["erlang_version"]
    nodes = _rows(session, READ_NODES)
    lists = [node["enabled_plugins"] for node in nodes if isinstance(node.get("enabled_plugins"), list)]
    if lists:
        plugins = {name for names in lists for name in names if isinstance(name, str)}
        found["extensions"] = dict.fromkeys(sorted(plugins), "enabled")


def _flags(session: Session) -> dict[str, str]:
    rows = [(row.get("name"), row.get("state")) for row in _rows(session, READ_FLAGS)]
    return {f"feature_flag.{name}": str(state) for name, state in rows if isinstance(name, str)}


def _rows(session: Session, path: str) -> list[dict[str, Any]]:
    """The rows of a list; none where the user may not see it."""
    reply = session.get(path, session.login())
    document = reply.json() if reply.status == OKAY else None
    return [row for row in document if isinstance(row, dict)] if isinstance(document, list) else []
