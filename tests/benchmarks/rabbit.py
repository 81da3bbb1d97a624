"""A RabbitMQ on ports of its own, whose files all lie in one place. No benchmark by itself."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.api.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

START_S = 240


@contextmanager
def rabbit(place: Path) -> Iterator[str]:
    """Its URL."""
    place.mkdir(parents=True)
    port, names_port = free_port(), str(free_port())
    (place / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\n")
    (place / "plugins").write_text("[].\n")
    files = {"CONFIG_FILE": "rabbitmq.conf", "MNESIA_BASE": "data", "LOG_BASE": "log", "PID_FILE": "pid",
             "ENABLED_PLUGINS_FILE": "plugins"}  # fmt: skip
    environ = {
        **os.environ, **{f"RABBITMQ_{name}": str(place / file) for name, file in files.items()},
        "RABBITMQ_NODENAME": f"bench{port}@localhost", "RABBITMQ_DIST_PORT": str(free_port()), "HOME": str(place),
        "ERL_EPMD_PORT": names_port, "ERL_EPMD_ADDRESS": "127.0.0.1",
    }  # fmt: skip
    scripts = sorted(Path("/usr/lib/rabbitmq/lib").glob("*/sbin/rabbitmq-server"))
    server = str(scripts[-1]) if scripts else _program("rabbitmq-server")
    # RabbitMQ would start the daemon of names itself, and leave it behind.
    names = _started([_program("epmd"), "-port", names_port, "-address", "127.0.0.1"], os.environ)
    running = _started([server], environ)
    try:
        _await(port, running)
        yield f"amqp://guest:guest@127.0.0.1:{port}//"
    finally:
        for process in (running, names):
            _end(process)


def _program(name: str) -> str:
    path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if path is None:
        raise SystemExit(f"{name} is not here. Install it with: apt-get install rabbitmq-server")
    return path


def _started(command: list[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.2)
    raise SystemExit("RabbitMQ does not start")


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
