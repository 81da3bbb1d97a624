"""The environment as configuration: each variable also as a file, each bad value a check that never repeats it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from paritycheck.config import env

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary-2hQ7"


@pytest.fixture(autouse=True)
def problems(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    fresh: list[tuple[str, str]] = []
    monkeypatch.setattr(env, "problems", fresh)
    return fresh


def test_a_file_gives_the_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("from a file\n", encoding="utf-8")
    monkeypatch.setenv("SHOP_KEY_FILE", str(tmp_path / "key"))
    assert env.text("SHOP_KEY") == "from a file"
    monkeypatch.setenv("SHOP_KEY", "from the environment")
    assert env.text("SHOP_KEY") == "from the environment"


def test_a_file_that_cannot_be_read_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, problems: list[tuple[str, str]]
) -> None:
    monkeypatch.setenv("SHOP_KEY_FILE", "/nowhere/key")
    assert env.text("SHOP_KEY", "stand-in") == "stand-in"
    assert [name for name, _ in problems] == ["SHOP_KEY_FILE"]


@pytest.mark.parametrize(
    ("url", "conninfo", "libpq"),
    [
        ("postgres://u:p%40w@db:5433/shop", "host=db port=5433 dbname=shop user=u password=p@w", {}),
        ("postgres:///shop?host=/run/pg&user=u", "host=/run/pg dbname=shop user=u", {}),
        (
            "postgres://u@db/shop?sslmode=verify-full&sslrootcert=/ca.pem&connect_timeout=3",
            "host=db dbname=shop user=u",
            {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": "/ca.pem", "PGCONNECT_TIMEOUT": "3"},
        ),
    ],
)
def test_the_broker_reaches_the_same_database(url: str, conninfo: str, libpq: dict[str, str]) -> None:
    assert env.pgmq_conninfo(url) == (conninfo, libpq)


def test_every_bad_value_is_named_at_once_and_none_is_repeated() -> None:
    bad = {
        "SECRET_KEY": "",
        "PORT": CANARY,
        "LOG_LEVEL": CANARY,
        "PUBLIC_URL": f"ftp://{CANARY}",
        "DATABASE_URL": f"postgres://u:{CANARY}@db:{CANARY}/shop",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        env={**os.environ, **bad},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    for name in bad:
        assert name in done.stderr
    assert CANARY not in done.stdout + done.stderr
