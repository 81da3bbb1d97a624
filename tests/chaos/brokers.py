"""Brokers that can be hurt, each a process of its own that keeps nothing."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.chaos.stand import free_port

START_S = 240


class Redis:
    """A Redis that can be killed; nothing of it is kept."""

    notices = True
    """Whether its client finds out by itself that a connection is dead."""

    def __init__(self, place: Path) -> None:
        self.port = free_port()
        self._command = [
            _program("redis-server"),
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--dir",
            str(place),
            "--save",
            "",
        ]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while self.say("PING") != "+PONG":
            assert time.monotonic() < deadline, "Redis does not start"
            time.sleep(0.05)

    def kill(self) -> None:
        """`kill -9`."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def say(self, *words: str) -> str:
        """The first line of its reply; empty where nobody answers."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall((" ".join(words) + "\r\n").encode())
                return connection.recv(200).decode().split("\r\n")[0]
        except OSError:
            return ""


class Rabbit:
    """RabbitMQ on ports of its own, whose files all lie in `place`."""

    notices = False

    def __init__(self, place: Path) -> None:
        self.port, self._place = free_port(), place / "rabbitmq"
        scripts = sorted(Path("/usr/lib/rabbitmq/lib").glob("*/sbin/rabbitmq-server"))
        self._program = str(scripts[-1]) if scripts else _program("rabbitmq-server")
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def __enter__(self) -> Self:
        self._place.mkdir(parents=True, exist_ok=True)
        (self._place / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{self.port}\n")
        (self._place / "plugins").write_text("[].\n")
        names = {"CONFIG_FILE": "rabbitmq.conf", "MNESIA_BASE": "data", "LOG_BASE": "log", "PID_FILE": "pid",
                 "ENABLED_PLUGINS_FILE": "plugins"}  # fmt: skip
        ours = {f"RABBITMQ_{name}": str(self._place / file) for name, file in names.items()}
        node = {"RABBITMQ_NODENAME": f"chaos{self.port}@localhost", "RABBITMQ_DIST_PORT": str(free_port())}
        names_port = str(free_port())
        environment = {**os.environ, **ours, **node, "HOME": str(self._place), "ERL_EPMD_PORT": names_port}
        # RabbitMQ would start the daemon of names itself, and leave it behind.
        self._run([_program("epmd"), "-port", names_port, "-address", "127.0.0.1"], dict(os.environ))
        self._run([self._program], environment | {"ERL_EPMD_ADDRESS": "127.0.0.1"})
        deadline = time.monotonic() + START_S
        while not _listens(self.port):
            assert time.monotonic() < deadline, (self._place / "out").read_text()[-2000:]
            time.sleep(0.2)
        return self

    def _run(self, command: list[str], environment: dict[str, str]) -> None:
        with (self._place / "out").open("ab") as log:
            process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._processes.append(process)

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


BROKERS: dict[str, type[Redis | Rabbit] | None] = {"pgmq": None, "redis": Redis, "rabbitmq": Rabbit}


def _program(name: str) -> str:
    path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    assert path is not None, f"{name} is not here. Install it with: apt-get install {name}"
    return path


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
