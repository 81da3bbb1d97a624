"""Which instances still count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ONE_SHOT = timedelta(hours=26)
GRACE = timedelta(seconds=60)
REPLACED_BY_THE_NEXT = frozenset({"container", "pod", "runner"})


@dataclass(frozen=True, slots=True)
class Pulse:
    """An instance's kind, when it was last seen, and its interval in seconds; None after a one-shot report."""

    key: str
    kind: str
    last_seen: datetime
    interval_s: int | None


def fresh(pulses: Sequence[Pulse], now: datetime) -> frozenset[str]:
    """Keys of the instances that are fresh (`api`, Instances and snapshots).

    With an interval: seen within twice of it and a minute. A one-shot report of a host or laptop lasts 26 h, that of
    a container, pod or runner until the environment's next one-shot report, 26 hours at most.
    """
    one_shots = [pulse.last_seen for pulse in pulses if pulse.interval_s is None]
    newest = max(one_shots, default=now)
    return frozenset(pulse.key for pulse in pulses if _fresh(pulse, newest, now))


def _fresh(pulse: Pulse, newest_one_shot: datetime, now: datetime) -> bool:
    if pulse.interval_s is not None:
        return now - pulse.last_seen <= timedelta(seconds=2 * pulse.interval_s) + GRACE
    if pulse.kind in REPLACED_BY_THE_NEXT and pulse.last_seen < newest_one_shot:
        return False
    return now - pulse.last_seen <= ONE_SHOT
