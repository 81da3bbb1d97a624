"""Consul: `/v1/agent/self`, with the application's token where access lists demand one.

Who may not read that still learns from `/v1/status/leader`, which is open, that a Consul answers.
"""

from __future__ import annotations

import re

from paritycheck_agent.connection.http import OKAY, Session
from paritycheck_agent.connection.stream import Connection, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.connection.target import Target

KINDS = ("consul",)
VERSION = re.compile(r"v?(\d+(?:\.\d+)*(?:-(?:alpha|beta|rc|dev)\d*)?)(\+ent)?")
LEADER = re.compile(r"\S{0,255}:\d{1,5}|")
REFUSALS = ("auth-required", "auth-failed", "no-permission", "tls-failed")


def probe(target: Target) -> dict[str, Any]:
    """The members of the service's fact: `kind`, `value` or `unknown`, `via`, `variant`, `settings`."""
    found: dict[str, Any] = {"kind": "consul", "via": "scheme"}
    try:
        with Connection(target) as connection:
            _read(Session(connection, target), found)
    except Unanswered as answer:
        found["unknown"] = answer.reason
    return found


def _read(session: Session, found: dict[str, Any]) -> None:
    try:
        document = session.ask("/v1/agent/self").json()
    except Unanswered as refusal:
        if refusal.reason in REFUSALS and session.last is not None and _leads(session):
            found["via"] = "handshake"
        raise
    config = document.get("Config") if isinstance(document, dict) else None
    config = config if isinstance(config, dict) else {}
    match = VERSION.match(str(config.get("Version", "")))
    if match is None:
        raise Unanswered("bad-reply")
    found.update(value=match[1], via="auth" if session.shown else "handshake")
    if match[2]:
        found["variant"] = "enterprise"
    if isinstance(config.get("Datacenter"), str):
        found["settings"] = {"datacenter": config["Datacenter"]}


def _leads(session: Session) -> bool:
    """Whether the open path says who leads, as only a Consul does."""
    try:
        reply = session.get("/v1/status/leader")
    except Unanswered:
        return False
    leader = reply.json() if reply.status == OKAY else None
    return isinstance(leader, str) and LEADER.fullmatch(leader) is not None
