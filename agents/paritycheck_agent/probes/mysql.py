"""MySQL and MariaDB: the version stands in the first packet, before anybody logs in; no credentials are shown."""

from __future__ import annotations

import re

from paritycheck_agent.connection.stream import Connection, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.connection.target import Target

KINDS = ("mysql", "mariadb")
PACKET_BYTES = 64 * 1024
PROTOCOL = 10
ERROR = 0xFF
ERRORS = {1040: "connection-refused", 1129: "no-permission", 1130: "no-permission", 1203: "connection-refused"}
VERSION = re.compile(r"\d+(?:\.\d+)*")
VARIANTS = {"TiDB": "tidb", "Vitess": "vitess", "Percona": "percona"}


def probe(target: Target) -> dict[str, Any]:
    """The members of the service's fact: `kind`, `value` or `unknown`, `via`, `variant`, `settings`."""
    found: dict[str, Any] = {"kind": target.kind if target.kind in KINDS else "mysql", "via": "scheme"}
    try:
        with Connection(target) as connection:
            _name(_banner(connection, found), found)
    except Unanswered as answer:
        found["unknown"] = answer.reason
    return found


def _banner(connection: Connection, found: dict[str, Any]) -> str:
    head = connection.read(4)
    size = int.from_bytes(head[:3], "little")
    if head[3] != 0 or not 0 < size <= PACKET_BYTES:
        raise Unanswered("bad-reply")
    body = connection.read(size)
    if body[0] == ERROR:
        found["via"] = "handshake"
        raise Unanswered(ERRORS.get(int.from_bytes(body[1:3], "little"), "bad-reply"))
    if body[0] != PROTOCOL or b"\0" not in body:
        raise Unanswered("bad-reply")
    return body[1 : body.index(b"\0")].decode("utf-8", "replace")


def _name(banner: str, found: dict[str, Any]) -> None:
    # Older MariaDB puts 5.5.5- before its version, for the sake of old replicas.
    text = banner.removeprefix("5.5.5-") if "MariaDB" in banner else banner
    match = VERSION.match(text)
    if match is None:
        raise Unanswered("bad-reply")
    found.update(kind="mariadb" if "MariaDB" in banner else "mysql", value=match[0], via="handshake")
    for word, variant in VARIANTS.items():
        if word in banner:
            found["variant"] = variant
