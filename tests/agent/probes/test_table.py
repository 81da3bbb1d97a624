"""Nobody adds a probe without saying how it finds a version and on what that was seen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from paritycheck_agent.collectors.services import PROBES
from paritycheck_agent.wire.words import SERVER_KINDS
from tests.agent.probes.table import ROWS, lines


def test_every_probed_kind_has_its_row() -> None:
    assert ROWS.keys() == PROBES.keys()
    assert set(SERVER_KINDS) >= ROWS.keys()


def test_a_row_says_when_and_on_what() -> None:
    for kind, (how, when, seen) in ROWS.items():
        assert how, kind
        assert when in {"before", "after"}, kind
        assert seen.startswith(("real: ", "recording: ")), kind


def test_each_module_answers_to_the_kinds_that_lead_to_it() -> None:
    for kind, name in PROBES.items():
        assert kind in __import__(name, fromlist=["KINDS"]).KINDS


def test_at_least_ten_kinds_are_probed_on_real_servers() -> None:
    assert sum(seen.startswith("real: ") for _how, _when, seen in ROWS.values()) >= 10


def test_the_table_shows_each_kind_in_a_line() -> None:
    head, *rows = lines()
    assert head.split()[0] == "service"
    assert [row.split()[0] for row in rows] == list(ROWS)
    assert all(row.endswith(ROWS[row.split()[0]][2]) for row in rows)


@pytest.mark.e2e
@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_run_of_the_probes_tests_ends_with_the_table(workers: str) -> None:
    here = Path(__file__).resolve()
    command = [
        sys.executable,
        "-m",
        "pytest",
        f"{here}::{test_a_row_says_when_and_on_what.__name__}",
        "-n",
        workers,
        "-q",
    ]
    root = here.parents[3]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stdout
    assert all(row.rstrip() in done.stdout for row in lines())
