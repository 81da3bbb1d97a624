"""The tools gap of a project: how far each environment is from the baseline by section, and what is near its end.

Nothing is judged here: distances and parity stand as the last evaluation of each pair left them, ends of support as
`core.end_of_life` knows them. Callers bring a project they were given by `selectors.projects`.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Count, F

from paritycheck.core.bands import Band, tools_band
from paritycheck.core.parity import DISTANCES, Parity
from paritycheck.models import Drift, Pair, Project
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.cohorts import Cohort, cohort_of
from paritycheck.selectors.columns import Column, columns_of
from paritycheck.selectors.endings import Ending, endings_of
from paritycheck.selectors.lines import SECTIONS
from paritycheck.selectors.matrix import Matrix
from paritycheck.selectors.policies import policy_of


@dataclass(frozen=True, slots=True)
class Chapter:
    """One section of a pair; `parity` is of no value where it holds nothing that weighs."""

    section: str
    parity: Parity
    relations: Mapping[str, int]
    drifts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Distance:
    """An environment against the baseline. `by_distance` counts the weighed facts that differ, as DISTANCES has them;
    it is None, and there are no chapters, where the pair was last evaluated by a release that did not count them.
    """

    column: Column
    parity: Parity
    band: Band
    drifts: Mapping[str, int]
    chapters: tuple[Chapter, ...]
    by_distance: tuple[int, ...] | None


@dataclass(frozen=True)
class Tools:
    """All of it, environments in order of promotion."""

    matrix: Matrix
    distances: tuple[Distance, ...]
    endings: tuple[Ending, ...]
    cohorts: tuple[Cohort, ...]

    @cached_property
    def farthest(self) -> Distance | None:
        """The environment with the lowest parity; of those that draw the one with the worse drifts."""
        told = [each for each in self.distances if each.parity.value is not None]
        return min(told, key=_nearness, default=None)


def _nearness(each: Distance) -> tuple[float, int, int]:
    value = 1.0 if each.parity.value is None else each.parity.value
    return value, -each.drifts.get("error", 0), -each.drifts.get("warning", 0)


def tools_of(project: Project, now: datetime) -> Tools:
    """Of a project that the caller may see."""
    policy = policy_of(project)
    columns = columns_of(project, now)
    matrix = Matrix(project, columns, (), now, timedelta(seconds=policy.unknown_after_s))
    drifts = _open_drifts(project)
    compared = [column for column in columns if column.pair is not None and not column.baseline]
    cohorts = (cohort_of(column, matrix) for column in columns)
    return Tools(
        matrix,
        tuple(_distance(column, column.pair, drifts) for column in compared if column.pair),
        endings_of(matrix),
        tuple(cohort for cohort in cohorts if cohort is not None),
    )


Drifts = Mapping[tuple[UUID, UUID], Mapping[str, Mapping[str, int]]]


def _open_drifts(project: Project) -> Drifts:
    """Open drifts by pair, section and severity."""
    found: dict[tuple[UUID, UUID], dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    rows = Drift.objects.filter(project=project, state=DriftState.OPEN).exclude(left_id=F("right_id"))
    for row in rows.values("left_id", "right_id", "section", "severity").annotate(count=Count("id")):
        found[row["left_id"], row["right_id"]][row["section"]][row["severity"]] = row["count"]
    return found


def _distance(column: Column, pair: Pair, drifts: Drifts) -> Distance:
    by_section = drifts.get((pair.left_id, pair.right_id), {})
    total: Counter[str] = Counter()
    for held in by_section.values():
        total.update(held)
    stand = Parity(pair.parity, pair.coverage)
    counted = [_by_distance(said) for said in pair.sections.values()]
    return Distance(
        column,
        stand,
        tools_band(stand, list(total)),
        dict(total),
        tuple(_chapter(section, pair, by_section.get(section, {})) for section in SECTIONS if section in pair.sections),
        tuple(map(sum, zip(*counted, strict=True))) if counted else None,
    )


def _chapter(section: str, pair: Pair, drifts: Mapping[str, int]) -> Chapter:
    said = pair.sections[section]
    parity = Parity(said.get("parity"), said.get("coverage") or 0.0)
    return Chapter(section, parity, pair.counts.get(section, {}), drifts)


def _by_distance(said: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(int(said.get("by_distance", {}).get(name, 0)) for name in DISTANCES)
