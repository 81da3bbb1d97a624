"""A service that can be hurt: real processes on a database of their own, a sink for its messages, and what kills them.

Everything that a stand starts is ended by its process id when the stand is left.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from paritycheck.local import environment, programs
from tests.chaos.database import Database, alive, children

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paritycheck.local.postgres import Embedded
    from paritycheck.local.supervisor import Program

ROOT = Path(__file__).resolve().parent.parent.parent
READY_S = 60
OPERATOR = "operator@"


class Stand(Database):
    """The service on `url`. `server` is where the database can be restarted; `redis` is a program's path, or empty for
    the default broker. `chance` decides when and whom to kill, the same for each seed.
    """

    def __init__(
        self, place: Path, url: str, settings: Mapping[str, str], *, server: Embedded | None = None, seed: int = 1
    ) -> None:
        super().__init__(url, server)
        self.place = place
        self.chance = random.Random(seed)  # noqa: S311  moments and victims, the same for each seed
        self.port = free_port()
        self.ports = {"web": self.port, "web-b": free_port()}
        self._settings = dict(settings)
        self._helpers: list[subprocess.Popen[str]] = []
        self._nurses: list[subprocess.Popen[str]] = []
        self._nurseries = 1
        self.logs_at = place
        self._running: dict[int, Path] = {}
        self._started = 0
        self.sunk = place / "sink"

    def __enter__(self) -> Self:
        self.place.mkdir(parents=True, exist_ok=True)
        self.sunk.touch()
        sink = self._help("tests.chaos.sink", str(self.sunk), env=dict(os.environ))
        self.mail_port, self.hook_port = (int(word) for word in _line(sink).split())
        self.environment = {
            **environment.without_settings(os.environ),
            **self._settings,
            "DATABASE_URL": self.url,
            "EMAIL_URL": f"smtp://127.0.0.1:{self.mail_port}",
            # Webhooks go to the sink, which stands on this machine and speaks plain HTTP.
            "WEBHOOK_ALLOW_CIDRS": "127.0.0.1/32",
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "REMAP_SIGTERM": "SIGQUIT",
            "PYTHONWARNINGS": programs.AS_ROOT,
            "DJANGO_SETTINGS_MODULE": "paritycheck.config.settings",
        }
        return self

    def __exit__(self, *_: object) -> None:
        self.end_all()
        for helper in reversed(self._helpers):
            if helper.stdin is not None:
                helper.stdin.close()
            try:
                helper.wait(5)
            except subprocess.TimeoutExpired:
                helper.kill()
                helper.wait()
            if helper.stdout is not None:
                helper.stdout.close()

    # --- processes of the service ---

    def start(self, *names: str) -> list[int]:
        """Start worker, sender or beat; their process ids. `ready` tells when they take work."""
        return [self._start(name) for name in names]

    def reroute(self, **settings: str) -> None:
        """Other settings for what is started from now on."""
        self.environment |= settings
        self._nurseries += 1

    def ready(self, *pids: int) -> list[int]:
        """Wait until each says so in its log; their ids. One that ended by itself is started again, as a supervisor
        does. Raises AssertionError where one does not come up.
        """
        return [self._ready(pid, time.monotonic() + READY_S) for pid in pids]

    def _ready(self, pid: int, deadline: float) -> int:
        log = self._running[pid]
        while b"ready." not in _read(log):
            assert time.monotonic() < deadline, _read(log)[-2000:].decode(errors="replace")
            if not self.alive(pid):
                time.sleep(1)
                return self._ready(self._start(log.stem.partition("-")[2]), deadline)
            time.sleep(0.02)
        return pid

    def kill(self, pid: int, *, count: bool = True) -> None:
        """`kill -9` of the process and of those that it started."""
        self.kills += count
        self._end(pid)

    def terminate(self, pid: int) -> float:
        """SIGTERM, as a deploy does it, to the process alone; seconds until it ended. It is killed after a minute."""
        began = time.monotonic()
        os.kill(pid, signal.SIGTERM)
        self.until(lambda: not alive(pid), READY_S)
        took = time.monotonic() - began
        self._end(pid)
        return took

    def alive(self, pid: int) -> bool:
        """Whether the process still runs."""
        return alive(pid)

    def end_all(self) -> None:
        """End every process of the service."""
        for pid in list(self._running):
            self._end(pid)

    def revive(self) -> list[int]:
        """Start again what ended by itself, as a supervisor does; what was killed here is the scenario's to start."""
        ended = [(pid, log) for pid, log in self._running.items() if not self.alive(pid)]
        for pid, _ in ended:
            del self._running[pid]
        return [self._start(log.stem.partition("-")[2]) for _, log in ended]

    def running(self, name: str) -> int:
        """The process id of a program that runs."""
        return next(pid for pid, log in self._running.items() if log.stem.endswith(f"-{name}"))

    def runs(self, name: str) -> bool:
        """Whether a program of this name was started and not killed since."""
        return any(log.stem.endswith(f"-{name}") for log in self._running.values())

    def log_of(self, pid: int) -> str:
        """What the process said, also after its end."""
        return _read(self._running[pid]).decode(errors="replace") if pid in self._running else ""

    def logs(self) -> str:
        """What all of them said."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.place.glob("*.log")))

    def _start(self, name: str) -> int:
        program = self._program(name)
        _python, _flag, module, *arguments = program.command
        self._started += 1
        log = self.logs_at / f"{self._started:04}-{name}.log"
        nursery = self._nursery()
        assert nursery.stdin is not None
        nursery.stdin.write("\t".join((module, str(log), *arguments)) + "\n")
        nursery.stdin.flush()
        pid = int(_line(nursery))
        self._running[pid] = log
        return pid

    def _program(self, name: str) -> Program:
        if name in self.ports:
            return programs.web("127.0.0.1", self.ports[name], self.environment)
        return {"worker": programs.worker, "sender": programs.sender, "beat": programs.beat}[name](self.environment)

    def _nursery(self) -> subprocess.Popen[str]:
        """Of the settings of now."""
        while len(self._nurses) < self._nurseries:
            self._nurses.append(self._help("tests.chaos.nursery", env=self.environment))
            assert _line(self._nurses[-1]) == "ready"
        return self._nurses[-1]

    def _help(self, module: str, *arguments: str, env: Mapping[str, str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], cwd=ROOT, env={**env, "PYTHONPATH": str(ROOT)}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self._helpers.append(process)
        return process

    def _end(self, pid: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        self.until(lambda: not self.alive(pid), 10)
        self._running.pop(pid, None)

    def power_cut(self) -> None:
        """`kill -9` of everything at once: the service, PostgreSQL and all of its backends."""
        postmaster = self.postmaster()
        self.kills += 1 + len(self._running)
        for pid in [postmaster, *children(postmaster)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in list(self._running):
            self._end(pid)

    # --- what arrived ---

    def arrived(self) -> list[str]:
        """The id of each message of the outbox that a receiver took, in order, again for each time."""
        lines = [line.split() for line in self.sunk.read_text(encoding="utf-8").splitlines()]
        return [
            words[1].strip("<>").partition("@")[0].removeprefix("msg_")
            for words in lines
            if words and not words[2].startswith(OPERATOR)
        ]

    def told_operator(self) -> int:
        """How many mails the administrator got, which are of no project and in no outbox."""
        return sum(1 for line in self.sunk.read_text(encoding="utf-8").splitlines() if f" {OPERATOR}" in line)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    assert line, f"{process.args!r} ended"
    return line


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
