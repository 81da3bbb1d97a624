"""What the command line does before Django sees it."""

import subprocess
import sys
from pathlib import Path

import pytest

from paritycheck.local.command import split_data
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


@pytest.mark.e2e
def test_the_version_needs_no_database(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "paritycheck", "--version"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []
