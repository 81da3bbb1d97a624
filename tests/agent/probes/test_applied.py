"""Migrations that a PostgreSQL has, read with the application's own log-in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from paritycheck_agent.collectors import migrations
from paritycheck_agent.context import Context
from tests.agent.probes.conftest import PASSWORD

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("postgresql")]
TABLES = """
DROP TABLE IF EXISTS schema_migrations, knex_migrations;
CREATE TABLE schema_migrations (version varchar PRIMARY KEY);
INSERT INTO schema_migrations VALUES ('20260101000000'), ('20260202000000');
CREATE TABLE knex_migrations (id int, name varchar);
INSERT INTO knex_migrations VALUES (1, '20260101_init.js');
"""


@pytest.fixture
def checkout(postgres: Any, tmp_path: Path) -> Path:
    postgres.run("psql", "-XAtq", "-h", str(postgres.directory), "-p", str(postgres.port), "-U", "postgres", "shop",
                 text=TABLES + "GRANT SELECT ON schema_migrations TO scram;")  # fmt: skip
    for path in ("db/migrate/20260101000000_a.rb", "db/migrate/20260202000000_b.rb", "migrations/20260101_init.ts"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / "knexfile.ts").touch()
    return tmp_path


def collect(checkout: Path, url: str) -> dict[str, dict[str, Any]]:
    collected = migrations.collect(Context(str(checkout), {"DATABASE_URL": url}, {}, str(checkout)))
    return {fact["name"]: fact for fact in collected.facts}


def test_what_may_be_read_is_told_and_what_may_not_is_unknown(postgres: Any, checkout: Path) -> None:
    found = collect(checkout, f"postgres://scram:{quote(PASSWORD)}@127.0.0.1:{postgres.port}/shop")
    assert found["rails/main"]["value"] == "20260202000000"
    assert found["knex/main"]["unknown"] == "no-permission"


def test_another_database_has_applied_nothing(postgres: Any, checkout: Path) -> None:
    found = collect(checkout, f"postgres://trusting@127.0.0.1:{postgres.port}/postgres")
    assert found["rails/main"]["absent"] is True


def test_a_wrong_password_is_a_reason(postgres: Any, checkout: Path) -> None:
    found = collect(checkout, f"postgres://scram:wrong@127.0.0.1:{postgres.port}/shop")
    assert found["rails/main"]["unknown"] == "auth-failed"
