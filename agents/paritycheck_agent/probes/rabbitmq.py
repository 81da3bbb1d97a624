"""RabbitMQ and LavinMQ: Connection.Start of AMQP 0-9-1, which names product and version before anybody logs in."""

from __future__ import annotations

import re

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


def probe(target: Target) -> dict[str, Any]:
    """The members of the service's fact: `kind`, `value` or `unknown`, `via`, `settings`."""
    found: dict[str, Any] = {"kind": target.kind if target.kind in KINDS else "rabbitmq", "via": "scheme"}
    try:
        with Connection(target) as connection:
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
    kind = "lavinmq" if "lavinmq" in properties.get("product", "").lower() else "rabbitmq"
    found.update(kind=kind, value=match[0], via="handshake")
    erlang = ERLANG.match(properties.get("platform", ""))
    if erlang:
        found["settings"] = {"erlang": erlang[1]}
