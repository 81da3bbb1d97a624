"""Any two snapshots of a project side by side. Callers bring a project they were given by `selectors.projects`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from paritycheck.codec.comparing import RULES, Compared, Taken, compare_bodies, compare_whole
from paritycheck.codec.differing import line_of
from paritycheck.codec.memory import Memory
from paritycheck.codec.sides import BUCKETS
from paritycheck.core.addresses import parse_address
from paritycheck.core.comparison import Relation, Row
from paritycheck.core.facts import SECTIONS, Fact
from paritycheck.models import Environment, Project, Snapshot
from paritycheck.selectors.filters import LONGEST, FilterError
from paritycheck.selectors.projects import find_environment
from paritycheck.selectors.snapshots import find_snapshot
from paritycheck.selectors.states import body, fetch_bodies

PARAMETERS: Final = frozenset({"only", "section", "q"})
CACHE_BYTES: Final = 32 * 1024 * 1024
# What a row with its two facts and their members takes in memory, by measurement some 2 kB.
ROW_BYTES: Final = 2048
NAME_BYTES: Final = 256


@dataclass(frozen=True, slots=True)
class Place:
    """A snapshot by its address; `asked` is the address as it was written."""

    asked: str
    environment: Environment
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class ComparisonFilter:
    """Which rows; without `only` everything but what is the same. `q` is a part of the name."""

    only: str = ""
    section: str = ""
    q: str = ""

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> "ComparisonFilter":
        """Raises FilterError. Parameters of other names are somebody else's."""
        said = {name: parameters[name] for name in PARAMETERS if parameters.get(name)}
        for name, choices in (("only", tuple(BUCKETS)), ("section", SECTIONS)):
            if name in said and said[name] not in choices:
                raise FilterError(f"{name} is one of {', '.join(choices)}")
        if len(said.get("q", "")) > LONGEST or "\0" in said.get("q", ""):
            raise FilterError(f"q has at most {LONGEST} printable characters")
        return cls(**said)

    def rows(self, rows: Iterable[Row]) -> list[Row]:
        """Those asked for."""
        wanted, text = BUCKETS.get(self.only), self.q.casefold()
        return [
            row
            for row in rows
            if (row.relation is wanted if wanted else row.relation is not Relation.SAME)
            and (not self.section or row.section == self.section)
            and text in row.name.casefold().replace("%40", "@")
        ]


def _size(compared: Compared) -> int:
    return ROW_BYTES * (len(compared.rows) + len(compared.alike) + 1) + NAME_BYTES * len(compared.left_out)


_remembered: Memory[tuple[Any, ...], Compared] = Memory(CACHE_BYTES, _size)
"""Comparisons by what went into them; their bytes are an estimate."""


def find_place(project: Project, text: str, now: datetime) -> Place | None:
    """The snapshot of an address; None where there is none. Raises AddressError."""
    address = parse_address(text)
    environment = find_environment(project, address.environment)
    snapshot = find_snapshot(environment, address, now) if environment else None
    return Place(text, environment, snapshot) if environment and snapshot else None


def comparison_of(left: Place, right: Place) -> Compared:
    """What is not the same, and how much is; what was compared once is not compared again. Digests never go stale."""
    key = (RULES, left.snapshot.project_id, _identity(left), _identity(right))
    found = _remembered.get(key)
    if found is None:
        found = compare_bodies(*_taken(left, right))
        _remembered.put(key, found)
    return found


def every_row(left: Place, right: Place) -> tuple[Row, ...]:
    """All of both, what is the same too."""
    return compare_whole(*_taken(left, right))


def rows_asked(left: Place, right: Place, asked: ComparisonFilter) -> list[Row]:
    """The rows that a filter lets through, by section and name."""
    same = BUCKETS.get(asked.only) is Relation.SAME
    return asked.rows(every_row(left, right) if same else comparison_of(left, right).rows)


def sources_of(place: Place, section: str, fact: Fact) -> list[Any]:
    """Where a fact was read; of a large body only a few lines are decoded to find out."""
    digest = place.snapshot.sections.get(section, {}).get("evidence")
    line = line_of(body(place.snapshot.project_id, digest), fact.name) if digest else None
    return list((line or {}).get("sources", ()))


def _identity(place: Place) -> tuple[Any, ...]:
    entries = sorted(place.snapshot.sections.items())
    said = tuple(
        (name, entry.get("digest"), None if entry.get("digest") else entry.get("reason")) for name, entry in entries
    )
    # Not by which environment: replicas of one release are compared once.
    return (place.environment.tier, place.environment.kind, said)


def _taken(left: Place, right: Place) -> tuple[Taken, Taken]:
    fetch_bodies(left.snapshot.project_id, [left.snapshot, right.snapshot])
    return _side(left), _side(right)


def _side(place: Place) -> Taken:
    environment, entries = place.environment, place.snapshot.sections
    return Taken(
        environment.slug,
        environment.tier,
        environment.kind,
        {
            name: body(place.snapshot.project_id, entry["digest"])
            for name, entry in entries.items()
            if entry.get("digest")
        },
        {name: entry.get("reason") or "not-collected" for name, entry in entries.items() if not entry.get("digest")},
    )
