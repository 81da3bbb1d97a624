"""A whole paritycheck: `paritycheck up` from an empty directory, with real agents that report to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from paritycheck.local.environment import without_settings
from paritycheck.local.layout import layout, remove
from paritycheck.local.ports import next_free
from paritycheck.local.up import answers
from tests.local.conftest import nothing_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

STARTS_WITHIN_S = 90
REQUIREMENTS = "django==5.2.19\nstripe=={stripe}\n"


@dataclass
class Service:
    """`paritycheck up` with a project, and a checkout for each of its environments."""

    place: Path
    environment: dict[str, str]
    port: int
    made: dict[str, Any]
    up: subprocess.Popen[bytes]
    project: str = "shop"

    def another(self, project: str) -> Service:
        """The same service, seen by a project of its own with an administrator of its own."""
        return replace(self, made=_bootstrap(self.place / "data", self.environment, project), project=project)

    @property
    def database_url(self) -> str:
        return layout(self.place / "data").server_url("paritycheck")

    @property
    def log(self) -> str:
        return (self.place / "up.log").read_text(encoding="utf-8")

    def report(self, name: str, *, stripe: str, dotenv: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the agent in the checkout of an environment, where these files stand."""
        checkout = self.place / self.project / name
        checkout.mkdir(parents=True, exist_ok=True)
        (checkout / "requirements.txt").write_text(REQUIREMENTS.format(stripe=stripe), encoding="utf-8")
        (checkout / ".env.example").write_text("DATABASE_URL=\nSTRIPE_WEBHOOK_SECRET=\n", encoding="utf-8")
        (checkout / ".env").write_text(dotenv, encoding="utf-8")
        tokens = {row["slug"]: row["token"] for row in self.made["environments"]}
        environment = {
            **without_settings(self.environment),
            "PARITY_URL": f"http://127.0.0.1:{self.port}",
            "PARITY_TOKEN": tokens[name],
            "XDG_STATE_HOME": str(self.place / self.project / f"{name}-state"),
            # Were these tests to run in a container, the agent would report all of its packages too.
            "PARITY_INSTANCE_KIND": "host",
            **variables,
        }
        command = [sys.executable, "-m", "paritycheck_agent.cli", "report"]
        return subprocess.run(
            command, cwd=checkout, env=environment, check=True, capture_output=True, text=True, timeout=60
        )

    def get(self, path: str) -> Any:
        """The API's answer to the administrator."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1/{path}",
            headers={"Authorization": f"Bearer {self.made['admin']['token']}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def drifts(self) -> list[dict[str, Any]]:
        """The open drifts of the project."""
        return list(self.get(f"projects/{self.project}/drifts")["results"])

    def settled(self) -> bool:
        """Whether every pair was evaluated and none is due."""
        stand = self.get(f"projects/{self.project}/parity")
        return bool(stand["pairs"]) and not stand["pending"]


def within(seconds: float, condition: Callable[[], Any]) -> Any:
    """What `condition` gives once it is true; its last answer when the time is over."""
    deadline = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def paritycheck(*words: str) -> list[str]:
    return [sys.executable, "-m", "paritycheck", *words]


@contextmanager
def running_service(place: Path, **settings: str) -> Iterator[Service]:
    """`up` with these environment variables, bootstrapped. Afterwards it is killed outright, which leaves nothing
    either, and its data are deleted; how it stops when it is asked to, tests/local/test_up.py looks at.
    """
    data = place / "data"
    port = next_free("127.0.0.1", 20_000 + os.getpid() % 400 * 50)
    assert port is not None
    environment = {**without_settings(os.environ), **settings}
    with (place / "up.log").open("wb") as log:
        command = paritycheck("up", "--data", str(data), "--port", str(port))
        up = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            assert within(STARTS_WITHIN_S, lambda: up.poll() is not None or answers("127.0.0.1", port))
            assert up.poll() is None, (place / "up.log").read_text(encoding="utf-8")[-2000:]
            yield Service(place, environment, port, _bootstrap(data, environment, "shop"), up)
        finally:
            up.kill()
            up.wait()
            left = nothing_runs(data)
        remove(layout(data))
        assert left == {}


def _bootstrap(data: Path, environment: Mapping[str, str], project: str) -> dict[str, Any]:
    plans = ["--environment", "production:production", "--environment", "staging:staging"]
    admin = f"maria@{project}.example"
    command = paritycheck("bootstrap", "--data", str(data), "--project", project, *plans, "--admin", admin, "--json")
    done = subprocess.run(command, env=dict(environment), check=True, capture_output=True, text=True, timeout=60)
    document: dict[str, Any] = json.loads(done.stdout)
    return document
