"""Durations as people write and read them: `24h` in a policy, `3 d 22 h` on a page."""

from __future__ import annotations

import re
from typing import Final

_UNITS: Final = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_WRITTEN: Final = re.compile(r"(\d{1,6})\s?(s|min|m|h|d|w)", re.ASCII)
_LONGEST: Final = 3660 * 86400
_STEPS: Final = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


class DurationError(ValueError):
    """The text is no duration; the message says what one looks like."""


def parse_duration(text: str) -> int:
    """Seconds of `90s`, `30m` (or `30min`), `24h`, `7d`, `2w`, at most ten years. Raises DurationError."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise DurationError("a duration is a number and a unit, such as 30m, 24h, 7d or 2w")
    seconds = int(found[1]) * _UNITS[found[2]]
    if seconds > _LONGEST:
        raise DurationError("a duration is at most ten years")
    return seconds


def humanise(seconds: float) -> str:
    """The two largest units, cut and not rounded: `25 s`, `3 h 12 min`, `3 d 22 h`. A negative duration reads
    as `0 s`.
    """
    rest = max(0, int(seconds))
    for index, (unit, size) in enumerate(_STEPS):
        count, left = divmod(rest, size)
        if count:
            return _joined(count, unit, left, _STEPS[index + 1 : index + 2])
    return "0 s"


def _joined(count: int, unit: str, left: int, below: tuple[tuple[str, int], ...]) -> str:
    text = f"{count} {unit}"
    for smaller, size in below:
        if left >= size:
            text += f" {left // size} {smaller}"
    return text
