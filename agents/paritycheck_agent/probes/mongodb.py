"""MongoDB and what speaks its protocol: `hello` and `buildInfo` before anybody logs in; no credentials are shown.

OP_MSG as in "MongoDB Wire Protocol" of its manual, documents as in bsonspec.org. Where `buildInfo` is refused the
version is inferred from `maxWireVersion`, which names the release series.
"""

from __future__ import annotations

import re

from paritycheck_agent.connection.stream import Connection, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Union

    from paritycheck_agent.connection.target import Target

    # Documents and arrays stay the bytes that they are.
    Value = Union[str, int, float, bytes, None]

KINDS = ("mongodb",)
SRV = "mongodb+srv"
OP_MSG = 2013
HEAD_BYTES = 16
REPLY_BYTES = 512 * 1024
FIELDS = 1000
NO_SUCH_COMMAND = 59
REFUSALS = {13: "auth-required", 18: "auth-failed", 8000: "auth-required"}
VERSION = re.compile(r"\d+(?:\.\d+)*")
SERIES = {
    6: "3.6", 7: "4.0", 8: "4.2", 9: "4.4", 13: "5.0", 14: "5.1", 15: "5.2", 16: "5.3", 17: "6.0", 18: "6.1",
    19: "6.2", 20: "6.3", 21: "7.0", 22: "7.1", 23: "7.2", 24: "7.3", 25: "8.0", 26: "8.1", 27: "8.2",
}  # fmt: skip
HOSTS = ((".mongodb.net", "atlas"), (".docdb.amazonaws.com", "documentdb"), (".cosmos.azure.com", "cosmosdb"))
# Sizes in bytes of the element types whose size is fixed, and types that begin with the length of a text.
FIXED = {0x01: 8, 0x06: 0, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16, 0x7F: 0, 0xFF: 0}
TEXTS = frozenset({0x02, 0x0D, 0x0E})
NESTED = frozenset({0x03, 0x04, 0x0F})
DOUBLE, BINARY, REGEX, POINTER, BOOL, INT32, INT64 = 0x01, 0x05, 0x0B, 0x0C, 0x08, 0x10, 0x12


def probe(target: Target) -> dict[str, Any]:
    """The members of the service's fact: `kind`, `value` or `unknown`, `via`, `variant`, `settings`."""
    found: dict[str, Any] = {"kind": "mongodb", "via": "scheme"}
    if target.scheme == SRV:
        # Which servers the name stands for only a resolver of SRV records can tell, and Python has none.
        return {**found, "unknown": "not-asked"}
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
    hello = _ask(connection, "hello")
    if hello.get("code") == NO_SUCH_COMMAND:
        hello = _ask(connection, "isMaster")
    series = hello.get("maxWireVersion")
    if not isinstance(series, int):
        raise Unanswered(_refusal(hello))
    found.update(via="handshake", settings={"topology": _topology(hello)})
    build = _ask(connection, "buildInfo")
    _name_variant(build, target, found)
    match = VERSION.match(str(build.get("version", "")))
    if match is not None:
        found["value"] = match[0]
    elif series in SERIES:
        found.update(value=SERIES[series], via="inferred")
    else:
        raise Unanswered(_refusal(build))


def _topology(hello: dict[str, Value]) -> str:
    return "sharded" if hello.get("msg") == "isdbgrid" else "replica-set" if "setName" in hello else "standalone"


def _name_variant(build: dict[str, Value], target: Target, found: dict[str, Any]) -> None:
    modules = build.get("modules")
    named = [variant for end, variant in HOSTS if target.host.lower().endswith(end)]
    named += ["ferretdb"] if any(name.lower().startswith("ferretdb") for name in build) else []
    named += ["percona"] if "psmdbVersion" in build else []
    named += ["enterprise"] if isinstance(modules, bytes) and "enterprise" in document(modules).values() else []
    if named:
        found["variant"] = named[0]


def _refusal(reply: dict[str, Value]) -> str:
    code = reply.get("code")
    return REFUSALS.get(code, "bad-reply") if isinstance(code, int) else "bad-reply"


def _ask(connection: Connection, command: str) -> dict[str, Value]:
    body = b"\x10" + command.encode() + b"\0" + (1).to_bytes(4, "little") + b"\x02$db\0\x06\0\0\0admin\0\0"
    message = bytes(5) + (len(body) + 4).to_bytes(4, "little") + body
    head = (HEAD_BYTES + len(message), 1, 0, OP_MSG)
    connection.send(b"".join(number.to_bytes(4, "little") for number in head) + message)
    answer = connection.read(HEAD_BYTES)
    size = int.from_bytes(answer[:4], "little") - HEAD_BYTES
    if int.from_bytes(answer[12:], "little") != OP_MSG or not 5 < size <= REPLY_BYTES:  # noqa: PLR2004 -- flags and kind
        raise Unanswered("bad-reply")
    reply = connection.read(size)
    if reply[4] != 0:
        raise Unanswered("bad-reply")
    return document(reply[5:])


# Documents


def document(data: bytes) -> dict[str, Value]:
    """The elements of a document, none below the first level. Raises Unanswered where the bytes make no sense."""
    fields: dict[str, Value] = {}
    at, end = 4, min(len(data), int.from_bytes(data[:4], "little"))
    while at < end and data[at] and len(fields) < FIELDS:
        kind, stop = data[at], data.find(b"\0", at + 1, end)
        if stop < 0:
            raise Unanswered("bad-reply")
        name = data[at + 1 : stop].decode("utf-8", "replace")
        at = stop + 1
        size = _size(kind, data, at, end)
        if at + size > end:
            raise Unanswered("bad-reply")
        fields[name] = _value(kind, data[at : at + size])
        at += size
    return fields


def _size(kind: int, data: bytes, at: int, end: int) -> int:
    if kind in FIXED:
        return FIXED[kind]
    if kind == REGEX:
        middle = data.find(b"\0", at, end)
        last = data.find(b"\0", middle + 1, end)
        return last + 1 - at if 0 <= middle < last else end
    length = int.from_bytes(data[at : at + 4], "little")
    if kind in NESTED:
        return max(length, 4)
    extra = {BINARY: 5, POINTER: 16}.get(kind, 4)
    if kind not in TEXTS and kind not in (BINARY, POINTER):
        raise Unanswered("bad-reply")
    return length + extra


def _value(kind: int, data: bytes) -> Value:
    if kind in TEXTS:
        return data[4:].rstrip(b"\0").decode("utf-8", "replace")
    if kind in (BOOL, INT32, INT64):
        return int.from_bytes(data, "little", signed=True)
    if kind == DOUBLE:
        import struct

        number: float = struct.unpack("<d", data)[0]
        return int(number) if number.is_integer() else number
    return data if kind in NESTED else None
