"""What the demo does as anybody would: make a project with `paritycheck bootstrap`, report with `parity report`."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paritycheck.local.background import HOST, Service
from paritycheck.local.death import die_with_parent
from paritycheck.local.errors import LocalError

AGENT = (sys.executable, "-m", "paritycheck_agent.cli", "report")
AGENT_S = 180
SHELL = ("PATH", "HOME", "LANG")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an agent runs, and where it keeps what it remembers; the name is its environment's."""

    name: str
    root: Path
    state: Path


class Bootstrap:
    """`paritycheck bootstrap` on its way: project, environments (`NAME:TIER`), tokens and an administrator."""

    def __init__(self, service: Service, project: str, environments: Sequence[str]) -> None:
        command = [sys.executable, "-m", "paritycheck", "bootstrap", "--data", str(service.directory)]
        self._process = subprocess.Popen(
            [*command, "--project", project, *(f"--environment={each}" for each in environments), "--json"],
            env=service.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509  this process has no threads
        )

    def keys(self) -> dict[str, Any]:
        """What it made, once it has ended. Raises LocalError with what it said where it failed."""
        said, wrong = self._process.communicate()
        if self._process.returncode != 0:
            raise LocalError(f"paritycheck bootstrap failed:\n{wrong.strip()}")
        keys: dict[str, Any] = json.loads(said)
        return keys


def token_of(keys: Mapping[str, Any], environment: str) -> str:
    """The report token that `bootstrap` made for an environment."""
    return next(str(row["token"]) for row in keys["environments"] if row["slug"] == environment)


def report(service: Service, place: Place, token: str, told: Mapping[str, str]) -> None:
    """Run the agent as it runs anywhere: told by variables, seeing of the caller's environment a shell's alone."""
    inherited = {name: os.environ[name] for name in SHELL if name in os.environ}
    ours = {
        "PARITY_URL": f"http://{HOST}:{service.port}",
        "PARITY_TOKEN": token,
        "PARITY_STATE_DIR": str(place.state),
    }
    try:
        done = subprocess.run(
            AGENT,
            cwd=place.root,
            env={**inherited, **told, **ours},
            capture_output=True,
            text=True,
            check=False,
            timeout=AGENT_S,
        )
    except subprocess.TimeoutExpired:
        raise LocalError(f"The agent of {place.name} did not end within {AGENT_S} s.") from None
    if done.returncode != 0:
        raise LocalError(f"The agent of {place.name} ended with code {done.returncode}:\n{done.stderr.strip()}")
