"""What a project runs past the end of its support, near it, and with support left; and where."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from paritycheck.core import end_of_life
from paritycheck.core.facts import Fact, Section, Side, State
from paritycheck.core.findings import rank
from paritycheck.core.support_dates import PACKAGES
from paritycheck.models import Drift, Project
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.columns import Column
from paritycheck.selectors.matrix import Matrix
from paritycheck.selectors.states import fact_in, fetch_bodies, section_of

ENDED, SOON, SUPPORTED = "ended", "soon", "supported"
STATES: Final = (ENDED, SOON, SUPPORTED)
DEPENDENCIES: Final = "dependencies"
SECTIONS: Final = (DEPENDENCIES, "runtime", "services")


@dataclass(frozen=True, slots=True)
class Where:
    """An environment that runs something, how bad its end of support is there, and the drift that says so."""

    environment: str
    severity: str
    drift: str


@dataclass(frozen=True, slots=True)
class Ending:
    """One cycle of a product whose last day of support is known, and everywhere that runs it."""

    section: str
    product: str
    cycle: str
    ends: date
    source: str
    state: str
    where: tuple[Where, ...]

    @property
    def severity(self) -> str:
        """The worst of its places; empty where nothing is said of it."""
        return max((place.severity for place in self.where if place.severity), key=rank, default="")


def endings_of(matrix: Matrix) -> tuple[Ending, ...]:
    """What ends first comes first."""
    fetch_bodies(matrix.project.id, [column.snapshot for column in matrix.columns if column.snapshot])
    drifts, sides, today = _support_drifts(matrix.project), _Sides(matrix), matrix.now.date()
    found: dict[_Cycle, dict[str, Where]] = defaultdict(dict)
    for column in matrix.columns:
        for cycle, place in _places(column.slug, sides.of(column), drifts, today):
            found[cycle].setdefault(place.environment, place)
    return tuple(_ending(cycle, tuple(places.values()), today) for cycle, places in sorted(found.items()))


# The last day, the section, the product, its cycle, and who says so.
_Cycle = tuple[date, str, str, str, str]
_Drifts = Mapping[tuple[str, str, str], str]


def _places(slug: str, side: Side, drifts: _Drifts, today: date) -> Iterator[tuple[_Cycle, Where]]:
    severities = {(each.section, each.fact.name): each.severity for each in end_of_life.endings(side, today)}
    for section, fact, support in end_of_life.supported(side):
        at = (section, fact.name)
        cycle = (support.ends, section, _product(section, fact), support.cycle, support.source)
        yield cycle, Where(slug, severities.get(at, ""), drifts.get((slug, *at), ""))


def _ending(cycle: _Cycle, where: tuple[Where, ...], today: date) -> Ending:
    ends, section, product, number, source = cycle
    return Ending(section, product, number, ends, source, _state(ends, today), where)


def _product(section: str, fact: Fact) -> str:
    """What the end of support is of: a service's kind, a runtime's or a system's name, a package."""
    named = section == "services" or fact.name == "os"
    return (fact.kind or fact.name) if named else fact.name


class _Sides:
    """What environments run, as an evaluation sees it: sections that nobody confirms are unknown. Of packages only
    those are decoded of which an end is known, and what environments share is decoded once.
    """

    def __init__(self, matrix: Matrix) -> None:
        self._matrix = matrix
        self._read: dict[tuple[str, str], Section] = {}

    def of(self, column: Column) -> Side:
        environment, stored = column.environment, column.snapshot.sections if column.snapshot else {}
        stale = self._matrix.stale.get(column.slug, frozenset())
        wanted = {name: entry for name, entry in stored.items() if name in SECTIONS}
        sections = {
            name: Section(name, reason="stale") if name in stale else self._section(name, entry)
            for name, entry in wanted.items()
        }
        return Side(column.slug, environment.tier, environment.kind, sections)

    def _section(self, name: str, entry: Mapping[str, Any]) -> Section:
        key = (name, str(entry.get("digest") or entry.get("reason")))
        if key not in self._read:
            self._read[key] = self._decoded(name, entry)
        return self._read[key]

    def _decoded(self, name: str, entry: Mapping[str, Any]) -> Section:
        ident = self._matrix.project.id
        if name != DEPENDENCIES or not entry.get("digest"):
            return section_of(ident, name, entry)
        facts = [fact_in(ident, name, entry, package) for package in PACKAGES]
        return Section(name, {fact.name: fact for fact in facts if fact.state is State.PRESENT})


def _support_drifts(project: Project) -> dict[tuple[str, str, str], str]:
    """The live drifts of rule `end-of-life` by environment, section and name."""
    live = Drift.objects.filter(
        project=project, rule="end-of-life", state__in=(DriftState.OPEN, DriftState.WAIVED)
    ).values_list("left__slug", "section", "name", "id")
    return {(slug, section, name): ident for slug, section, name, ident in live}


def _state(ends: date, today: date) -> str:
    if today > ends:
        return ENDED
    return SOON if today + end_of_life.SOON >= ends else SUPPORTED
