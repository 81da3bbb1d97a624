"""Wire facts to core facts and back. The one place that knows report versions."""

import json
import sys
from typing import Any

from paritycheck.core.facts import Fact, Section, State
from paritycheck_agent.wire import canonical
from paritycheck_agent.wire.words import evidence_members

OWN = frozenset({"name", "value", "kind", "absent", "unknown"})


def section_from(facts_body: bytes) -> Section:
    """The section of a valid facts body of report version 1."""
    head = head_of(facts_body)
    facts = [fact_from(json.loads(line)) for line in facts_body.splitlines()[1:]]
    return Section(head["section"], {fact.name: fact for fact in facts}, tuple(head["covers"]))


def names_from(facts_body: bytes) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], dict[str, str]]:
    """Of a valid facts body the names that are present and the others, and by name the kind that a service is of."""
    present: list[str] = []
    others: list[str] = []
    kinds: dict[str, str] = {}
    for line in facts_body.splitlines()[1:]:
        row = json.loads(line)
        name = sys.intern(row["name"])
        (others if "unknown" in row or row.get("absent") else present).append(name)
        if isinstance(row.get("kind"), str):
            kinds[name] = row["kind"]
    return (tuple(present), tuple(others)), kinds


def head_of(facts_body: bytes) -> dict[str, Any]:
    """`{"covers", "section"}`, the first line of a facts body."""
    head: dict[str, Any] = json.loads(facts_body[: facts_body.index(b"\n")])
    return head


def fact_from(row: dict[str, Any]) -> Fact:
    """One line's fact."""
    members = {key: value for key, value in row.items() if key not in OWN}
    name, kind = row["name"], row.get("kind")
    if "unknown" in row:
        return Fact(name, State.UNKNOWN, (), kind, str(row["unknown"]), members)
    if row.get("absent"):
        return Fact(name, State.ABSENT, (), kind, None, members)
    return Fact(name, State.PRESENT, _values(row.get("value")), kind, None, members)


def _values(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(sorted(value)) if isinstance(value, list) else (value,)


def row_of(fact: Fact) -> dict[str, Any]:
    """The wire's form of a core fact."""
    row: dict[str, Any] = {"name": fact.name, **fact.members}
    if fact.kind is not None:
        row["kind"] = fact.kind
    if fact.state is State.UNKNOWN:
        row["unknown"] = fact.reason
    elif fact.state is State.ABSENT:
        row["absent"] = True
    elif fact.values:
        row["value"] = fact.values[0] if len(fact.values) == 1 else list(fact.values)
    return row


def evidence_from(evidence_body: bytes) -> dict[str, dict[str, Any]]:
    """Evidence by the name of its fact: where each was read, and what changes without meaning anything."""
    rows = (json.loads(line) for line in evidence_body.splitlines()[1:])
    return {row["name"]: row for row in rows}


def warnings_from(evidence_body: bytes) -> list[str]:
    """What the agent could not read in this section."""
    return list(json.loads(evidence_body.splitlines()[0]).get("warnings", []))


def bodies_of(section: Section, evidence: dict[str, dict[str, Any]], warnings: list[str]) -> tuple[bytes, bytes]:
    """The canonical facts body and evidence body of a merged section."""
    proof = evidence_members(section.name)
    joined = [
        {**{key: value for key, value in evidence.get(name, {}).items() if key in proof}, **row_of(fact)}
        for name, fact in section.facts.items()
    ]
    return canonical.split(section.name, section.covers, joined, warnings)
