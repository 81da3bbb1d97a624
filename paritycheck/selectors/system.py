"""What an installation does and holds, as numbers over all of its projects: for its administrators and monitoring."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count
from django.db.models.functions import Now

from paritycheck.models import Delivery, Drift, Environment, Instance, Job, PeriodRun, Project
from paritycheck.models.deliveries import DeliveryState
from paritycheck.models.drifts import DriftState
from paritycheck.models.jobs import JobState

MOST_ERRORS = 10
MOST_TABLES = 8
ALWAYS = ("paritycheck_sectionbody", "paritycheck_report")
WORK = """
SELECT (SELECT count(*) FROM paritycheck_job WHERE state = 'due' AND due_at <= now()),
       (SELECT count(*) FROM paritycheck_job WHERE state = 'dead'),
       (SELECT extract(epoch FROM now() - min(due_at)) FROM paritycheck_job WHERE state = 'due' AND due_at <= now()),
       (SELECT count(*) FROM paritycheck_driftevent WHERE routed_at IS NULL),
       (SELECT count(*) FROM paritycheck_delivery WHERE state = 'due' AND due_at <= now()),
       (SELECT count(*) FROM paritycheck_delivery WHERE state = 'due' AND due_at > now()),
       (SELECT count(*) FROM paritycheck_delivery WHERE state = 'dead'),
       (SELECT extract(epoch FROM now() - min(due_at)) FROM paritycheck_delivery
         WHERE state = 'due' AND due_at <= now())
"""
TABLES = """
SELECT whole.relname, sum(pg_total_relation_size(part.oid)) AS size, sum(nullif(part.reltuples, -1))::bigint
  FROM pg_class part LEFT JOIN pg_inherits i ON i.inhrelid = part.oid AND part.relispartition
  JOIN pg_class whole ON whole.oid = coalesce(i.inhparent, part.oid)
 WHERE part.relkind = 'r' AND part.relnamespace = to_regnamespace('public')
 GROUP BY whole.relname ORDER BY whole.relname = ANY(%s) DESC, size DESC, whole.relname LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Work:
    """What waits. Ages are seconds of the longest waiting, 0 where nothing waits; `held` waits for its time: a next
    try, quiet hours.
    """

    jobs_due: int
    jobs_dead: int
    jobs_oldest_s: int
    events_unrouted: int
    deliveries_due: int
    deliveries_held: int
    deliveries_dead: int
    deliveries_oldest_s: int


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its indexes and all of its partitions; `rows` is PostgreSQL's estimate, None until it made one."""

    name: str
    size: int
    rows: int | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that was given up or failed; `error` is the name of what it ended with, never its text."""

    at: datetime | None
    what: str
    project: str
    error: str


def work_waiting() -> Work:
    """One query."""
    with connection.cursor() as cursor:
        cursor.execute(WORK)
        row = cursor.fetchone() or (0,) * 8
    return Work(*(int(value or 0) for value in row))


def runs_last(tasks: Sequence[str]) -> dict[str, PeriodRun]:
    """The last run of each periodic task that ever ran."""
    rows = PeriodRun.objects.filter(task__in=tasks).order_by("task", "-period_start").distinct("task")
    return {row.task: row for row in rows}


def database_size() -> int:
    """Bytes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def database_version() -> str:
    """`18.1`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT split_part(current_setting('server_version'), ' ', 1)")
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def tables_largest() -> list[Table]:
    """Those of reports and bodies, and the largest of all others; largest first."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES, [list(ALWAYS), MOST_TABLES])
        rows = cursor.fetchall()
    return [
        Table(name.removeprefix("paritycheck_"), int(size), counted)
        for name, size, counted in sorted(rows, key=lambda row: (-row[1], row[0]))
    ]


def counts_held() -> dict[str, int]:
    """Projects, environments, and instances that have not retired."""
    return {
        "projects": Project.objects.count(),
        "environments": Environment.objects.count(),
        "instances": Instance.objects.filter(retired_at__isnull=True).count(),
    }


def drifts_open() -> list[tuple[str, str, int]]:
    """Project, severity and how many of its drifts are open."""
    rows = Drift.objects.filter(state=DriftState.OPEN).values_list("project__slug", "severity").order_by()
    return sorted(rows.annotate(count=Count("pk")))


def troubles_last() -> list[Trouble]:
    """Evaluations and messages that were given up, and periodic work that failed in the last week; newest first."""
    found = [*_dead_jobs(), *_dead_deliveries(), *_failed_runs()]
    found.sort(key=lambda one: one.at.timestamp() if one.at else 0.0, reverse=True)
    return found[:MOST_ERRORS]


def _dead_jobs() -> list[Trouble]:
    rows = Job.objects.filter(state=JobState.DEAD).select_related("project", "environment").order_by("-finished_at")
    return [
        Trouble(row.finished_at, f"evaluation of {row.environment.slug}", row.project.slug, row.error or "killed")
        for row in rows[:MOST_ERRORS]
    ]


def _dead_deliveries() -> list[Trouble]:
    rows = Delivery.objects.filter(state=DeliveryState.DEAD).select_related("project").order_by("-created_at")
    return [
        Trouble(row.created_at, f"{row.channel} message, {row.kind}", row.project.slug, row.error)
        for row in rows[:MOST_ERRORS]
    ]


def _failed_runs() -> list[Trouble]:
    rows = PeriodRun.objects.exclude(error="").filter(ran_at__gt=Now() - timedelta(days=7)).order_by("-ran_at")
    return [Trouble(row.ran_at, row.task, "", row.error) for row in rows[:MOST_ERRORS]]
