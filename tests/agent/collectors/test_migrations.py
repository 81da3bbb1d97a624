"""Section migrations: what real tools write into a code base and into a database."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paritycheck_agent.collectors import migrations
from paritycheck_agent.context import Context
from paritycheck_agent.histories import History
from paritycheck_agent.sources import applied
from paritycheck_agent.wire.bodies import check_body
from paritycheck_agent.wire.canonical import split

if TYPE_CHECKING:
    from collections.abc import Callable

ALEMBIC = Path(__file__).resolve().parents[1] / "fixtures" / "alembic"
SETTINGS = """
SECRET_KEY = "for a test"
INSTALLED_APPS = ["shop", "carts"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.db"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""
MANAGE = """
import os, sys
from django.core.management import execute_from_command_line
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
execute_from_command_line(sys.argv)
"""
SHOP = "from django.db import models\n\nclass Article(models.Model):\n    name = models.CharField(max_length=50)\n"
CARTS = (
    "from django.db import models\n\n"
    "class Cart(models.Model):\n    article = models.ForeignKey('shop.Article', on_delete=models.CASCADE)\n"
)


def collect(root: Path, *, candidate: bool = False, **environ: str) -> dict[str, dict[str, Any]]:
    """The facts by name; each body must be one that the wire takes."""
    collected = migrations.collect(Context(str(root), environ, {}, str(root), candidate=candidate))
    for body in split("migrations", collected.covers, collected.facts, collected.warnings):
        check_body(body)
    return {fact["name"]: fact for fact in collected.facts}


def manage(root: Path, *words: str) -> None:
    environ = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run([sys.executable, "manage.py", *words], cwd=root, env=environ, check=True, capture_output=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that Django's own commands made: three migrations of `shop`, one of `carts`; two are applied."""
    root = tmp_path_factory.mktemp("django")
    (root / "settings.py").write_text(SETTINGS)
    (root / "manage.py").write_text(MANAGE)
    for app, models in (("shop", SHOP), ("carts", CARTS)):
        (root / app).mkdir()
        (root / app / "__init__.py").touch()
        (root / app / "models.py").write_text(models)
    manage(root, "makemigrations", "shop", "carts", "--name", "first")
    for number in range(2):
        with (root / "shop" / "models.py").open("a") as stream:
            stream.write(f"    field{number} = models.IntegerField(default=0)\n")
        manage(root, "makemigrations", "shop", "--name", f"step{number}")
    manage(root, "migrate", "shop", "0002")
    return root


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "project"))


@pytest.mark.e2e
def test_django_s_heads_in_code_and_database(project: Path) -> None:
    facts = collect(project, DATABASE_URL="sqlite:///shop.db")
    assert facts == {
        "django/carts": {
            "name": "django/carts",
            "chain": ["0001_first"],
            "absent": True,
            "code": "0001_first",
            "sources": ["carts/migrations", "probe"],
        },
        "django/shop": {
            "name": "django/shop",
            "chain": ["0001_first", "0002_step0", "0003_step1"],
            "value": "0002_step0",
            "code": "0003_step1",
            "sources": ["shop/migrations", "probe"],
        },
    }


def test_tests_of_migrations_are_no_migrations(tmp_path: Path) -> None:
    (tmp_path / "manage.py").touch()
    (tmp_path / "tests" / "migrations").mkdir(parents=True)
    (tmp_path / "tests" / "migrations" / "test_shop.py").write_text("def test_it() -> None:\n    pass\n")
    named = "from django.db.migrations.executor import MigrationExecutor\n\nexecutor = MigrationExecutor(None)\n"
    (tmp_path / "tests" / "migrations" / "test_both_ways.py").write_text(named)
    assert collect(tmp_path) == {}


@pytest.mark.e2e
def test_of_a_candidate_what_it_holds_counts_and_no_database_is_asked(project: Path) -> None:
    fact = collect(project, candidate=True, DATABASE_URL="sqlite:///shop.db")["django/shop"]
    assert fact == {
        "name": "django/shop",
        "chain": ["0001_first", "0002_step0", "0003_step1"],
        "value": "0003_step1",
        "sources": ["shop/migrations"],
    }


@pytest.mark.e2e
def test_without_a_database_what_is_applied_is_unknown(project: Path) -> None:
    fact = collect(project)["django/shop"]
    assert (fact["unknown"], fact["code"], fact["sources"]) == ("not-collected", "0003_step1", ["shop/migrations"])
    fact = collect(project, DATABASE_URL="postgres://app:secret@127.0.0.1:1/shop")["django/shop"]
    assert fact["unknown"] == "connection-refused"


@pytest.mark.e2e
def test_two_leaves_and_their_merge(project: Path) -> None:
    first = (project / "shop" / "migrations" / "0003_step1.py").read_text()
    (project / "shop" / "migrations" / "0003_other.py").write_text(first)
    assert collect(project, candidate=True)["django/shop"]["value"] == ["0003_other", "0003_step1"]
    merge = "class M:\n    dependencies = [\n        ('shop', '0003_other'),\n        ('shop', '0003_step1'),\n    ]\n"
    (project / "shop" / "migrations" / "0004_merge.py").write_text(merge)
    assert collect(project, candidate=True)["django/shop"]["value"] == "0004_merge"


