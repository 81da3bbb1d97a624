"""NATS: the `INFO` line that a server sends to everybody who connects, before TLS and before a log-in."""

from __future__ import annotations

import re

from paritycheck_agent.connection.stream import Connection, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.connection.target import Target

KINDS = ("nats",)
VERSION = re.compile(r"v?(\d+(?:\.\d+)*)")


def probe(target: Target) -> dict[str, Any]:
    """The members of the service's fact: `kind`, `value` or `unknown`, `via`, `settings`."""
    found: dict[str, Any] = {"kind": "nats", "via": "scheme"}
    try:
        with Connection(target) as connection:
            info = _info(connection.line())
            if target.tls not in ("", "disable"):
                # The server says INFO in clear text; only behind it is shown who it is.
                connection.encrypt(hostname=target.tls != "verify-ca")
            _name(info, found)
    except Unanswered as answer:
        found["unknown"] = answer.reason
    return found


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
