"""What partitions a log has, as PostgreSQL tells it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

BOUND = r"substring(pg_get_expr(c.relpartbound, c.oid) FROM '{} \(''([^'']+)''\)')::timestamptz"
PARTITIONS = f"""
SELECT c.relname, {BOUND.format("FROM")}, {BOUND.format("TO")}
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
 WHERE i.inhparent = %s::regclass ORDER BY 3 NULLS LAST
"""  # noqa: S608  our own words
LEFT = """
SELECT relname FROM pg_class
 WHERE relkind = 'r' AND NOT relispartition
   AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = %s::regclass)
   AND relname ~ ('^' || %s || '_([0-9]{8}|before)$') ORDER BY relname
"""


@dataclass(frozen=True, slots=True)
class Partition:
    """A part of a table: rows from `since`, before `until`. One without `since` holds all before; one without `until`
    what belongs nowhere else.
    """

    name: str
    since: datetime | None
    until: datetime | None


def partitions_of(table: str) -> list[Partition]:
    """The oldest first, the default one last."""
    return [Partition(*row) for row in _rows(PARTITIONS, table)]


def partitions_left(table: str) -> list[str]:
    """Tables that were partitions of this one, and were detached."""
    return [name for (name,) in _rows(LEFT, table, table)]


def strays_of(table: str, column: str) -> list[datetime]:
    """Mondays of the weeks for which there are rows in the default partition."""
    week = f"date_trunc('week', {column} AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'"
    return [at for (at,) in _rows(f"SELECT DISTINCT {week} FROM {table}_default ORDER BY 1 LIMIT 100")]  # noqa: S608  our own words


def _rows(question: str, *values: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return list(cursor.fetchall())