@pytest.mark.e2e
def test_a_squashed_migration_stands_for_what_it_replaces(project: Path) -> None:
    manage(project, "squashmigrations", "shop", "0002", "--noinput", "--squashed-name", "both")
    fact = collect(project, candidate=True)["django/shop"]
    assert fact["chain"] == ["0001_both", "0003_step1"]
    assert fact["value"] == "0003_step1"


@pytest.mark.e2e
def test_a_database_ahead_of_the_code_says_so(project: Path) -> None:
    manage(project, "migrate")
    (project / "shop" / "migrations" / "0003_step1.py").unlink()
    fact = collect(project, DATABASE_URL="sqlite:///shop.db")["django/shop"]
    assert (fact["value"], fact["code"]) == ("0003_step1", "0002_step0")


@pytest.mark.e2e
def test_an_app_s_own_label_names_it(project: Path) -> None:
    (project / "shop" / "apps.py").write_text("class C:\n    name = 'shop'\n    label = 'store'\n")
    assert sorted(collect(project, candidate=True)) == ["django/carts", "django/store"]


def test_alembic_s_branches_are_heads_until_they_join(tmp_path: Path) -> None:
    (tmp_path / "db" / "versions").mkdir(parents=True)
    shutil.copy(ALEMBIC / "alembic.ini", tmp_path)
    for path in ALEMBIC.glob("*.py.txt"):
        shutil.copy(path, tmp_path / "db" / "versions" / path.name.removesuffix(".txt"))
    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        database.execute("INSERT INTO alembic_version VALUES ('b2c3d4e5f6a7'), ('c3d4e5f6a7b8')")
    database.close()
    fact = collect(tmp_path, DATABASE_URL="sqlite:///shop.db")["alembic/main"]
    assert fact["chain"] == ["a1b2c3d4e5f6", "b2c3d4e5f6a7", "c3d4e5f6a7b8", "d4e5f6a7b8c9"]
    assert (fact["value"], fact["code"]) == (["b2c3d4e5f6a7", "c3d4e5f6a7b8"], "d4e5f6a7b8c9")


# Of each tool that applies files in order: files, its table, what is applied; code heads, applied heads.
ORDERED = {
    "rails": (
        ["db/migrate/20260102030405_create_articles.rb", "db/migrate/20261003040506_add_carts.rb"],
        "CREATE TABLE schema_migrations (version VARCHAR PRIMARY KEY)",
        "INSERT INTO schema_migrations VALUES ('20260102030405')",
        ("20261003040506", "20260102030405"),
    ),
    "flyway": (
        [f"src/main/resources/db/migration/V{version}__x.sql" for version in ("1", "1_1", "2", "10")],
        "CREATE TABLE flyway_schema_history (installed_rank INT, version VARCHAR(50), success BOOLEAN)",
        "INSERT INTO flyway_schema_history VALUES (1, '1', true), (2, '1.1', true), (3, '2', true), (4, '10', false)",
        ("10", "2"),
    ),
    "prisma": (
        [f"prisma/migrations/{name}/migration.sql" for name in ("20260101000000_init", "20260201000000_carts")],
        "CREATE TABLE _prisma_migrations (migration_name VARCHAR(255), finished_at TEXT, rolled_back_at TEXT)",
        "INSERT INTO _prisma_migrations VALUES ('20260101000000_init', '2026-01-01', NULL)",
        ("20260201000000_carts", "20260101000000_init"),
    ),
    "knex": (
        ["knexfile.js", "migrations/20260101_init.ts", "migrations/20260201_carts.ts"],
        "CREATE TABLE knex_migrations (id INT, name VARCHAR(255))",
        "INSERT INTO knex_migrations VALUES (1, '20260101_init.js')",
        ("20260201_carts", "20260101_init"),
    ),
}


def write_files(root: Path, paths: list[str]) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


@pytest.mark.parametrize("tool", ORDERED)
def test_tools_that_apply_files_in_order(tool: str, tmp_path: Path) -> None:
    paths, table, rows, expected = ORDERED[tool]
    write_files(tmp_path, paths)
    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.execute(table)
        database.execute(rows)
    database.close()
    fact = collect(tmp_path, DATABASE_URL="sqlite:///shop.db")[f"{tool}/main"]
    assert (fact["code"], fact["value"]) == expected
    assert fact["chain"][-1] == expected[0]


def test_a_database_where_the_tool_never_ran_has_applied_nothing(tmp_path: Path) -> None:
    write_files(tmp_path, ORDERED["rails"][0])
    sqlite3.connect(tmp_path / "shop.db").execute("CREATE TABLE other (id INT)").connection.close()
    fact = collect(tmp_path, DATABASE_URL="sqlite:///shop.db")["rails/main"]
    assert fact["absent"] is True
    assert fact["code"] == "20261003040506"


