"""What a gate compares: an environment as it stands, or a candidate's sections, each with its evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from paritycheck.codec.facts import evidence_from
from paritycheck.core.facts import CANDIDATE, Fact, Side
from paritycheck.models import Environment
from paritycheck.selectors.states import body, read_times, section_of, side_of, stale_sections
from paritycheck.services.drifts import side_document

Entries = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One side of a gate's comparison. `age_s` is the time since it was last confirmed; None if it never was.

    `entries` are the stored section entries, by name.
    """

    side: Side
    project_id: UUID
    entries: Entries
    age_s: int | None
    _evidence: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict, compare=False)

    def show(self, section: str, fact: Fact) -> dict[str, Any]:
        """A fact with where it was read, as the gate's document has it."""
        sources = self._of(section).get(fact.name, {}).get("sources", [])
        return side_document(fact, sources=sources)

    def _of(self, section: str) -> dict[str, dict[str, Any]]:
        if section not in self._evidence:
            digest = self.entries.get(section, {}).get("evidence")
            self._evidence[section] = evidence_from(body(self.project_id, digest)) if digest else {}
        return self._evidence[section]


def of_candidate(project_id: UUID, entries: Entries, name: str = CANDIDATE) -> Exhibit:
    """A change that runs nowhere yet. It stands for no tier: a dependency it bumps is not judged as a promotion."""
    sections = {section: section_of(project_id, section, entry) for section, entry in entries.items()}
    return Exhibit(Side(name, "other", CANDIDATE, sections), project_id, entries, 0)


def of_environment(environment: Environment, *, unknown_after_s: int, now: datetime) -> Exhibit:
    """What the environment's agents said last; sections that nobody confirmed for too long are unknown."""
    snapshot = environment.latest
    if snapshot is None:
        empty = Side(environment.slug, environment.tier, environment.kind, {})
        return Exhibit(empty, environment.project_id, {}, None)
    stale = stale_sections(read_times(environment), now=now, after=timedelta(seconds=unknown_after_s))
    side = side_of(snapshot, environment, stale=stale)
    return Exhibit(side, environment.project_id, snapshot.sections, _age_s(environment, now))


def _age_s(environment: Environment, now: datetime) -> int | None:
    seen = [instance.last_seen for instance in environment.instances.all()]
    return max(0, int((now - max(seen)).total_seconds())) if seen else None
