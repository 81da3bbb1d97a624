"""Runs the command `paritycheck` as a person would, and looks at what the operating system then shows."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from paritycheck.local.environment import up_lock, without_settings
from paritycheck.local.layout import layout, remove
from paritycheck.local.ports import next_free, taken

START_S = 60
FIRST_PORT = 18_000


def clean_environment(**added: str) -> dict[str, str]:
    """Ours without the settings of the test run, which would lead to its own server."""
    return without_settings(os.environ) | {"PYTHONUNBUFFERED": "1", "NO_COLOR": "1"} | added


@dataclass
class Up:
    """A running `paritycheck up`."""

    process: "subprocess.Popen[str]"
    directory: Path
    port: int
    log: Path

    def get(self, path: str, token: str = "") -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def until(self, wanted: str, within_s: float = START_S) -> str:
        """The first line of its output that has it."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            found = [line for line in self.log.read_text(encoding="utf-8").splitlines() if wanted in line]
            if found:
                return found[0]
            time.sleep(0.1)
        pytest.fail(f"no {wanted!r} after {within_s} s in:\n{self.log.read_text(encoding='utf-8')[-3000:]}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(40)
        return time.monotonic() - began


def processes_of(directory: Path) -> dict[int, str]:
    """Every process whose command or environment names the data directory or its place, with its command."""
    names = [os.fsencode(str(directory)), os.fsencode(str(layout(directory).place))]
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            text = (entry / "cmdline").read_bytes() + b"\0" + (entry / "environ").read_bytes()
            state = (entry / "stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if state != "Z" and any(name in text for name in names):
            found[int(entry.name)] = text.split(b"\0\0")[0].replace(b"\0", b" ").decode(errors="replace")
    return found


def nothing_runs(directory: Path, within_s: float = 20) -> dict[int, str]:
    """What still runs for a data directory after a while; empty when all is well."""
    deadline = time.monotonic() + within_s
    while processes_of(directory) and time.monotonic() < deadline:
        time.sleep(0.2)
    return processes_of(directory)


def free_port() -> int:
    """One that is free now, apart for each test process."""
    start = FIRST_PORT + os.getpid() % 400 * 50
    port = start if not taken("127.0.0.1", start) else next_free("127.0.0.1", start)
    assert port is not None
    return port


class Starter:
    """Runs `paritycheck up` as often as it is called; its log files stand in `place`."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._started: list[Up] = []

    def __call__(self, directory: Path, *words: str, port: int | None = None) -> Up:
        number = port or free_port()
        command = [sys.executable, "-m", "paritycheck", "up", "--data", str(directory), "--port", str(number), *words]
        log = self._place / f"up-{len(self._started)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=clean_environment(), text=True
            )
        self._started.append(Up(process, directory, number, log))
        return self._started[-1]

    def end(self) -> None:
        """Stop what still runs, if need be by force, and delete the directories of those that had theirs alone."""
        running = [up for up in self._started if up.process.poll() is None]
        for up in running:
            up.process.terminate()
        for up in running:
            try:
                up.process.wait(30)
            except subprocess.TimeoutExpired:
                up.process.kill()
                up.process.wait()
        for directory in {up.directory for up in self._started if up.directory.exists()}:
            if not up_lock(directory).taken():
                assert nothing_runs(directory) == {}
                remove(layout(directory))


@pytest.fixture
def start_up(tmp_path: Path) -> Iterator[Starter]:
    """`start_up(directory)`: run `paritycheck up` on it; it is stopped when the test ends."""
    starter = Starter(tmp_path)
    yield starter
    starter.end()


@pytest.fixture(scope="module")
def start_up_for_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starter]:
    """The same for all tests of a module."""
    starter = Starter(tmp_path_factory.mktemp("logs"))
    yield starter
    starter.end()


@pytest.fixture(name="nothing_runs")
def nothing_runs_fixture() -> Callable[[Path], dict[int, str]]:
    """`nothing_runs(directory)`: what still runs for it after a while."""
    return nothing_runs


@pytest.fixture(name="processes_of")
def processes_of_fixture() -> Callable[[Path], dict[int, str]]:
    """`processes_of(directory)`: what runs for it now."""
    return processes_of


@pytest.fixture
def demo_environment() -> Callable[..., dict[str, str]]:
    """The environment to run the demo in."""
    return clean_environment


@pytest.fixture(name="free_port")
def free_port_fixture() -> Callable[[], int]:
    """`free_port()`: a TCP port that nobody listens on."""
    return free_port
