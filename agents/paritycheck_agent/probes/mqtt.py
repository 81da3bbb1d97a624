"""MQTT 3.1.1 brokers: `$SYS/broker/version` and EMQX' `$SYS/brokers/<node>/version`, read as any client may.

A broker says nothing of itself before a client has connected, so the application's own credentials are shown where
the connection is verified or stays on this machine. A broker may keep these topics from its clients.
"""

from __future__ import annotations

import os
import re
import time

from paritycheck_agent.connection.stream import Connection, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.connection.target import Target

KINDS = ("mqtt",)
CONNECT, CONNACK, PUBLISH, SUBSCRIBE, SUBACK, DISCONNECT = 0x10, 0x20, 0x30, 0x82, 0x90, 0xE0
PROTOCOL = b"\0\x04MQTT\x04"
CLEAN, WITH_PASSWORD, WITH_USER = 0x02, 0x40, 0x80
KEEP_ALIVE_S = 10
TOPICS = ("$SYS/broker/version", "$SYS/brokers/+/version")
PACKET_BYTES = 64 * 1024
PACKETS = 100
TEXT_BYTES = 65535
FAILED = 0x80
# A broker that publishes its version has kept it, and sends it at once.
GRACE_S = 1.0
REFUSED, NOT_ALLOWED, UNAVAILABLE = 4, 5, 3
EMQX = "$SYS/brokers/"
VERSION = re.compile(r"(?:([A-Za-z][A-Za-z0-9-]{0,30}) )?(?:version )?v?(\d+(?:\.\d+)*)")


def probe(target: Target) -> dict[str, Any]:
    """The members of the service's fact: `kind`, `value` or `unknown`, `via`, `variant`."""
    found: dict[str, Any] = {"kind": "mqtt", "via": "scheme"}
    try:
        with Connection(target) as connection:
            if target.tls not in ("", "disable"):
                connection.encrypt(hostname=target.tls != "verify-ca")
            found["via"] = _enter(connection, target, found)
            connection.send(_packet(SUBSCRIBE, b"\0\1" + b"".join(_text(topic) + b"\0" for topic in TOPICS)))
            _name(*_version(connection), found)
            connection.send(bytes([DISCONNECT, 0]))
    except Unanswered as answer:
        if "value" not in found:
            found["unknown"] = answer.reason
    return found


def _enter(connection: Connection, target: Target, found: dict[str, Any]) -> str:
    """Connect, with credentials where they are safe; returns how the version is come by then."""
    safe = connection.verified or target.loopback
    user, password = (target.user, target.password) if safe else (None, None)
    # Without a user the protocol has no place for a password.
    flags = CLEAN | (WITH_USER if user else 0) | (WITH_PASSWORD if user and password is not None else 0)
    words = [f"paritycheck-{os.urandom(4).hex()}", *([user] if user else [])]
    words += [password] if user and password is not None else []
    body = PROTOCOL + bytes([flags]) + KEEP_ALIVE_S.to_bytes(2, "big") + b"".join(_text(word) for word in words)
    connection.send(_packet(CONNECT, body))
    kind, answer = _receive(connection)
    if kind != CONNACK or len(answer) != 2:  # noqa: PLR2004 -- flags and code
        raise Unanswered("bad-reply")
    found["via"] = "handshake"
    if answer[1]:
        raise Unanswered(_reason(answer[1], shown=bool(user), held_back=bool(target.user) and not safe))
    return "auth" if user else "handshake"


def _reason(code: int, *, shown: bool, held_back: bool) -> str:
    if code == UNAVAILABLE:
        return "connection-refused"
    if code not in (REFUSED, NOT_ALLOWED):
        return "bad-reply"
    return "tls-failed" if held_back else "auth-failed" if shown else "auth-required"


def _version(connection: Connection) -> tuple[str, str]:
    """Topic and text of the first version that is published. Raises Unanswered where none is."""
    connection.ends = min(connection.ends, time.monotonic() + GRACE_S)
    for granted in range(PACKETS):
        try:
            kind, body = _receive(connection)
        except Unanswered as answer:
            # Subscribed, and nothing came: it does not tell.
            raise Unanswered("redacted" if granted and answer.reason == "timeout" else answer.reason) from None
        if kind & 0xF0 == PUBLISH:
            return _published(kind, body)
        if kind == SUBACK and all(code == FAILED for code in body[2:]):
            raise Unanswered("no-permission")
    raise Unanswered("bad-reply")


def _published(kind: int, body: bytes) -> tuple[str, str]:
    size = int.from_bytes(body[:2], "big")
    at = 2 + size + (2 if kind & 0x06 else 0)
    return body[2 : 2 + size].decode("utf-8", "replace"), body[at:].decode("utf-8", "replace")


def _name(topic: str, text: str, found: dict[str, Any]) -> None:
    match = VERSION.match(text)
    if match is None or not topic.startswith("$SYS/"):
        raise Unanswered("bad-reply")
    found["value"] = match[2]
    if topic.startswith(EMQX):
        found["variant"] = "emqx"
    elif match[1]:
        found["variant"] = match[1].lower()


# Packets


def _packet(kind: int, body: bytes) -> bytes:
    size, left = b"", len(body)
    while True:
        left, low = divmod(left, 128)
        size += bytes([low | (0x80 if left else 0)])
        if not left:
            return bytes([kind]) + size + body


def _receive(connection: Connection) -> tuple[int, bytes]:
    kind, size = connection.read(1)[0], 0
    for shift in (0, 7, 14, 21):
        byte = connection.read(1)[0]
        size |= (byte & 0x7F) << shift
        if not byte & 0x80:
            break
    else:
        raise Unanswered("bad-reply")
    if size > PACKET_BYTES:
        raise Unanswered("bad-reply")
    return kind, connection.read(size)


def _text(text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")[:TEXT_BYTES]
    return len(data).to_bytes(2, "big") + data
