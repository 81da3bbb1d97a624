"""What the command line does before Django sees it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from paritycheck.local.command import split_data
from paritycheck.local.layout import layout, remove
from paritycheck.local.up import port_number


@pytest.mark.parametrize(
    ("words", "data", "rest"),
    [
        (["migrate"], None, ["migrate"]),
        (["migrate", "--data", "d"], "d", ["migrate"]),
        (["--data=d", "migrate", "-v", "0"], "d", ["migrate", "-v", "0"]),
        (["shell", "--", "--data", "d"], None, ["shell", "--", "--data", "d"]),
    ],
)
def test_the_data_directory_is_taken_out_wherever_it_stands(
    words: list[str], data: str | None, rest: list[str]
) -> None:
    assert split_data(words) == (data, rest)


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "\uff18\uff10"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(Exception, match="is no port"):
        port_number(text)


def paritycheck(directory: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    command = [sys.executable, "-m", "paritycheck", *words]
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.e2e
def test_version_and_help_need_no_database(tmp_path: Path) -> None:
    assert paritycheck(tmp_path, "--version").stdout == "paritycheck 0.1.0\n"
    helped = paritycheck(tmp_path, "help")
    assert helped.returncode == 0, helped.stderr
    assert "  demo " in helped.stdout
    assert "migrate" in helped.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.e2e
def test_a_command_starts_the_database_migrates_it_and_stops_it(tmp_path: Path) -> None:
    words = [
        "bootstrap",
        "--data",
        str(tmp_path / "data"),
        "--project",
        "shop",
        "--environment",
        "production:production",
    ]
    first, second = (paritycheck(tmp_path, *words, "--json") for _ in range(2))
    assert first.returncode == 0, first.stderr
    made, found = json.loads(first.stdout), json.loads(second.stdout)
    assert made["environments"][0]["token"].startswith("pca_")
    assert (made["project"]["created"], found["project"]["created"]) == (True, False)
    assert found["environments"][0]["token"] is None
    place = layout(tmp_path / "data")
    assert not (place.data / "postmaster.pid").exists()
    remove(place)
