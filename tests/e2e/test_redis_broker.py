"""`BROKER_URL` moves the wake-ups to Redis: same code, same outcome; without Redis the work is still done."""

from __future__ import annotations

import socket
import subprocess
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.service import Service, running_service, within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.xdist_group("up")]


@pytest.fixture
def redis_port(program: Callable[[str, str], str], tmp_path: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path), "--save", "", "--daemonize", "no"]
    server = subprocess.Popen([program("redis-server", "redis-server"), *options], stdout=subprocess.DEVNULL)
    try:
        assert within(10, lambda: command(port, "PING") == "+PONG")
        yield port, server
    finally:
        server.kill()
        server.wait()


def command(port: int, *words: str) -> str:
    """The first line of Redis's reply; empty where nobody answers."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall((" ".join(words) + "\r\n").encode())
            return connection.recv(200).decode().split("\r\n")[0]
    except OSError:
        return ""


def queued_by_pgmq(service: Service) -> int:
    with psycopg.connect(service.database_url) as session:
        row = session.execute("SELECT count(*) FROM pgmq.list_queues()").fetchone()
    return int(row[0]) if row else 0


def test_a_drift_appears_by_way_of_redis_and_without_it(
    tmp_path: Path, redis_port: tuple[int, subprocess.Popen[bytes]]
) -> None:
    port, redis = redis_port
    with running_service(tmp_path, BROKER_URL=f"redis://127.0.0.1:{port}/0") as service:
        service.report("production", stripe="13.2.0")
        service.report("staging", stripe="14.0.1")
        assert [one["name"] for one in within(12, service.drifts)] == ["pkg:pypi/stripe"]
        assert queued_by_pgmq(service) == 0
        assert int(command(port, "EXISTS", "_kombu.binding.paritycheck").removeprefix(":")) == 1

        redis.kill()
        redis.wait()
        service.report("staging", stripe="13.2.0")
        assert within(60, lambda: not service.drifts())
