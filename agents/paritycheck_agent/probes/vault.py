"""Vault and OpenBao: `/v1/sys/health`, which is open; a listener may keep the version from strangers.

The two speak alike. Since 1.16 Vault says whether it is the enterprise edition, OpenBao never does, and OpenBao began
with 2.0; what is neither is what the configuration calls it.
"""

from __future__ import annotations

import re

from paritycheck_agent.connection.http import OKAY, Session
from paritycheck_agent.connection.stream import Connection, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.connection.target import Target

KINDS = ("vault", "openbao")
VERSION = re.compile(r"v?((\d+)(?:\.\d+)*(?:-(?:alpha|beta|rc|dev)\d*)?)((?:\+|-)(?:ent|prem|pro))?")
OPENBAO_MAJOR = 2
# A server that is sealed, on standby or not set up yet is asked to answer as if it were well.
CODES = ("uninitcode", "sealedcode", "standbycode", "drsecondarycode", "performancestandbycode")
HEALTH = "/v1/sys/health?" + "&".join(f"{name}=200" for name in CODES)
SEAL = "/v1/sys/seal-status"
SEAL_SETTINGS = {"type": "seal_type", "storage_type": "storage_type"}


def probe(target: Target) -> dict[str, Any]:
    """The members of the service's fact: `kind`, `value` or `unknown`, `via`, `variant`, `settings`."""
    found: dict[str, Any] = {"kind": target.kind if target.kind in KINDS else "vault", "via": "scheme"}
    try:
        with Connection(target) as connection:
            session = Session(connection, target)
            _name(session.get(HEALTH).json(), found)
            found["settings"] = _seal(session)
    except Unanswered as answer:
        if "value" not in found:
            found.setdefault("unknown", answer.reason)
    return found


def _name(document: Any, found: dict[str, Any]) -> None:
    if not isinstance(document, dict) or not isinstance(document.get("sealed"), bool):
        raise Unanswered("bad-reply")
    found["via"] = "handshake"
    match = VERSION.match(str(document.get("version", "")))
    if "enterprise" in document:
        found["kind"] = "vault"
    elif match is not None and int(match[2][:9]) >= OPENBAO_MAJOR:
        found["kind"] = "openbao"
    if document.get("enterprise") is True or (match is not None and match[3]):
        found["variant"] = "enterprise"
    found.update({"value": match[1]} if match is not None else {"unknown": "redacted"})


def _seal(session: Session) -> dict[str, str]:
    reply = session.get(SEAL)
    document = reply.json() if reply.status == OKAY else None
    told = document if isinstance(document, dict) else {}
    return {name: told[key] for key, name in SEAL_SETTINGS.items() if isinstance(told.get(key), str) and told[key]}
