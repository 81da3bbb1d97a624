"""Periodic work once a period, however many beats ask for it, and a row that tells how it went."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from paritycheck.models import PeriodRun

log = structlog.get_logger(__name__)
LOCK_CLASS: Final = 7_302
MOST_ATTEMPTS: Final = 5
MISSED_AFTER: Final = 2
"""Periods after which somebody else does the work: the first may just not be over."""


@contextmanager
def period(*, task: str, every_s: int) -> Iterator[bool]:
    """Whether the present period of `task` is the caller's to work on; the row is ended with the block.

    False where it was worked on already, is being worked on by another session, or has killed its process five
    times. A run that was killed is anybody's again: its advisory lock is gone with its connection.
    """
    with _alone(task) as alone:
        run = _begin(task, every_s) if alone else None
        try:
            yield run is not None
        except Exception as error:
            _end(run, type(error).__name__)
            raise
        _end(run, "")


@contextmanager
def _alone(task: str) -> Iterator[bool]:
    got = _ask("SELECT pg_try_advisory_lock(%s, hashtext(%s))", LOCK_CLASS, task)
    try:
        yield bool(got)
    finally:
        if got and connection.is_usable():
            _ask("SELECT pg_advisory_unlock(%s, hashtext(%s))", LOCK_CLASS, task)


def _ask(statement: str, *values: int | str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    return row[0] if row else None


def _begin(task: str, every_s: int) -> PeriodRun | None:
    run, created = PeriodRun.objects.get_or_create(task=task, period_start=_period_start(every_s))
    if created:
        return run
    if run.ended_at is not None:
        return None
    if run.attempts >= MOST_ATTEMPTS:
        log.error("periodic work given up for this period", task=task, attempts=run.attempts)
        return None
    PeriodRun.objects.filter(pk=run.pk).update(attempts=F("attempts") + 1, ran_at=Now())
    return run


def _period_start(every_s: int) -> datetime:
    """By PostgreSQL's clock, so that hosts with different ones agree on the period."""
    statement = "SELECT to_timestamp(floor(extract(epoch FROM clock_timestamp()) / %s) * %s)"
    found = _ask(statement, every_s, every_s)
    if not isinstance(found, datetime):
        raise TypeError(statement)
    return found


def _end(run: PeriodRun | None, error: str) -> None:
    if run is not None and (not error or connection.is_usable()):
        PeriodRun.objects.filter(pk=run.pk).update(ended_at=Now(), error=error)


def periods_missed(*, periods: Mapping[str, int]) -> list[str]:
    """Tasks of `periods` (seconds by name) that did not begin for two of their periods: a broker that is away, or
    workers that are. One run makes up for all that was missed.
    """
    return [
        task
        for task, every_s in periods.items()
        if not PeriodRun.objects.filter(
            task=task, ran_at__gt=Now() - timedelta(seconds=MISSED_AFTER * every_s)
        ).exists()
    ]
