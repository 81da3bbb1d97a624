"""Memcached: `version` and `stats settings` of its text protocol. A server that wants SASL says so or hangs up."""

from __future__ import annotations

import re

from paritycheck_agent.connection.stream import Connection, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.connection.target import Target

KINDS = ("memcached",)
SETTINGS = ("maxbytes", "item_size_max", "evictions")
LINES = 1000
VERSION = re.compile(rb"VERSION (\d+(?:\.\d+)*)")


def probe(target: Target) -> dict[str, Any]:
    """The members of the service's fact: `kind`, `value` or `unknown`, `via`, `settings`."""
    found: dict[str, Any] = {"kind": "memcached", "via": "scheme"}
    try:
        with Connection(target) as connection:
            connection.send(b"version\r\n")
            found["value"] = _version(connection.line(), found)
            connection.send(b"stats settings\r\n")
            found["settings"] = _settings(connection)
            connection.send(b"quit\r\n")
    except Unanswered as answer:
        if "value" not in found:
            found["unknown"] = answer.reason
    return found


def _version(line: bytes, found: dict[str, Any]) -> str:
    match = VERSION.match(line)
    if match is not None:
        found["via"] = "handshake"
        return match[1].decode()
    if line.startswith((b"CLIENT_ERROR unauthenticated", b"ERROR unauthenticated")):
        found["via"] = "handshake"
        raise Unanswered("auth-required")
    raise Unanswered("bad-reply")


def _settings(connection: Connection) -> dict[str, str]:
    settings: dict[str, str] = {}
    for _ in range(LINES):
        words = connection.line().decode("utf-8", "replace").split(" ", 2)
        if words[0] != "STAT":
            break
        if len(words) == 3 and words[1] in SETTINGS:  # noqa: PLR2004 -- STAT, name and value
            settings[words[1]] = words[2]
    return settings
