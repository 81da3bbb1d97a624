"""etcd: `GET /version`, which needs no log-in; where client certificates are demanded, the handshake of TLS fails."""

from __future__ import annotations

import re

from paritycheck_agent.connection.http import Session
from paritycheck_agent.connection.stream import Connection, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.connection.target import Target

KINDS = ("etcd",)
VERSION = re.compile(r"(\d+(?:\.\d+)*(?:-(?:alpha|beta|rc)\.\d+)?)(?:\+git)?")


def probe(target: Target) -> dict[str, Any]:
    """The members of the service's fact: `kind`, `value` or `unknown`, `via`, `settings`."""
    found: dict[str, Any] = {"kind": "etcd", "via": "scheme"}
    try:
        with Connection(target) as connection:
            session = Session(connection, target)
            _name(session.ask("/version").json(), found, shown=session.shown)
    except Unanswered as answer:
        found["unknown"] = answer.reason
    return found


def _name(document: Any, found: dict[str, Any], *, shown: bool) -> None:
    told = document if isinstance(document, dict) else {}
    match, cluster = (VERSION.fullmatch(str(told.get(name, ""))) for name in ("etcdserver", "etcdcluster"))
    if match is None:
        raise Unanswered("bad-reply")
    found.update(value=match[1], via="auth" if shown else "handshake")
    if cluster is not None:
        found["settings"] = {"cluster_version": cluster[1]}
