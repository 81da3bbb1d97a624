"""Compares an environment with those it is paired with, and moves drifts through their life."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from paritycheck.models import Environment, Job
from paritycheck.models.jobs import JobKind, JobState
from paritycheck.selectors import clock
from paritycheck.services.jobs import ROUTE, note, request_evaluation
from paritycheck.services.pairs import evaluate_pair
from paritycheck.services.snapshots import affected, merge_silence

log = structlog.get_logger(__name__)
MOST_ATTEMPTS = 5
LOCK_CLASS = 7_301
GROUP_WINDOW_S = 5
PASSING = ("53", "57P")
"""SQLSTATE's classes of what every statement may meet: no resources, and an operator who ends connections."""


def evaluate_environment(*, environment_id: UUID, now: datetime) -> None:
    """Work off the environment's evaluation job, if it is due and nobody else does.

    A killed worker's advisory lock is gone with its connection and the job is still due; after five attempts that
    did not end it is dead, which an operator sees on the system page and in the log.
    """
    due = Job.objects.filter(kind=JobKind.EVALUATE, state=JobState.DUE, due_at__lte=Now())
    job = due.filter(environment_id=environment_id).first()
    if job is None:
        return
    with _alone(job) as alone:
        if alone and _begin(job):
            _evaluate(job, now)


@contextmanager
def _alone(job: Job) -> Iterator[bool]:
    """Whether this session got the job's lock; five wake-ups at once are one run."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_CLASS, job.pk])
        row = cursor.fetchone()
    got = bool(row and row[0])
    try:
        yield got
    finally:
        if got and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_CLASS, job.pk])


def _begin(job: Job) -> bool:
    """Count the attempt before it is made, so that a run that kills its process is counted too."""
    job.refresh_from_db()
    if job.state != JobState.DUE:
        return False
    if job.attempts >= MOST_ATTEMPTS:
        Job.objects.filter(pk=job.pk).update(state=JobState.DEAD, finished_at=clock.now())
        log.error("evaluation given up", environment=str(job.environment_id), attempts=job.attempts)
        return False
    Job.objects.filter(pk=job.pk).update(attempts=F("attempts") + 1)
    return True


def _evaluate(job: Job, now: datetime) -> None:
    try:
        _merge_silence(job.environment_id, now)
        with transaction.atomic():
            again_in = evaluate_pairs(environment_id=job.environment_id, now=now)
            _finish(job, again_in)
    except Exception as error:
        given_back = {"attempts": F("attempts") - 1} if _passes(error) else {}
        Job.objects.filter(pk=job.pk).update(error=type(error).__name__, **given_back)
        raise


def _passes(error: Exception) -> bool:
    """Whether PostgreSQL had no room, no memory or no time for anybody: that says nothing of what is compared."""
    return str(getattr(error.__cause__, "sqlstate", None) or "").startswith(PASSING)


def _merge_silence(environment_id: UUID, now: datetime) -> None:
    """Time takes instances out of the merge; whoever is compared with a snapshot that opens so is evaluated too."""
    with transaction.atomic():
        environment = Environment.objects.select_related("project", "latest").get(pk=environment_id)
        if merge_silence(environment=environment, now=now):
            others = [one for one in affected(environment) if one.pk != environment.pk]
            request_evaluation(environments=others)


def _finish(job: Job, again_in: timedelta | None) -> None:
    """End the job unless it was asked for again meanwhile; `again_in` makes it due again."""
    Job.objects.filter(pk=job.pk).update(attempts=0, finished_at=clock.now(), error="")
    unasked = Job.objects.filter(pk=job.pk, wanted=job.wanted)
    if again_in is None:
        unasked.update(state=JobState.DONE)
    else:
        unasked.update(due_at=Now() + again_in)


def evaluate_pairs(*, environment_id: UUID, now: datetime) -> timedelta | None:
    """Evaluate every pair the environment is part of; the time after which to look again, where time decides."""
    environment = Environment.objects.select_related("project__baseline").get(pk=environment_id)
    again = [evaluate_pair(left=left, right=right, now=now) for left, right in pairs_of(environment)]
    note(ROUTE, environment.project_id, countdown=GROUP_WINDOW_S)
    return min((span for span in again if span is not None), default=None)


def pairs_of(environment: Environment) -> list[tuple[Environment, Environment]]:
    """The look inside, and the comparison with the baseline; none of an environment that expired. What the baseline
    reports makes everybody's job due.
    """
    if environment.latest_id is None or environment.expired_at is not None:
        return []
    baseline = environment.project.baseline
    inside = [(environment, environment)]
    if baseline is None or baseline.latest_id is None or baseline.pk == environment.pk:
        return inside
    return [*inside, (environment, baseline)]
