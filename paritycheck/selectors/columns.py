"""The environments of a project as pages show them: in order of promotion, with who reports and how fresh it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, DateTimeField, DurationField, ExpressionWrapper, F, Max, Value, When

from paritycheck.core.freshness import GRACE, ONE_SHOT
from paritycheck.models import Environment, Instance, Pair, Project, Snapshot
from paritycheck.models.projects import EnvironmentKind, Tier

PROMOTION = (Tier.OTHER, Tier.DEVELOPMENT, Tier.TESTING, Tier.STAGING, Tier.PRODUCTION)
NEVER_SILENT = frozenset({EnvironmentKind.COHORT, EnvironmentKind.EPHEMERAL})

_INTERVAL = ExpressionWrapper(F("interval_s") * Value(timedelta(seconds=2)), output_field=DurationField())
# Until when an instance counts as fresh (`core.freshness`); the greatest of an environment is its own.
FRESH_UNTIL = Case(
    When(interval_s=None, then=F("last_seen") + Value(ONE_SHOT)),
    default=F("last_seen") + _INTERVAL + Value(GRACE),
    output_field=DateTimeField(),
)


@dataclass(frozen=True, slots=True)
class Pulse:
    """An environment's instances together: how many, when one was last seen, until when one of them is fresh."""

    instances: int
    seen: datetime
    fresh_until: datetime


@dataclass(frozen=True, slots=True)
class Column:
    """One environment; `pair` is its last comparison with the baseline, the last good one where later ones failed."""

    environment: Environment
    baseline: bool
    pulse: Pulse | None
    pair: Pair | None
    silent: bool

    @property
    def slug(self) -> str:
        """Its name."""
        return self.environment.slug

    @property
    def snapshot(self) -> Snapshot | None:
        """What it looks like now."""
        return self.environment.latest


def pulses_of(projects: Iterable[UUID]) -> dict[UUID, Pulse]:
    """By environment, in one query."""
    rows: Any = (
        Instance.objects.filter(project__in=list(projects), retired_at=None)
        .values("environment_id")
        .annotate(count=Count("id"), seen=Max("last_seen"), until=Max(FRESH_UNTIL))
    )
    return {row["environment_id"]: Pulse(row["count"], row["seen"], row["until"]) for row in rows}


def is_silent(environment: Environment, pulse: Pulse | None, now: datetime) -> bool:
    """Whether it reported once and none of its instances is fresh; laptops and review apps may fall silent."""
    return pulse is not None and environment.kind not in NEVER_SILENT and pulse.fresh_until < now


def in_order(environments: Iterable[Environment], baseline_id: UUID | None) -> list[Environment]:
    """By promotion, the baseline last."""
    return sorted(
        environments,
        key=lambda each: (each.id == baseline_id, PROMOTION.index(Tier(each.tier)), each.created_at, each.slug),
    )


def columns_of(project: Project, now: datetime) -> tuple[Column, ...]:
    """Every environment of a project that the caller may see; four queries however many there are."""
    rows = Environment.objects.filter(project=project, expired_at=None).select_related("latest")
    environments = list(rows.prefetch_related("instances"))
    pulses = pulses_of([project.id])
    pairs = {
        pair.left_id: pair
        for pair in Pair.objects.filter(project=project, right_id=project.baseline_id)
        if pair.left_id != pair.right_id
    }
    return tuple(
        Column(
            environment=each,
            baseline=each.id == project.baseline_id,
            pulse=pulses.get(each.id),
            pair=pairs.get(each.id),
            silent=is_silent(each, pulses.get(each.id), now),
        )
        for each in in_order(environments, project.baseline_id)
    )
