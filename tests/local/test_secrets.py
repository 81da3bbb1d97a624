"""Secrets of a data directory are made once and stay private."""

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from paritycheck.local.environment import with_data
from paritycheck.local.secrets import secrets_of


def test_they_are_made_once_and_only_the_owner_reads_them(tmp_path: Path) -> None:
    first = secrets_of(tmp_path)
    assert set(first) == {"SECRET_KEY", "PEPPER", "FIELD_KEY"}
    assert len(set(first.values())) == 3
    assert min(len(first["SECRET_KEY"]), len(first["PEPPER"])) >= 50
    assert len(base64.urlsafe_b64decode(first["FIELD_KEY"])) == 32
    assert stat.S_IMODE((tmp_path / "secrets.env").stat().st_mode) == 0o600
    assert secrets_of(tmp_path) == first
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.env"]


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: secrets_of(tmp_path), range(8)))
    assert all(secrets == made[0] for secrets in made)


def test_a_secret_that_is_missing_is_added_and_the_others_stay(tmp_path: Path) -> None:
    (tmp_path / "secrets.env").write_text("PEPPER=kept\n", encoding="ascii")
    assert secrets_of(tmp_path)["PEPPER"] == "kept"
    assert secrets_of(tmp_path)["SECRET_KEY"]


def test_what_the_caller_gives_wins_over_the_directory(tmp_path: Path) -> None:
    given = {"SECRET_KEY": "mine", "PEPPER_FILE": "/run/secrets/pepper", "DATABASE_URL": "postgres://elsewhere/x"}
    environment = with_data(given, tmp_path, "postgres:///paritycheck?host=/here")
    assert environment["SECRET_KEY"] == "mine"
    assert "PEPPER" not in environment
    assert environment["DATABASE_URL"] == "postgres://elsewhere/x"
    assert environment["FIELD_KEY"] == secrets_of(tmp_path)["FIELD_KEY"]
