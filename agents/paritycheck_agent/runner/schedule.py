"""When a watching agent does what: rounds at an interval with jitter, and what failed again after a random wait."""

from __future__ import annotations

import os

from paritycheck_agent.wire.limits import INTERVAL_MAX_S, INTERVAL_MIN_S

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

JITTER = 0.1
RETRY_MIN_S, RETRY_MAX_S = 2.0, 300.0
# A wrong Retry-After of something between must not silence an agent for longer.
RETRY_AFTER_MAX_S = 3_600.0
_STEPS = 16
_RANDOM = 1 << 32


def fraction() -> float:
    """Return a random number from 0 to below 1. The module random costs 3 ms."""
    return int.from_bytes(os.urandom(4), "big") / _RANDOM


class Schedule:
    """`due` is when to go on, in seconds of a monotonic clock; `kept_only`: then only what waits is sent."""

    def __init__(self, interval_s: int, *, chance: Callable[[], float] = fraction) -> None:
        self.interval_s = interval_s
        self.due = 0.0
        self.kept_only = False
        self._chance = chance
        self._failures = 0
        self._round = 0.0

    def note(self, result: Mapping[str, Any], *, started: float, ended: float) -> None:
        """Take how a round ended, and set when the next one begins."""
        asked = result.get("interval_s")
        if isinstance(asked, int) and INTERVAL_MIN_S <= asked <= INTERVAL_MAX_S:
            self.interval_s = asked
        if not self.kept_only:
            self._round = started + self.interval_s * (1 - JITTER + 2 * JITTER * self._chance())
        self.due, self.kept_only = max(self._round, ended), False
        if result.get("code") == 0 or result.get("again") is not True:
            self._failures = 0
            return
        self._again(float(result.get("wait_s") or 0), ended)

    def now(self) -> None:
        """Begin a round at once, and forget what failed."""
        self.due, self.kept_only, self._failures = 0.0, False, 0

    def _again(self, said_s: float, ended: float) -> None:
        """Try again before the next round where that is far off; where the server named a time, not before it."""
        self._failures = min(self._failures + 1, _STEPS)
        most = min(RETRY_MAX_S, RETRY_MIN_S * 2**self._failures)
        # Full jitter, but no less than a moment: agents that lost their server together come back one by one.
        wait = max(RETRY_MIN_S / 2, most * self._chance())
        if said_s:
            wait = min(said_s, RETRY_AFTER_MAX_S) * (1 + JITTER * self._chance())
            self.due = max(self.due, ended + wait)
        if ended + wait < self._round:
            self.due, self.kept_only = ended + wait, True
