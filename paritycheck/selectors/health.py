"""Whether the installation can work: its tables, and the processes that were seen."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now

from paritycheck.models import ProcessBeat

PROCESSES = ("worker", "sender", "beat")
LATE_AFTER_S = 120


@dataclass(frozen=True, slots=True)
class Seen:
    """A kind of process and how many seconds ago it was seen at work; None for one that never was.

    `told` is whether administrators were mailed of its silence.
    """

    name: str
    age_s: int | None
    version: str = ""
    told: bool = False

    @property
    def late(self) -> bool:
        """Whether it missed several of its signs of life, which come every 30 s."""
        return self.age_s is None or self.age_s > LATE_AFTER_S


def processes_seen() -> list[Seen]:
    """Ages by PostgreSQL's clock. Raises django.db.Error when it does not answer."""
    age = ExpressionWrapper(Now() - F("seen_at"), output_field=DurationField())
    rows = {row.name: row for row in ProcessBeat.objects.annotate(age=age)}
    return [_seen(name, rows.get(name)) for name in PROCESSES]


def _seen(name: str, row: Any) -> Seen:
    if row is None:
        return Seen(name, None)
    return Seen(name, max(0, int(row.age.total_seconds())), row.version, row.told_at is not None)


def is_migrated() -> bool:
    """Whether every migration of this code is applied."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
