"""Bands of the three gaps, and the value that stands where there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from paritycheck.core.policy import DAY

if TYPE_CHECKING:
    from collections.abc import Collection

    from paritycheck.core.facts import Side
    from paritycheck.core.parity import Parity
    from paritycheck.core.policy import Policy

_WARNS_FOR: Final = 7
"""Warning reaches from the limit to seven times the limit: 24 h and 7 days as shipped (gaps.md)."""
_LAPTOP_LIMIT: Final = 7 * DAY


class Band(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Unknown:
    """Stands for a value that cannot be told: never 0 and never a violation. `reason` is read by people."""

    reason: str


def age_limit(policy: Policy, side: Side) -> int:
    """Seconds that a change may wait in this upstream environment: its own `max_age`, its tier's, else as shipped."""
    for name in (side.slug, side.tier):
        if name in policy.max_age:
            return policy.max_age[name]
    return _LAPTOP_LIMIT if side.laptop else DAY


def age_band(age_s: float | Unknown, limit_s: int, *, laptop: bool = False) -> Band:
    """The band of the time gap by T2. A laptop warns and never errs."""
    if isinstance(age_s, Unknown):
        return Band.UNKNOWN
    if age_s <= limit_s:
        return Band.OK
    return Band.WARNING if laptop or age_s <= _WARNS_FOR * limit_s else Band.ERROR


def tools_band(parity: Parity, severities: Collection[str]) -> Band:
    """The band of the tools gap: its worst live drift, never its score; unknown where nothing could be compared."""
    if "error" in severities:
        return Band.ERROR
    if "warning" in severities:
        return Band.WARNING
    return Band.UNKNOWN if parity.value is None else Band.OK
