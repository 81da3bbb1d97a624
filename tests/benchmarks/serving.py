"""Servers as they are shipped, and what drives them with requests made beforehand. No benchmark by itself."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from paritycheck.local.programs import BLOCKING_THREADS
from tests.api.servers import APPLICATION, free_port
from tests.benchmarks.processor import cpu_of_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PEERS = "tests.benchmarks.served.wsgi:application"
BARE = {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.served.bare"}
TIMEOUT_S = 60
QUIET = {"LOG_LEVEL": "CRITICAL"}
"""What is refused on purpose is no news."""
START_S = 240
"""How long a server may take to start, on a machine that others use too."""


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers on this port; `pid` is the top of its tree."""

    port: int
    pid: int


@contextmanager
def running(command: Sequence[str], port: int, environment: Mapping[str, str]) -> Iterator[Served]:
    """A server that answers on this port, in a group of its own; ended when it is not needed any more."""
    process = subprocess.Popen(command, env={**os.environ, **QUIET, **environment}, start_new_session=True)
    try:
        _await(port, process)
        yield Served(port, process.pid)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as connection:
            connection.sendall(request("GET", "/livez"))
            status_of(connection)
            return
        time.sleep(0.1)
    raise SystemExit(f"{process.args!r} does not answer")


@contextmanager
def granian(environment: Mapping[str, str], application: str = APPLICATION, workers: int = 1) -> Iterator[Served]:
    """As the image starts it, with so many processes."""
    port = free_port()
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", application, "--no-ws", "--http", "1",
        "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers),
        "--blocking-threads", BLOCKING_THREADS, "--log-level", "error",
    ]  # fmt: skip
    with running(command, port, environment) as served:
        yield served


@contextmanager
def gunicorn(environment: Mapping[str, str], application: str = APPLICATION, workers: int = 1) -> Iterator[Served]:
    """The other server that is supported, with as many threads."""
    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", "--workers", str(workers),
        "--worker-class", "gthread", "--threads", BLOCKING_THREADS, "--no-control-socket", "--log-level", "warning",
    ]  # fmt: skip
    with running(command, port, environment) as served:
        yield served


def peers_tables(database: str) -> None:
    """Make the tables of the peers beside ours."""
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"],
        env={**os.environ, **BARE, "DATABASE_URL": database}, check=True,
    )  # fmt: skip


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """One request as it goes over a connection that stays; `content_type` is the header Content-Type."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(slots=True)
class Answers:
    """How often each status came, how long each took, and how long all of them together, in seconds."""

    statuses: dict[int, int] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Answers in a second."""
        return sum(self.statuses.values()) / self.seconds


def drive(port: int, turns: Sequence[Sequence[bytes]], threads: int = 4) -> Answers:
    """Send all of them, each thread its share of the turns on one connection, the requests of a turn in their order."""
    answers, lock = Answers(), threading.Lock()

    def share(at: int) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for one in chain.from_iterable(turns[at::threads]):
                began = time.perf_counter()
                connection.sendall(one)
                status = status_of(connection)
                with lock:
                    answers.statuses[status] = answers.statuses.get(status, 0) + 1
                    answers.took.append(time.perf_counter() - began)

    began = time.perf_counter()
    at_once = [threading.Thread(target=share, args=[at]) for at in range(threads)]
    for thread in at_once:
        thread.start()
    for thread in at_once:
        thread.join()
    answers.seconds = time.perf_counter() - began
    return answers


def status_of(connection: socket.socket) -> int:
    """The status of one answer, read whole."""
    return answer_of(connection)[0]


def answer_of(connection: socket.socket) -> tuple[int, bytes]:
    """Status and body of one answer."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    lower = head.lower()
    length = int(lower.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
    while len(body) < length:
        body += _some(connection)
    return int(head.split(b" ", 2)[1]), body


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("the server hung up")
    return data


@dataclass(frozen=True, slots=True)
class Spent:
    """Processor milliseconds of web and of PostgreSQL for each turn, and turns in a second."""

    web: float
    database: float
    rate: float

    @property
    def cpu(self) -> float:
        return self.web + self.database


def spent(server: Served, database: int, turns: Sequence[Sequence[bytes]], wanted: set[int], threads: int = 4) -> Spent:
    """Drive it, and see what that took; raises SystemExit for a status that was not wanted."""
    before = cpu_of_tree(server.pid), cpu_of_tree(database)
    answers = drive(server.port, turns, threads)
    after = cpu_of_tree(server.pid), cpu_of_tree(database)
    if answers.statuses.keys() - wanted or sum(answers.statuses.values()) != sum(map(len, turns)):
        raise SystemExit(f"answers of {sum(map(len, turns))} requests: {answers.statuses}")
    web, below = ((later - sooner) * 1000 / len(turns) for sooner, later in zip(before, after, strict=True))
    return Spent(web, below, len(turns) / answers.seconds)
