"""Real agents that report to the web process of a stand, each from a checkout of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from paritycheck.local.environment import without_settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.chaos.shops import Shop
    from tests.chaos.stand import Stand

LONGEST_S = 180
"""A run waits for a server that asks for it, a minute at most, and comes to its end on a busy machine."""


class Agent:
    """`parity report` of one instance of an environment. What was not taken waits in its spool for the next run."""

    def __init__(self, stand: Stand, shop: Shop, slug: str, instance: str) -> None:
        self.checkout = stand.place / f"agent-{instance}"
        self.checkout.mkdir()
        self.slug, self.instance = slug, instance
        self._environment = {
            **without_settings(stand.environment),
            "PARITY_URL": f"http://127.0.0.1:{stand.port}",
            "PARITY_TOKEN": shop.report_token(slug),
            "PARITY_INSTANCE": instance,
            "PARITY_INSTANCE_KIND": "host",
            "PARITY_STATE_DIR": str(self._state),
        }

    @property
    def _state(self) -> Path:
        return self.checkout.with_name(f"{self.checkout.name}-state")

    def start(self, **versions: str) -> subprocess.Popen[bytes]:
        """Begin a report of packages with these versions."""
        lines = "".join(f"{name}=={version}\n" for name, version in sorted(versions.items()))
        (self.checkout / "requirements.txt").write_text(lines, encoding="utf-8")
        log = self.checkout.with_suffix(".log").open("ab")
        with log:
            return subprocess.Popen(
                [sys.executable, "-m", "paritycheck_agent.cli", "report"], cwd=self.checkout, env=self._environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def report(self, **versions: str) -> bool:
        """Report, and say whether the server took it."""
        return self.start(**versions).wait(LONGEST_S) == 0

    def spooled(self) -> int:
        """How many reports wait to be sent."""
        return len(list(self._state.glob("*/spool/*.report")))
