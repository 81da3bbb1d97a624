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
    ("url", "tls", "ssl", "port"),
    [
        ("smtp://mail.example.com", False, False, 25),
        ("smtp+tls://u:p@mail.example.com:587", True, False, 587),
        ("smtp+ssl://u:p@mail.example.com:465", False, True, 465),
        ("smtps://u:p@mail.example.com:465", False, True, 465),
    ],
)
def test_the_scheme_of_the_mail_server_says_how_it_is_encrypted(url: str, port: int, *, tls: bool, ssl: bool) -> None:
    read = env.mail(url)
    assert (bool(read.get("EMAIL_USE_TLS")), bool(read.get("EMAIL_USE_SSL"))) == (tls, ssl)
    assert (read["EMAIL_PORT"] or 25) == port


def test_an_option_that_nothing_reads_is_a_problem(problems: list[tuple[str, str]]) -> None:
    env.mail(f"smtp://u:{CANARY}@mail.example.com:587?tls=true")
    assert [name for name, _ in problems] == ["EMAIL_URL"]
    assert CANARY not in str(problems)


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
