"""`paritycheck up`: the whole service from an empty directory, and nothing of it afterwards."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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


def test_it_serves_from_an_empty_directory_and_stops_within_15_seconds(
    start_up: Starter, nothing_runs: Look, tmp_path: Path
) -> None:
    up = start_up(tmp_path / "data")
    up.until("Dashboard")
    assert up.get("/livez")[0] == 200
    await_ready(up)
    assert stat.S_IMODE(up.directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((up.directory / "secrets.env").stat().st_mode) == 0o600
    assert up.stop() < 15
    assert up.process.returncode == 0
    assert nothing_runs(up.directory) == {}
    assert "Traceback" not in up.log.read_text(encoding="utf-8")


def test_ctrl_c_and_a_hang_up_stop_it_too(start_up: Starter, nothing_runs: Look, tmp_path: Path) -> None:
    for number in (signal.SIGINT, signal.SIGHUP):
        up = start_up(tmp_path / "data")
        up.until("Dashboard")
        assert up.stop(number) < 15
        assert up.process.returncode == 0
        assert nothing_runs(up.directory) == {}


def test_a_signal_while_it_starts_leaves_nothing(start_up: Starter, nothing_runs: Look, tmp_path: Path) -> None:
    up = start_up(tmp_path / "data")
    deadline = time.monotonic() + READY_S
    while not (tmp_path / "data" / "keeper.lock").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert up.stop() < 15
    assert nothing_runs(up.directory) == {}


@pytest.mark.skipif(sys.platform != "linux", reason="prctl(2) is Linux's")
def test_killed_outright_it_leaves_nothing_either(start_up: Starter, nothing_runs: Look, tmp_path: Path) -> None:
    up = start_up(tmp_path / "data")
    up.until("Dashboard")
    await_ready(up)
    up.process.kill()
    up.process.wait()
    assert nothing_runs(up.directory) == {}


def test_a_second_one_on_the_same_directory_is_refused_in_words(start_up: Starter, tmp_path: Path) -> None:
    first = start_up(tmp_path / "data")
    first.until("Dashboard")
    second = start_up(tmp_path / "data")
    assert second.process.wait(30) == 1
    said = second.log.read_text(encoding="utf-8")
    assert said == (
        f"paritycheck: paritycheck already runs on {tmp_path / 'data'}, at http://127.0.0.1:{first.port}. "
        "Stop it with Ctrl-C there, or use another directory with --data.\n"
    )
    assert first.get("/livez")[0] == 200


def test_a_taken_port_names_the_command_with_a_free_one(start_up: Starter, tmp_path: Path) -> None:
    first = start_up(tmp_path / "data")
    first.until("Dashboard")
    second = start_up(tmp_path / "other", port=first.port)
    assert second.process.wait(30) == 1
    said = second.log.read_text(encoding="utf-8").strip()
    start, _, command = said.partition(" Run: ")
    assert start == f"paritycheck: Port {first.port} of 127.0.0.1 is taken."
    words = command.split()
    assert words[:5] == ["paritycheck", "up", "--data", str(tmp_path / "other"), "--port"]
    third = start_up(tmp_path / "other", port=int(words[5]))
    third.until("Dashboard")


def test_commands_beside_it_use_its_database_and_know_its_address(start_up: Starter, tmp_path: Path) -> None:
    up = start_up(tmp_path / "data")
    up.until("Dashboard")
    words = ["bootstrap", "--data", str(up.directory), "--project", "shop", "--environment", "production:production"]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, "-m", "paritycheck", *words, "--json"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert made["url"] == f"http://127.0.0.1:{up.port}"
    assert up.get("/api/v1/projects/shop", made["admin"]["token"])[0] == 200
    assert up.get("/livez")[0] == 200


def test_a_killed_worker_comes_back(start_up: Starter, processes_of: Look, tmp_path: Path) -> None:
    up = start_up(tmp_path / "data")
    up.until("Dashboard")
    await_ready(up)
    workers = [pid for pid, command in processes_of(up.directory).items() if "worker@paritycheck" in command]
    os.kill(min(workers), signal.SIGKILL)
    up.until("worker ended with signal SIGKILL, next start in 1 s")
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        now = [pid for pid, command in processes_of(up.directory).items() if "worker@paritycheck" in command]
        if now and not set(now) & set(workers):
            return
        time.sleep(0.2)
    pytest.fail("no worker came back")
