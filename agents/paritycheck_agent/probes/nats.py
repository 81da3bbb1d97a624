"""NATS: the `INFO` line that a server sends to everybody who connects, before a log-in and before TLS, or inside of it
where the server is set to `handshake_first`. No credentials are shown.
"""

from __future__ import annotations

import re
import time

from paritycheck_agent.connection.stream import Connection, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.connection.target import Target

KINDS = ("nats",)
# How long a server may take to say INFO in clear text before it is taken to wait for TLS.
FIRST_S = 1.0
VERSION = re.compile(r"v?(\d+(?:\.\d+)*)")


def probe(target: Target) -> dict[str, Any]:
    """The members of the service's fact: `kind`, `value` or `unknown`, `via`, `settings`."""
    found: dict[str, Any] = {"kind": "nats", "via": "scheme"}
    try:
        with Connection(target) as connection:
            plain = target.tls in ("", "disable")
            _name(_info(connection.line()) if plain else _verified(connection, target), found)
    except Unanswered as answer:
        found["unknown"] = answer.reason
    return found


def _verified(connection: Connection, target: Target) -> dict[str, Any]:
    """INFO of a server that has shown who it is, before or after."""
    hostname, ends = target.tls != "verify-ca", connection.ends
    connection.ends = min(ends, time.monotonic() + FIRST_S)
    try:
        line = connection.line()
    except Unanswered as answer:
        if answer.reason != "timeout":
            raise
        connection.ends = ends
        connection.encrypt(hostname=hostname)
        return _info(connection.line())
    connection.ends = ends
    info = _info(line)
    connection.encrypt(hostname=hostname)
    return info


def _info(line: bytes) -> dict[str, Any]:
    import json

    if not line.startswith(b"INFO "):
        raise Unanswered("bad-reply")
    try:
        info = json.loads(line[len(b"INFO ") :])
    except (ValueError, RecursionError):
        raise Unanswered("bad-reply") from None
    if not isinstance(info, dict):
        raise Unanswered("bad-reply")
    return info


def _name(info: dict[str, Any], found: dict[str, Any]) -> None:
    match = VERSION.match(str(info.get("version", "")))
    if match is None:
        raise Unanswered("bad-reply")
    found.update(value=match[1], via="handshake")
    found["settings"] = {"jetstream": "true" if info.get("jetstream") is True else "false"}
    if isinstance(info.get("max_payload"), int):
        found["settings"]["max_payload"] = str(info["max_payload"])[:20]
