"""Environments of a project that are silent, and those whose comparison does not end."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, Min, Q

from paritycheck.models import Instance, Job, Pair, Project
from paritycheck.models.jobs import JobState
from paritycheck.selectors.columns import FRESH_UNTIL, NEVER_SILENT


@dataclass(frozen=True, slots=True)
class Failure:
    """A comparison that failed: what is shown is of `shown`, None for nothing; `dead` once it was given up."""

    slug: str
    dead: bool
    attempts: int
    shown: datetime | None


def silent_in(project: Project, now: datetime) -> list[tuple[str, datetime]]:
    """The environments of which no instance is fresh, and when one was last seen; one query."""
    rows: Any = (
        Instance.objects.filter(environment__project=project, environment__expired_at=None, retired_at=None)
        .exclude(environment__kind__in=NEVER_SILENT)
        .values("environment__slug")
        .annotate(seen=Max("last_seen"), until=Max(FRESH_UNTIL))
        .order_by("environment__slug")
    )
    return [(row["environment__slug"], row["seen"]) for row in rows if row["until"] < now]


def failures_in(project: Project) -> dict[UUID, Failure]:
    """By environment: what was given up, and what failed and is tried again; one query, two where there are some."""
    jobs = list(
        Job.objects.filter(Q(state=JobState.DEAD) | Q(state=JobState.DUE, attempts__gt=0) & ~Q(error=""))
        .filter(project=project, environment__expired_at=None)
        .select_related("environment")
        .order_by("environment__slug")
    )
    shown = _shown(project, [job.environment_id for job in jobs]) if jobs else {}
    return {
        job.environment_id: Failure(
            job.environment.slug, job.state == JobState.DEAD, job.attempts, shown.get(job.environment_id)
        )
        for job in jobs
    }


def _shown(project: Project, environments: list[UUID]) -> dict[UUID, datetime]:
    rows = Pair.objects.filter(project=project, left__in=environments)
    found: Any = rows.values("left_id").annotate(at=Min("evaluated_at")).order_by()
    return {row["left_id"]: row["at"] for row in found}
