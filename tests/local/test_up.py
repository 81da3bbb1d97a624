"""`paritycheck up`: the whole service from an empty directory, and nothing of it afterwards."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from paritycheck.local import ports
from tests.local.conftest import nothing_runs

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("up")]
READY_S = 60
Starter = Callable[..., Any]
Look = Callable[[Path], dict[int, str]]


def await_ready(up: Any) -> None:
    """Until every process has been seen at work."""
    deadline = time.monotonic() + READY_S
    while up.get("/readyz?strict=1")[0] != 200:
        assert time.monotonic() < deadline, up.get("/readyz")
        time.sleep(0.5)


@pytest.fixture(scope="module")
def running(start_up_for_module: Starter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One service from an empty directory for all tests that leave it as it is; in the end it is asked to stop.

    How it ends when it is killed outright, tests/service.py looks at.
    """
    up = start_up_for_module(tmp_path_factory.mktemp("up") / "data")
    up.until("Dashboard")
    yield up
    stops_within_15_seconds_and_leaves_nothing(up)


def stops_within_15_seconds_and_leaves_nothing(up: Any) -> None:
    assert up.stop() < 15
    assert up.process.returncode == 0
    assert nothing_runs(up.directory) == {}
    assert "Traceback" not in up.log.read_text(encoding="utf-8")


def test_it_serves_from_an_empty_directory_that_nobody_else_may_read(running: Any) -> None:
    assert running.get("/livez")[0] == 200
    await_ready(running)
    assert stat.S_IMODE(running.directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((running.directory / "secrets.env").stat().st_mode) == 0o600


def test_a_signal_while_it_starts_leaves_nothing(start_up: Starter, tmp_path: Path) -> None:
    up = start_up(tmp_path / "data")
    deadline = time.monotonic() + READY_S
    while not (tmp_path / "data" / "keeper.lock").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert up.stop() < 15
    assert nothing_runs(up.directory) == {}


def test_a_second_one_on_the_same_directory_is_refused_in_words(start_up: Starter, running: Any) -> None:
    second = start_up(running.directory)
    assert second.process.wait(30) == 1
    assert second.log.read_text(encoding="utf-8") == (
        f"paritycheck: paritycheck already runs on {running.directory}, at http://127.0.0.1:{running.port}. "
        "Stop it with Ctrl-C there, or use another directory with --data.\n"
    )
    assert running.get("/livez")[0] == 200


def test_a_taken_port_names_the_command_with_a_free_one(start_up: Starter, running: Any, tmp_path: Path) -> None:
    second = start_up(tmp_path / "other", port=running.port)
    assert second.process.wait(30) == 1
    start, _, command = second.log.read_text(encoding="utf-8").strip().partition(" Run: ")
    assert start == f"paritycheck: Port {running.port} of 127.0.0.1 is taken."
    assert command.startswith(f"paritycheck up --data {tmp_path / 'other'} --port ")
    assert not ports.taken("127.0.0.1", int(command.split()[-1]))


def test_commands_beside_it_use_its_database_and_know_its_address(running: Any) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    words = ["bootstrap", "--data", str(running.directory), "--project", "shop", "--environment=production:production"]
    done = subprocess.run(
        [sys.executable, "-m", "paritycheck", *words, "--json"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert made["url"] == f"http://127.0.0.1:{running.port}"
    assert running.get("/api/v1/projects/shop", made["admin"]["token"])[0] == 200


def test_a_killed_worker_comes_back(running: Any, processes_of: Look) -> None:
    running.until("worker@paritycheck ready")
    workers = of_worker(processes_of(running.directory))
    os.kill(min(workers), signal.SIGKILL)
    running.until("worker ended with signal SIGKILL, next start in 1 s")
    deadline = time.monotonic() + READY_S
    while not (now := of_worker(processes_of(running.directory))) or now & workers:
        assert time.monotonic() < deadline, (workers, now)
        time.sleep(0.2)


def of_worker(processes: dict[int, str]) -> set[int]:
    return {pid for pid, command in processes.items() if "worker@paritycheck" in command}
