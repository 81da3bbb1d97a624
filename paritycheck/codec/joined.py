"""Stored bodies as people read them: each fact with its evidence, and no fingerprint."""

from typing import Any

from paritycheck_agent.wire import canonical

# What the server never returns: it says same, different, missing or not comparable instead.
KEPT_BACK = frozenset({"fps"})


def joined(facts_body: bytes, evidence_body: bytes | None) -> dict[str, Any]:
    """`{"covers", "facts", "warnings"}`, each fact with its `sources`."""
    section = canonical.join(facts_body, evidence_body or b"")
    facts = [{key: value for key, value in fact.items() if key not in KEPT_BACK} for fact in section["facts"]]
    return {"covers": section["covers"], "facts": facts, "warnings": section["warnings"]}
