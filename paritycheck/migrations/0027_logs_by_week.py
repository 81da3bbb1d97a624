"""Reports and delivery attempts become tables of weekly partitions, while agents go on reporting.

No row is copied and nothing is scanned under a lock that stops readers or writers: a check of what the old table holds
is added unvalidated and validated beside the writers; then the old table is renamed and attached below a new one, which
takes milliseconds. Every step is a transaction of its own with short timeouts and may be done again, so that a run that
did not get a lock is simply run again. The new tables have no foreign keys: to make or drop a partition would lock the
tables that every report writes.

The release before this one works with either form.
"""

import re
from typing import Any

import django.db.models.deletion
from django.db import migrations, models, transaction

SHORT = "SET LOCAL lock_timeout = '900ms'; SET LOCAL statement_timeout = '2s'"
LONG = "SET LOCAL lock_timeout = '1500ms'; SET LOCAL statement_timeout = 0"
CUT = "date_trunc('week', now() AT TIME ZONE 'UTC') + interval '2 weeks'"
"""A Monday, one to two weeks ahead: until then rows go where they went."""
FOREIGN_KEYS = """
SELECT conname, confrelid::regclass::text FROM pg_constraint
 WHERE contype = 'f' AND conrelid = '{table}'::regclass ORDER BY conname
"""
INDEXES = """
SELECT c.relname, i.indisunique, substring(pg_get_indexdef(c.oid) FROM ' USING .*')
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = '{table}'::regclass ORDER BY c.relname
"""


def logs_by_week(_apps: Any, schema_editor: Any) -> None:
    """Both tables, each where it is not yet done."""
    for table, column in (("paritycheck_report", "received_at"), ("paritycheck_deliveryattempt", "at")):
        by_week(schema_editor.connection, table, column)


def by_week(connection: Any, table: str, column: str) -> None:
    """Make `table` a partitioned one, whose rows until `CUT` stay where they are and become its partition `_before`.

    A row from a clock that is further ahead than the cut is given the present time: it was not received in the future.
    """
    if _one(connection, f"SELECT relkind::text FROM pg_class WHERE oid = '{table}'::regclass") == "p":  # noqa: S608  our own words
        return
    cut = _one(connection, f"SELECT to_char({CUT}, 'YYYY-MM-DD') || ' 00:00:00+00'")
    check = f"CONSTRAINT {table}_before"
    within = f"CHECK ({column} < '{cut}')"
    _do(
        connection,
        SHORT,
        f"ALTER TABLE {table} DROP {check.replace(' ', ' IF EXISTS ')}, ADD {check} {within} NOT VALID",
    )
    _do(connection, LONG, f"UPDATE {table} SET {column} = now() WHERE {column} >= '{cut}'")  # noqa: S608  our own words
    _do(connection, LONG, f"ALTER TABLE {table} VALIDATE {check}")
    for name, other in _all(connection, FOREIGN_KEYS.format(table=table)):
        # In the order of ingest, which writes the instance and then the report: neither waits for the other in a ring.
        with transaction.atomic(using=connection.alias):
            _do(connection, SHORT, f"LOCK TABLE {other} IN ACCESS EXCLUSIVE MODE")
            _do(connection, SHORT, f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    with transaction.atomic(using=connection.alias):
        _do(connection, SHORT, f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        _swap(connection, table, column, cut)


def _swap(connection: Any, table: str, column: str, cut: str) -> None:
    sequence, before = f"{table}_id_seq", f"{table}_before"
    last = _one(connection, f"SELECT coalesce(pg_sequence_last_value('{sequence}'), 0) + 1")
    indexes = _all(connection, INDEXES.format(table=table))
    statements = [
        f"ALTER TABLE {table} ALTER id DROP IDENTITY, ALTER id DROP DEFAULT",
        f"DROP SEQUENCE IF EXISTS {sequence}",
        f"ALTER TABLE {table} RENAME TO {before}",
        *(f'ALTER INDEX "{name}" RENAME TO "{_aside(name)}"' for name, _, _ in indexes),
        f"CREATE TABLE {table} (LIKE {before} INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE ({column})",
        f"ALTER TABLE {table} DROP CONSTRAINT {before}",
        f"CREATE SEQUENCE {sequence} START {last} OWNED BY {table}.id",
        f"ALTER TABLE {table} ALTER id SET DEFAULT nextval('{sequence}')",
        *(f'CREATE INDEX "{name}" ON {table}{rest}' for name, unique, rest in indexes if not unique),
        f"ALTER TABLE {table} ATTACH PARTITION {before} FOR VALUES FROM (MINVALUE) TO ('{cut}')",
        f"ALTER TABLE {before} DROP CONSTRAINT {before}",
        f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT",
        f"ALTER TABLE {table}_default ADD PRIMARY KEY (id)",
    ]
    for statement in statements:
        _do(connection, SHORT, statement)


def _aside(name: str) -> str:
    """The name of an index of the old table, within the 63 bytes that a name may have."""
    return re.sub(r"(_pkey)?$", r"_before\1", name[:50] if not name.endswith("_pkey") else name, count=1)


def _do(connection: Any, limits: str, statement: str) -> None:
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for limit in limits.split("; "):
            cursor.execute(limit)
        cursor.execute(statement)


def _all(connection: Any, question: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return list(cursor.fetchall())


def _one(connection: Any, question: str) -> Any:
    return _all(connection, question)[0][0]


def _log_of(to: str, related_name: str = "+") -> Any:
    return models.ForeignKey(
        db_constraint=False,
        on_delete=django.db.models.deletion.CASCADE,
        related_name=related_name,
        to=f"paritycheck.{to}",
    )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("paritycheck", "0026_job_told")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField("report", "project", _log_of("project")),
                migrations.AlterField("report", "environment", _log_of("environment", "reports")),
                migrations.AlterField("report", "instance", _log_of("instance", "reports")),
                migrations.AlterField("deliveryattempt", "project", _log_of("project")),
            ],
            # The way back is none: the release before works with partitions, and a second run finds its work done.
            database_operations=[migrations.RunPython(logs_by_week, migrations.RunPython.noop)],
        ),
    ]
