"""The header of a database is read as a file; SQLite itself, which wrote it, is the oracle."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paritycheck_agent.collectors import services
from paritycheck_agent.context import Context
from paritycheck_agent.probes import sqlite
from paritycheck_agent.sources import targets

if TYPE_CHECKING:
    from pathlib import Path

VERSION = sqlite3.sqlite_version


def ask(folder: Path, url: str) -> dict[str, Any]:
    target = targets.parse("DATABASE_URL", url)
    assert target is not None
    target.folder = str(folder)
    return sqlite.probe(target)


def made(path: Path, *statements: str) -> None:
    database = sqlite3.connect(path)
    for statement in (*statements, "CREATE TABLE t (x)"):
        database.execute(statement)
    database.commit()
    database.close()


def asked(path: Path, pragma: str) -> str:
    database = sqlite3.connect(path)
    value = database.execute(f"PRAGMA {pragma}").fetchone()[0]
    database.close()
    return str(value)


PRAGMAS: list[tuple[str, ...]] = [
    (),
    ("PRAGMA user_version = 42",),
    ("PRAGMA user_version = -7",),
    ("PRAGMA encoding = 'UTF-16le'",),
    ("PRAGMA encoding = 'UTF-16be'",),
    ("PRAGMA page_size = 65536",),
    ("PRAGMA page_size = 512",),
    ("PRAGMA journal_mode = wal",),
]


@pytest.mark.parametrize("pragmas", PRAGMAS, ids=lambda one: "; ".join(one) or "none")
def test_what_the_header_says_sqlite_says_too(tmp_path: Path, pragmas: tuple[str, ...]) -> None:
    path = tmp_path / "shop.sqlite3"
    made(path, *pragmas)
    answer = ask(tmp_path, "sqlite:///shop.sqlite3")
    assert (answer["kind"], answer["value"], answer["via"]) == ("sqlite", VERSION, "inferred")
    told = answer["settings"]
    for name in ("user_version", "encoding", "page_size"):
        assert told[name] == asked(path, name)
    assert (told["journal_mode"] == "wal") is (asked(path, "journal_mode") == "wal")


def test_a_database_that_another_holds_is_read_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "shop.sqlite3"
    made(path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    before = (path.read_bytes(), path.stat().st_mtime_ns, {one.name for one in tmp_path.iterdir()})
    try:
        assert ask(tmp_path, "sqlite:///shop.sqlite3")["value"] == VERSION
        assert (path.read_bytes(), path.stat().st_mtime_ns, {one.name for one in tmp_path.iterdir()}) == before
    finally:
        holder.close()


def test_paths_are_those_of_the_checkout_or_of_the_root(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    made(tmp_path / "var" / "a.db")
    for url in ("sqlite:///var/a.db", f"sqlite:////{tmp_path}/var/a.db", "spatialite:///var/a.db?timeout=20"):
        assert ask(tmp_path, url)["value"] == VERSION, url


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "not-collected"),
        (b"", "not-collected"),
        (b"SQLite format 3\0", "unsupported-format"),
        (b"x" * 4096, "unsupported-format"),
        (b"SQLite format 3\0" + bytes(84), "redacted"),
    ],
    ids=["missing", "empty", "cut", "encrypted", "old writer"],
)
def test_what_is_no_database_has_its_reason(tmp_path: Path, data: bytes | None, reason: str) -> None:
    if data is not None:
        (tmp_path / "a.db").write_bytes(data)
    answer = ask(tmp_path, "sqlite:///a.db")
    assert (answer["unknown"], "value" in answer) == (reason, False)


def test_a_pipe_a_folder_and_a_bad_name_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    assert ask(tmp_path, "sqlite:///pipe")["unknown"] == "unsupported-format"
    assert ask(tmp_path, "sqlite:///folder")["unknown"] in {"not-collected", "unsupported-format"}
    assert ask(tmp_path, "sqlite:///a%00b")["unknown"] == "not-collected"
    assert ask(tmp_path, "sqlite:///" + "x" * 1000)["unknown"] == "not-collected"


def test_a_file_that_may_not_be_read_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> int:
        raise PermissionError

    made(tmp_path / "a.db")
    monkeypatch.setattr(os, "open", refuse)  # root, who runs some of these tests, may read everything
    assert ask(tmp_path, "sqlite:///a.db")["unknown"] == "no-permission"


@pytest.mark.parametrize("url", ["sqlite::memory:", "sqlite://:memory:", "sqlite:///:memory:", "sqlite://"])
def test_a_database_in_memory_has_no_file(tmp_path: Path, url: str) -> None:
    assert ask(tmp_path, url) == {"kind": "sqlite", "via": "scheme", "unknown": "not-collected"}


def test_the_library_is_told_where_the_agent_runs_in_the_applications_interpreter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    assert ask(tmp_path, "sqlite://:memory:") == {"kind": "sqlite", "via": "handshake", "value": VERSION}
    made(tmp_path / "a.db")
    assert ask(tmp_path, "sqlite:///a.db")["via"] == "handshake"
    monkeypatch.setattr(sys, "prefix", str(tmp_path) + "-elsewhere")
    assert ask(tmp_path, "sqlite:///a.db")["via"] == "inferred"


@given(header=st.binary(max_size=120))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_header_breaks_it(tmp_path: Path, header: bytes) -> None:
    (tmp_path / "any.db").write_bytes(b"SQLite format 3\0" + header)
    answer = ask(tmp_path, "sqlite:///any.db")
    assert ("value" in answer) != ("unknown" in answer)
    assert all(isinstance(text, str) for pair in answer.get("settings", {}).items() for text in pair)


def collected(folder: Path) -> dict[str, dict[str, Any]]:
    told = services.collect(Context(str(folder), {}, {}, str(folder / "state")))
    return {fact["name"]: fact for fact in told.facts}


def test_the_section_tells_it_and_no_path(tmp_path: Path) -> None:
    made(tmp_path / "shop.sqlite3", "PRAGMA user_version = 3")
    (tmp_path / ".env").write_text("DATABASE_URL=sqlite:///shop.sqlite3\nOTHER_DATABASE_URL=sqlite:///not/there\n")
    facts = collected(tmp_path)
    assert facts["database"]["value"] == VERSION
    assert facts["database"]["sources"] == ["probe", ".env:1"]
    assert facts["database.setting.user_version"]["value"] == "3"
    # The kind says enough where there is no file yet, as with other stand-ins.
    assert "unknown" not in facts["other-database"]
    assert facts["other-database"]["kind"] == "sqlite"
    assert str(tmp_path) not in repr(facts)


QUESTION = """
import sys
from paritycheck_agent.connection.target import Target
from paritycheck_agent.probes import sqlite
target = Target("sqlite", database="/a.db")
target.folder = sys.argv[1]
print(sqlite.probe(target)["value"], "sqlite3" in sys.modules, "socket" in sys.modules)
"""


@pytest.mark.e2e
def test_sqlite_is_not_imported_to_read_a_file(tmp_path: Path) -> None:
    made(tmp_path / "a.db")
    done = subprocess.run((sys.executable, "-c", QUESTION, str(tmp_path)), capture_output=True, text=True, check=True)
    assert done.stdout.split() == [VERSION, "False", "False"]
