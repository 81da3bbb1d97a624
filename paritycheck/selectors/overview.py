"""All projects that a user may see: how far apart each is, and which needs a look first."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, F, IntegerField, QuerySet, Value, When

from paritycheck.models import Drift, Environment, Pair, Project, Waiver
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.columns import Pulse, in_order, is_silent, pulses_of

_RANK = Case(
    When(severity="error", then=Value(0)),
    When(severity="warning", then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)


# What differs between two environments weighs more than what one would have to mend in any case.
_INSIDE = Case(When(left=F("right"), then=Value(1)), default=Value(0), output_field=IntegerField())
WEEK = timedelta(days=7)


@dataclass(slots=True)
class Standing:
    """One project: its environments in order, its open drifts by severity and the worst of them, its pairs."""

    project: Project
    environments: list[Environment] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    worst: Drift | None = None
    pairs: list[Pair] = field(default_factory=list)
    silent: list[tuple[Environment, datetime]] = field(default_factory=list)
    seen: datetime | None = None

    @property
    def headline(self) -> Pair | None:
        """The comparison of the environment next to the baseline."""
        by_left = {pair.left_id: pair for pair in self.pairs}
        near = [by_left[each.id] for each in self.environments if each.id in by_left]
        return near[-1] if near else None

    @property
    def weight(self) -> tuple[int, int, int, int]:
        """Sorts the worst first; silence counts as a warning does."""
        errors, warnings = self.counts.get("error", 0), self.counts.get("warning", 0)
        gap = self.headline.time.get("band") if self.headline else ""
        middling = warnings + len(self.silent) + (gap == "warning")
        return -errors, -(gap == "error"), -middling, -self.counts.get("note", 0)


def standings(projects: QuerySet[Project], now: datetime) -> list[Standing]:
    """The worst first; six queries however many projects there are."""
    found = {project.id: Standing(project) for project in projects}
    pulses = pulses_of(found)
    _add_environments(found, pulses, now)
    for row in _counts(found):
        found[row["project_id"]].counts[row["severity"]] = row["count"]
    for drift in _worst(found):
        found[drift.project_id].worst = drift
    baselines = {standing.project.baseline_id for standing in found.values()}
    for pair in Pair.objects.filter(project__in=list(found), right__in=baselines - {None}):
        if pair.left_id != pair.right_id:
            found[pair.project_id].pairs.append(pair)
    return sorted(found.values(), key=lambda standing: (standing.weight, standing.project.slug))


def _add_environments(found: dict[UUID, Standing], pulses: dict[UUID, Pulse], now: datetime) -> None:
    grouped: dict[UUID, list[Environment]] = defaultdict(list)
    for environment in Environment.objects.filter(project__in=list(found), expired_at=None):
        grouped[environment.project_id].append(environment)
    for project_id, environments in grouped.items():
        standing = found[project_id]
        standing.environments = in_order(environments, standing.project.baseline_id)
        held = [(each, pulses[each.id]) for each in standing.environments if each.id in pulses]
        standing.silent = [(each, pulse.seen) for each, pulse in held if is_silent(each, pulse, now)]
        standing.seen = max((pulse.seen for _, pulse in held), default=None)


def _counts(found: Iterable[UUID]) -> Any:
    opened = Drift.objects.filter(project__in=list(found), state=DriftState.OPEN)
    return opened.values("project_id", "severity").annotate(count=Count("id")).order_by()


def _worst(found: Iterable[UUID]) -> QuerySet[Drift]:
    opened = Drift.objects.filter(project__in=list(found), state=DriftState.OPEN).annotate(rank=_RANK, inside=_INSIDE)
    ranked = opened.order_by("project_id", "rank", "inside", "-distance", "opened_at", "id")
    return ranked.distinct("project_id").select_related("left", "right")


def new_and_ending(projects: Iterable[UUID], now: datetime) -> tuple[int, int]:
    """How many open drifts came in the last seven days, and how many waivers end in the next seven; two queries."""
    ids = list(projects)
    fresh = Drift.objects.filter(project__in=ids, state=DriftState.OPEN, opened_at__gt=now - WEEK)
    ending = Waiver.objects.filter(project__in=ids, ended_at=None, until__gt=now, until__lte=now + WEEK)
    return fresh.count(), ending.count()