def test_a_checkout_without_migrations_asks_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paritycheck_agent.sources.applied.read", lambda *_: pytest.fail("asked"))
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'shop'\n")
    assert collect(tmp_path, DATABASE_URL="sqlite:///shop.db") == {}


def test_a_service_that_may_not_be_probed_is_not_asked_here_either(tmp_path: Path) -> None:
    write_files(tmp_path, ORDERED["rails"][0])
    context = Context(
        str(tmp_path), {"DATABASE_URL": "sqlite:///shop.db"}, {"services": {"database": {"probe": False}}}, ""
    )
    [fact] = migrations.collect(context).facts
    assert fact["unknown"] == "not-collected"


def test_several_databases_are_asked_at_once(tmp_path: Path) -> None:
    """None of them says a word before all are asked: one after the other they would each be waited for in vain."""
    together = threading.Barrier(4)
    met: list[int] = []

    def meet(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(threading.BrokenBarrierError):
            together.wait(20)
            met.append(1)

    (tmp_path / "db" / "migrate").mkdir(parents=True)
    (tmp_path / "db" / "migrate" / "20260101000000_create_shop.rb").touch()
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
    threads = [threading.Thread(target=meet, args=(listener,), daemon=True) for listener in listeners]
    for thread in threads:
        thread.start()
    address = "postgres://shop:pw@127.0.0.1:{}/shop?sslmode=disable"
    urls: dict[str, Any] = {
        f"{name}_URL": address.format(one.getsockname()[1]) for name, one in zip("ABCD", listeners, strict=True)
    }
    facts = collect(tmp_path, **urls)
    for thread, listener in zip(threads, listeners, strict=True):
        thread.join()
        listener.close()
    assert len(met) == 4
    assert facts["rails/main"]["unknown"] == "bad-reply"


def test_whatever_one_database_says_the_others_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise IndexError

    monkeypatch.setattr(applied, "_postgresql", fail)
    monkeypatch.setattr(applied, "Connection", lambda _target: contextlib.nullcontext())
    (tmp_path / "db" / "migrate").mkdir(parents=True)
    (tmp_path / "db" / "migrate" / "20260101000000_create_shop.rb").touch()
    sqlite3.connect(tmp_path / "shop.db").executescript(
        "CREATE TABLE schema_migrations (version); INSERT INTO schema_migrations VALUES ('20260101000000')"
    ).connection.close()
    facts = collect(tmp_path, DATABASE_URL="postgres://a@127.0.0.1:1/b", OTHER_URL=f"sqlite:///{tmp_path}/shop.db")
    assert facts["rails/main"]["value"] == "20260101000000"


def test_a_long_chain_keeps_its_end_and_says_that_it_was_cut(tmp_path: Path) -> None:
    write_files(tmp_path, [f"db/migrate/{20260101000000 + number}_x.rb" for number in range(1000)])
    fact = collect(tmp_path, candidate=True)["rails/main"]
    assert fact["chain"][0] == "..."
    assert fact["chain"][-1] == fact["value"] == "20260101000999"
    assert len(fact["chain"]) > 100


def test_a_circle_ends_the_chain_before_it() -> None:
    history = History("django/shop", "shop/migrations")
    history.add("0001")
    history.add("0002", ["0001", "0003"])
    history.add("0003", ["0002"])
    assert history.chain() == ["0001"]
    assert history.heads() == []


# Text of a migration, cut and put together anyhow.
PIECES = st.lists(
    st.sampled_from([
        "class M:\n", "    dependencies = [", "    replaces = [", "('shop', '0001_a')", '("shop", "0002_b")', ",",
        "]", "\n", "(", "'", "[" * 50, "revision = 'a1'", "\ndown_revision = ", "None", "\x00", "\u202e", " " * 500,
    ]),
    max_size=40,
)  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=PIECES)
def test_no_text_of_a_migration_breaks_the_reader(pieces: list[str], tmp_path: Path) -> None:
    for path in ("shop/migrations/0001_a.py", "shop/migrations/0002_b.py", "db/versions/a1_x.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("".join(pieces))
    (tmp_path / "shop/migrations/0003_c.py").write_text("class Migration(migrations.Migration):\n" + "".join(pieces))
    (tmp_path / "manage.py").touch()
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = db\n")
    facts = collect(tmp_path)
    assert "django/shop" in facts


def test_a_script_location_outside_the_checkout_is_not_read(tmp_path: Path, make_outside: Callable[[], Path]) -> None:
    outside = make_outside()
    (tmp_path / "alembic.ini").write_text(f"[alembic]\nscript_location = {outside}\n")
    assert collect(tmp_path, candidate=True) == {}
    (tmp_path / "alembic.ini").write_text(f"[alembic]\nscript_location = ../{outside.name}\n")
    assert collect(tmp_path, candidate=True) == {}


@pytest.fixture
def make_outside(tmp_path: Path) -> Callable[[], Path]:
    def make() -> Path:
        outside = tmp_path.parent / "outside"
        (outside / "versions").mkdir(parents=True)
        (outside / "versions" / "a.py").write_text("revision = 'a1'\ndown_revision = None\n")
        return outside

    return make
