"""Real servers on loopback: PostgreSQL's database of their own, granian, gunicorn, nginx."""

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests.api.installation import ENVIRONMENTS, http_road, tokens_of

PATIENCE_S, HERE_S = 10, 5
"""How long the shipped proxy waits for a body that stalls, and how long it does so here, which is sooner seen."""
CONFIGURATION = Path(__file__).resolve().parents[2] / "compose" / "nginx" / "nginx.conf"
APPLICATION = "paritycheck.config.wsgi:application"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, "the server ended before it answered"
        try:
            http_road(port)("GET", "/livez", None, {})
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server did not answer in a minute")


@contextmanager
def granian(environment: Mapping[str, str], *, threads: int = 4) -> Iterator[tuple[int, int]]:
    """A real server: its port, and the id of the process that answers."""
    port = free_port()
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", APPLICATION, "--host", "127.0.0.1",
        "--port", str(port), "--workers", "1", "--blocking-threads", str(threads), "--no-ws", "--log-level", "warning",
    ]  # fmt: skip
    with running(command, port, environment) as process:
        yield port, _child(process.pid)


def _child(pid: int) -> int:
    with open(f"/proc/{pid}/task/{pid}/children") as file:  # noqa: PTH123  one line of /proc
        children = file.read().split()
    return int(children[0]) if children else pid


@contextmanager
def own_database() -> Iterator[str]:
    """The URL of a new, migrated database beside the tests' own."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    name = f"parity_api_{secrets.token_hex(4)}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        url = f"{parts.scheme}://{parts.netloc}/{name}" + (f"?{parts.query}" if parts.query else "")
        run(url, "migrate", "--verbosity", "0")
        try:
            yield url
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def run(database: str, *arguments: str) -> str:
    """Run the command `paritycheck` against a database."""
    command = [sys.executable, "-m", "paritycheck", *arguments]
    done = subprocess.run(command, env={**os.environ, "DATABASE_URL": database}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return done.stdout.decode()


def bootstrap(database: str) -> dict[str, str]:
    """Both projects, by the real command."""
    plans = [part for plan in ENVIRONMENTS for part in ("--environment", plan)]
    shop = json.loads(run(database, "bootstrap", "--project", "shop", *plans, "--json"))
    other = json.loads(run(database, "bootstrap", "--project", "other", *plans[:2], "--json"))
    return tokens_of(shop, other)


@contextmanager
def gunicorn(environment: Mapping[str, str]) -> Iterator[int]:
    """The other server that is supported; its port."""
    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", APPLICATION, "--bind", f"127.0.0.1:{port}", "--workers", "1",
        "--worker-class", "gthread", "--threads", "4", "--no-control-socket", "--log-level", "warning",
    ]  # fmt: skip
    with running(command, port, environment):
        yield port


@contextmanager
def nginx(program: str, upstream: int, place: Path) -> Iterator[int]:
    """The shipped proxy configuration in front of a server of ours; its port."""
    port = free_port()
    text = CONFIGURATION.read_text().replace("server web:8000 resolve", f"server 127.0.0.1:{upstream}")
    text = text.replace("listen 8080", f"listen 127.0.0.1:{port}").replace("/dev/stdout", str(place / "log"))
    text = text.replace("/dev/stderr", str(place / "errors"))
    assert f"client_body_timeout {PATIENCE_S}s;" in text
    text = text.replace(f"client_body_timeout {PATIENCE_S}s;", f"client_body_timeout {HERE_S}s;")
    text = re.sub(r"/\w+/(?=nginx)", f"{place}/", text)
    (place / "nginx.conf").write_text(text)
    with running([program, "-c", str(place / "nginx.conf"), "-g", "daemon off; user root;"], port, {}):
        yield port


@contextmanager
def running(command: list[str], port: int, environment: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that answers on this port, ended when it is not needed any more."""
    process = subprocess.Popen(command, env={**os.environ, **environment})
    try:
        wait_for(port, process)
        yield process
    finally:
        process.terminate()
        process.wait(20)
