"""How the facts of a project's environments relate to its baseline's. Only what is not the baseline's own is held."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any
from uuid import UUID

from paritycheck.codec.comparing import Compared
from paritycheck.core.comparison import Relation, Row
from paritycheck.core.facts import Fact, Section, State
from paritycheck.models import Snapshot
from paritycheck.selectors.columns import Column
from paritycheck.selectors.comparisons import Place, comparison_of
from paritycheck.selectors.lines import QUIET, SECTIONS
from paritycheck.selectors.states import fact_in, fetch_bodies, section_of

Key = tuple[str, str]
"""Section and name."""


@dataclass
class Against:
    """Every environment against the baseline. Nothing is decoded before it is asked for, and most of it never is."""

    project_id: UUID
    columns: tuple[Column, ...]
    baseline: Column | None

    @cached_property
    def compared(self) -> dict[str, Compared]:
        """The comparison with the baseline by environment. Environments that share their state share one object, and
        what any page of this process compared before is not compared again.
        """
        if self.baseline is None or self.baseline.snapshot is None:
            return {}
        places = [Place(each.slug, each.environment, each.snapshot) for each in self.columns if each.snapshot]
        base = next(place for place in places if place.environment == self.baseline.environment)
        fetch_bodies(self.project_id, [place.snapshot for place in places])
        return {place.asked: comparison_of(place, base) for place in places if place is not base}

    @cached_property
    def rows(self) -> dict[str, dict[Key, Row]]:
        """What the baseline's own facts do not tell, by environment and (section, name)."""
        shared = {id(compared): _by_key(compared) for compared in self.compared.values()}
        return {slug: shared[id(compared)] for slug, compared in self.compared.items()}

    @cached_property
    def base_sections(self) -> dict[str, Section]:
        """What the baseline reported."""
        found = self.baseline.snapshot if self.baseline else None
        entries = found.sections if found else {}
        return {name: section_of(self.project_id, name, entries[name]) for name in SECTIONS if name in entries}

    @property
    def states(self) -> list[dict[Key, Row]]:
        """The rows of each state that any environment is in, once."""
        return list({id(rows): rows for rows in self.rows.values()}.values())

    @cached_property
    def relations(self) -> dict[Key, set[Relation]]:
        """How facts relate to the baseline's anywhere, where they are not the same everywhere."""
        found: dict[Key, set[Relation]] = defaultdict(set)
        for rows in self.states:
            for key, row in rows.items():
                if row.relation is not Relation.SAME:
                    found[key].add(row.relation)
        return found

    @cached_property
    def loud(self) -> frozenset[Key]:
        """Facts that were tried and could not be read somewhere, each by itself and not with its whole section."""
        found = set()
        for slug, rows in self.rows.items():
            for key, row in rows.items():
                if row.relation is Relation.UNKNOWN and self._tried(slug, row):
                    found.add(key)
        return frozenset(found)

    def _tried(self, slug: str, row: Row) -> bool:
        sides = [(slug, row.left), (self.baseline.slug if self.baseline else slug, row.right)]
        return any(
            fact.state is State.UNKNOWN and fact.reason not in QUIET and self.entry(side, row.section).get("digest")
            for side, fact in sides
        )

    @cached_property
    def snapshots(self) -> dict[str, Snapshot]:
        """The last one of each environment that reported."""
        return {column.slug: column.snapshot for column in self.columns if column.snapshot is not None}

    def entry(self, slug: str, section: str) -> Mapping[str, Any]:
        """What an environment's snapshot holds of a section: the digest of its facts, or why there is none."""
        snapshot = self.snapshots.get(slug)
        return snapshot.sections.get(section, {}) if snapshot else {}

    def as_baseline(self, column: Column, section: str, name: str) -> bool:
        """Whether an environment's fact is the baseline's own."""
        compared = self.compared.get(column.slug)
        if compared is None or (section, name) in compared.left_out or section not in self.base_sections:
            return False
        return name in self.base_sections[section].facts

    def look_up(self, column: Column, section: str, name: str) -> Fact:
        """What an environment says of a fact by itself."""
        return fact_in(self.project_id, section, self.entry(column.slug, section), name)

    @cached_property
    def left_out(self) -> frozenset[Key]:
        """What no environment's comparison looks at."""
        return (
            frozenset.intersection(*(each.left_out for each in self.compared.values()))
            if self.compared
            else frozenset()
        )


def _by_key(compared: Compared) -> dict[Key, Row]:
    rows = chain(compared.alike, compared.rows)
    return {(row.section, row.name): row for row in rows if row.section in SECTIONS}
