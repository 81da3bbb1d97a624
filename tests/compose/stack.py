"""The service of compose/ as a compose project of its own, on whatever Docker engine DOCKER_HOST names."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import signal
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
FILES = (ROOT / "compose" / "compose.yaml", ROOT / "compose" / "compose.tls.yaml", HERE / "outside.yaml")
SERVICES = ("web", "worker", "sender", "beat", "proxy", "database")
PORT, TLS_PORT = 18_080, 18_443
COMMAND_S = 900
SNAPSHOT = re.compile(r"report taken.* snapshot (\d+)")


def run(*command: str, within_s: float = COMMAND_S, environment: dict[str, str] | None = None) -> str:
    """What a program prints. Raises RuntimeError with the end of what it said when it fails."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=within_s,
        env={**os.environ, **(environment or {})},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)[:200]}: {done.stdout[-500:]}{done.stderr[-1500:]}")
    return done.stdout


def until(true: Callable[[], Any], within_s: float, what: str) -> float:
    """Wait for something; how many seconds it took. Raises TimeoutError with `what`."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > within_s:
            raise TimeoutError(f"not within {within_s:.0f} s: {what}")
        time.sleep(0.5)
    return time.monotonic() - began


class Stack:
    """A compose project with TLS at the proxy; `place` holds its certificate and takes nothing else."""

    def __init__(self, images: dict[str, str], place: Path) -> None:
        self.place = place
        _certificate(place)
        self.environment = {
            "COMPOSE_PROJECT_NAME": "paritycheck-check", "COMPOSE_PROFILES": "agents", "CHECK": str(HERE),
            "PUBLIC_URL": "https://parity.test:8443", "ALLOWED_HOSTS": "parity.test,localhost",
            "SECRET_KEY": secrets.token_urlsafe(48), "PEPPER": secrets.token_urlsafe(48),
            "FIELD_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "POSTGRES_PASSWORD": secrets.token_hex(16), "EMAIL_URL": "smtp://mail:2525",
            "PORT": f"127.0.0.1:{PORT}", "TLS_PORT": f"127.0.0.1:{TLS_PORT}",
            "TLS_CERTIFICATE": str(place / "certificate.pem"), "TLS_KEY": str(place / "key.pem"), **images,
        }  # fmt: skip
        self._trust = ssl.create_default_context(cafile=str(place / "certificate.pem"))

    def __enter__(self) -> Self:
        self.compose("down", "--volumes", "--timeout", "5")
        return self

    def __exit__(self, *_error: object) -> None:
        self.compose("down", "--volumes", "--timeout", "5")

    def compose(self, *arguments: str) -> str:
        """A command of docker compose."""
        files = [part for path in FILES for part in ("--file", str(path))]
        return run("docker", "compose", *files, *arguments, environment=self.environment)

    def up(self, *services: str) -> None:
        """Start, with images that are there, until what is waited for is healthy."""
        self.compose("up", "--detach", "--no-build", *services)

    def inside(self, service: str, *command: str) -> str:
        """What a program prints that runs in a service's container."""
        return self.compose("exec", "--no-TTY", service, *command)

    def sql(self, query: str) -> str:
        """The one value of a query."""
        return self.inside(
            "database", "psql", "-h", "/var/run/postgresql", "-U", "paritycheck", "-Atc", query, "paritycheck"
        ).strip()

    def state(self, service: str) -> dict[str, Any]:
        """What the engine says of a service's container. `Pid` is this machine's."""
        ident = self.compose("ps", "--all", "--quiet", service).strip()
        state: dict[str, Any] = json.loads(run("docker", "inspect", "--format", "{{json .State}}", ident))
        return state

    def kill(self, service: str) -> float:
        """SIGKILL to its first process, by number: the engine did not do it and so has to restart it. The seconds
        until another one runs.
        """
        pid = int(self.state(service)["Pid"])
        os.kill(pid, signal.SIGKILL)

        def back() -> bool:
            state = self.state(service)
            return bool(state["Running"]) and int(state["Pid"]) not in (0, pid)

        return until(back, 60, f"the engine starts {service} again")

    def is_healthy(self, service: str) -> bool:
        state = self.state(service)
        return bool(state["Running"]) and state.get("Health", {}).get("Status") == "healthy"

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers by their small names, and body of a page through the proxy, by TLS."""
        request = urllib.request.Request(f"https://localhost:{TLS_PORT}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=40, context=self._trust) as answer:
                return answer.status, {key.lower(): value for key, value in answer.headers.items()}, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, {key.lower(): value for key, value in error.headers.items()}, error.read()

    def is_ready(self) -> bool:
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def snapshots(self, environment: str) -> list[int]:
        """Numbers of the snapshots that the server said it took from an environment's agent."""
        log = self.compose("logs", "--no-log-prefix", "--no-color", environment)
        return [int(number) for number in SNAPSHOT.findall(log)]

    def lost(self, environment: str) -> list[int]:
        """Snapshots that an agent was told of and that the database does not have."""
        query = (
            "SELECT string_agg(s.number::text, ' ') FROM paritycheck_snapshot s JOIN paritycheck_environment e"  # noqa: S608  our own word
            f" ON e.id = s.environment_id WHERE e.slug = '{environment}'"
        )
        return sorted(set(self.snapshots(environment)) - {int(number) for number in self.sql(query).split()})

    def mails(self) -> str:
        """All subjects that the mail server took, one a line."""
        return self.inside(
            "mail", "sh", "-c", "cat /mail/box/new/* 2>/dev/null | tr -d '\\r' | grep -A1 ^Subject || true"
        )


def _certificate(place: Path) -> None:
    run(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj", "/CN=parity.test", "-addext", "subjectAltName=DNS:parity.test,DNS:localhost",
        "-keyout", str(place / "key.pem"), "-out", str(place / "certificate.pem"),
    )  # fmt: skip
    place.chmod(0o755)
    (place / "key.pem").chmod(0o644)  # for user 101 of the container; it lives as long as the check
