"""Weeks of the logs: made ahead, filled with what came too early for them, and dropped as a whole when they are old.

Names are ours and stand in the statements; the time comes from PostgreSQL, whose clock alone counts here. Nothing waits
long for a lock, because whoever waits for a strong one holds up everybody behind: what is in use (a backup that reads
it, say) is left for the next run.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable, QueryCanceled

from paritycheck.selectors.partitions import Partition, partitions_left, partitions_of, strays_of

log = structlog.get_logger(__name__)
AHEAD: Final = 4
"""Weeks that stand ready beyond the present one."""
WEEK: Final = timedelta(weeks=1)
LIMITS: Final = "SET LOCAL lock_timeout = '500ms'; SET LOCAL statement_timeout = '2s'"
MOST_MOVED: Final = 20_000
"""Rows that are moved into a new week, while nobody can write into the default partition. More stay where they are."""
BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Log:
    """A table that is partitioned by week of `column`, and how long a row of it is kept."""

    table: str
    column: str
    kept: timedelta


def logs() -> list[Log]:
    """All of them."""
    return [
        Log("paritycheck_report", "received_at", timedelta(days=settings.KEEP_DAYS["reports"])),
        Log("paritycheck_deliveryattempt", "at", timedelta(days=settings.KEEP_DAYS["deliveries"])),
    ]


def tend_partitions(*, now: datetime) -> None:
    """Drop the weeks of every log that are older than it is kept, and make those to come. `now` is PostgreSQL's."""
    for one in logs():
        _drop_left(one)
        for partition in partitions_of(one.table):
            if partition.until is not None and partition.until <= now - one.kept:
                _drop(one, partition)
        _forget_strays(one, now)
        for week in _weeks_lacking(one, now):
            _make(one, week)


def _weeks_lacking(one: Log, now: datetime) -> list[datetime]:
    """Mondays of the weeks that are to have a partition, and have none: those to come, and those that rows came for
    when they had none. What lies further ahead comes from a clock that goes wrong, and waits in the default partition.
    """
    here = monday(now)
    wanted = {here + WEEK * number for number in range(AHEAD + 1)}
    wanted |= {week for week in strays_of(one.table, one.column) if now - one.kept - WEEK < week < here}
    taken = [(each.since, each.until) for each in partitions_of(one.table) if each.until is not None]
    return sorted(
        week for week in wanted
        if not any((since is None or since <= week) and week < until for since, until in taken)
    )  # fmt: skip


def monday(at: datetime) -> datetime:
    """When its week began, UTC."""
    day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())


def _make(one: Log, week: datetime) -> None:
    """A partition for a week, with the rows of the default one that belong there. It is filled before it is attached:
    a reader sees each of them once, in the one or in the other.
    """
    name, bounds = f"{one.table}_{week:%Y%m%d}", (week.isoformat(), (week + WEEK).isoformat())
    where = f"{one.column} >= '{bounds[0]}' AND {one.column} < '{bounds[1]}'"
    with _unless_in_use(name):
        _run(f"LOCK TABLE {one.table}_default IN ACCESS EXCLUSIVE MODE")
        _run(f"CREATE TABLE {name} (LIKE {one.table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS, PRIMARY KEY (id))")
        strays = _run(f"SELECT 1 FROM {one.table}_default WHERE {where} LIMIT {MOST_MOVED + 1}")  # noqa: S608  our own words
        if strays > MOST_MOVED:
            raise _NotNowError(f"more than {MOST_MOVED} rows came before their week was made")
        if strays:
            _run(
                f"WITH gone AS (DELETE FROM {one.table}_default WHERE {where} RETURNING *)"  # noqa: S608  our own words
                f" INSERT INTO {name} SELECT * FROM gone"
            )
        _run(f"ALTER TABLE {one.table} ATTACH PARTITION {name} FOR VALUES FROM ('{bounds[0]}') TO ('{bounds[1]}')")
        log.info("partition made", partition=name, moved=strays)


def _drop(one: Log, partition: Partition) -> None:
    """Detach, which locks the table for a moment, and drop then, which locks nobody any more. PostgreSQL detaches
    without a lock only where there is no default partition.
    """
    with _unless_in_use(partition.name):
        _run(f"ALTER TABLE {one.table} DETACH PARTITION {partition.name}")
    _drop_left(one)


def _drop_left(one: Log) -> None:
    """Drop what was detached, here or by a run that was killed before it could."""
    for name in partitions_left(one.table):
        with _unless_in_use(name):
            _run(f"DROP TABLE {name}")
            log.info("partition dropped", partition=name)


def _forget_strays(one: Log, now: datetime) -> None:
    """Rows of the default partition that are older than they are kept, in small batches: there are few at all."""
    table, old = f"{one.table}_default", (now - one.kept).isoformat()
    batch = f"SELECT id FROM {table} WHERE {one.column} < '{old}' ORDER BY id LIMIT {BATCH}"  # noqa: S608  our own words
    gone, total = BATCH, 0
    while gone == BATCH and total < MOST_MOVED:
        gone = _run(f"DELETE FROM {table} WHERE id IN ({batch})")  # noqa: S608  our own words
        total += gone
    if total:
        log.info("old rows deleted", table=table, rows=total)


class _NotNowError(Exception):
    """What there is to do would hold others up for too long."""


@contextmanager
def _unless_in_use(name: str) -> Iterator[None]:
    """A transaction that waits for no lock for long; without it the work is left to the next run."""
    try:
        with transaction.atomic():
            for limit in LIMITS.split("; "):
                _run(limit)
            yield
    except _NotNowError as error:
        log.warning("partition left as it is", partition=name, why=str(error))
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable | QueryCanceled):
            raise
        log.warning("partition left for the next run", partition=name, why=type(error.__cause__).__name__)


def _run(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.rowcount)
