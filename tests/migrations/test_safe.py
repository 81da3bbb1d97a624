"""A migration runs while the service does, and while the release before it does: it may neither lock nor break them."""

from __future__ import annotations

from itertools import dropwhile
from typing import TYPE_CHECKING, Any

import pytest

from tests.migrations.unsafe import faults

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST = 27
"""Those before were made before anybody ran a release."""
PROVEN = {
    "logs_by_week": "every step has timeouts of its own; make chaos NAME=migrate runs it on a million rows",
}
"""Migrations of Python code, whose SQL cannot be read here, and how it is known that they hold nobody up."""

UNSAFE = [
    'CREATE INDEX "by_name" ON "paritycheck_report" ("name")',
    'CREATE UNIQUE INDEX "by_name" ON "paritycheck_report" ("name")',
    "DROP INDEX by_name",
    "REINDEX TABLE paritycheck_report",
    'ALTER TABLE "paritycheck_report" DROP COLUMN "seq" CASCADE',
    'ALTER TABLE "paritycheck_report" RENAME COLUMN "seq" TO "number"',
    'ALTER TABLE "paritycheck_report" RENAME TO "other"',
    'ALTER TABLE "paritycheck_report" ALTER COLUMN "seq" TYPE bigint USING "seq"::bigint',
    'ALTER TABLE "paritycheck_report" ALTER COLUMN "seq" SET NOT NULL',
    'ALTER TABLE "paritycheck_report" ADD CONSTRAINT "once" UNIQUE ("project_id", "seq")',
    'ALTER TABLE "paritycheck_report" ADD CONSTRAINT "positive" CHECK ("seq" >= 0)',
    'ALTER TABLE "a" ADD CONSTRAINT "b" FOREIGN KEY ("c") REFERENCES "d" ("id") DEFERRABLE INITIALLY DEFERRED',
    'ALTER TABLE "a" ADD COLUMN "b" integer NOT NULL',
    'ALTER TABLE "a" ADD COLUMN "b" integer NOT NULL CHECK ("b" >= 0)',
    'ALTER TABLE "a" ADD COLUMN "b" integer DEFAULT 1 NOT NULL; ALTER TABLE "a" ALTER COLUMN "b" DROP DEFAULT;',
    'ALTER TABLE "a" ADD COLUMN "b" uuid DEFAULT gen_random_uuid() NOT NULL',
    'ALTER TABLE "a" ADD COLUMN "b" integer GENERATED ALWAYS AS ("c" + 1) STORED',
    'DROP TABLE "paritycheck_report" CASCADE',
    "TRUNCATE paritycheck_report",
    "LOCK TABLE paritycheck_report IN ACCESS EXCLUSIVE MODE",
    "VACUUM FULL paritycheck_report",
    "-- why\nUPDATE paritycheck_report SET stale = false",
    "delete from paritycheck_report where stale",
    "ALTER TABLE paritycheck_report DETACH PARTITION paritycheck_report_before",
    'CREATE TABLE "new" ("id" bigint); ALTER TABLE "old" DROP COLUMN "a"',
]
SAFE = [
    'CREATE TABLE "new" ("id" bigint NOT NULL); ALTER TABLE "new" ADD CONSTRAINT "u" UNIQUE ("id")',
    'CREATE TABLE "new" ("id" bigint NOT NULL); CREATE INDEX "i" ON "new" ("id")',
    'CREATE INDEX CONCURRENTLY "by_name" ON "paritycheck_report" ("name")',
    "DROP INDEX CONCURRENTLY by_name",
    'ALTER TABLE "a" ADD COLUMN "b" integer NULL',
    "ALTER TABLE \"a\" ADD COLUMN \"b\" varchar(16) DEFAULT '' NOT NULL",
    'ALTER TABLE "a" ADD CONSTRAINT "positive" CHECK ("seq" >= 0) NOT VALID',
    'ALTER TABLE "a" VALIDATE CONSTRAINT "positive"',
    'ALTER TABLE "a" ADD CONSTRAINT "once" UNIQUE USING INDEX "once_built"',
    'ALTER TABLE "a" DROP CONSTRAINT "positive"',
    'ALTER TABLE "a" ALTER COLUMN "b" DROP NOT NULL',
    'ALTER TABLE "a" ALTER COLUMN "b" TYPE text',
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM a; UPDATE b SET c = 1; END $$;",
    "-- DROP TABLE a;",
]  # fmt: skip


@pytest.mark.parametrize("statement", UNSAFE)
def test_what_locks_or_breaks_is_found(statement: str) -> None:
    assert len(faults([statement])) == 1, faults([statement])


@pytest.mark.parametrize("statement", SAFE)
def test_what_does_neither_is_let_through(statement: str) -> None:
    assert faults([statement]) == []


@pytest.mark.django_db
def test_every_migration_can_run_while_the_service_does() -> None:
    wrong = [f"{name}: {fault}" for name, statements in _statements() for fault in faults(statements)]
    assert wrong == []


def test_code_that_a_migration_runs_was_proven_otherwise() -> None:
    from django.db.migrations.operations import RunPython, SeparateDatabaseAndState

    def runs_code(operation: Any) -> bool:
        inner = operation.database_operations if isinstance(operation, SeparateDatabaseAndState) else [operation]
        return any(isinstance(one, RunPython) for one in inner)

    assert {one.name[5:] for one in _migrations() if any(runs_code(each) for each in one.operations)} == set(PROVEN)


def _migrations() -> list[Any]:
    """Those that are looked at, in order."""
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None)
    name = loader.graph.leaf_nodes("paritycheck")[0]
    plan = [loader.graph.nodes[key] for key in loader.graph.forwards_plan(name) if key[0] == "paritycheck"]
    return list(dropwhile(lambda one: int(one.name[:4]) < FIRST, plan))


def _statements() -> Iterator[tuple[str, list[str]]]:
    """Each migration's name and SQL, as `sqlmigrate` has it."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    plan = _migrations()
    assert plan
    state = MigrationLoader(None).project_state(("paritycheck", plan[0].name), at_end=False)
    for one in plan:
        with connection.schema_editor(collect_sql=True, atomic=False) as editor:
            state = one.apply(state, editor, collect_sql=True)
        yield one.name, [str(line) for line in editor.collected_sql]
