"""The gap over time as a line from 0 to 1. What is unknown breaks it, and is shaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from paritycheck.core.bands import Unknown
from paritycheck.core.personnel import PersonnelGap
from paritycheck.web import words

WIDTH, HEIGHT = 1000.0, 200.0
MOST_TICKS = 5
LEGIBLE = 2.0
"""Percent of the width that a sign needs."""


@dataclass(frozen=True, slots=True)
class Point:
    """One week; `value` is empty where nothing is known, `reason` then says why."""

    day: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Chart:
    """In a box of WIDTH x HEIGHT: the line, where it ends, what is unknown, and the days under it."""

    line: str
    area: str
    end: str
    unknown: tuple[tuple[str, str, str], ...]
    ticks: tuple[str, ...]
    points: tuple[Point, ...]


def chart_of(trend: Sequence[tuple[datetime, PersonnelGap]], now: datetime) -> Chart:
    """Oldest first, evenly spaced."""
    step = WIDTH / max(len(trend) - 1, 1)
    spots: list[tuple[float, float] | None] = [
        None if isinstance(gap.value, Unknown) else (at * step, HEIGHT * (1 - gap.value))
        for at, (_, gap) in enumerate(trend)
    ]
    runs = _runs(spots)
    every = max(1, (len(trend) - 1) // MOST_TICKS)
    last = spots[-1] if spots else None
    return Chart(
        line="".join(_path(run) for run in runs),
        area="".join(f"{_path(run)}V{HEIGHT:g}H{run[0][0]:.1f}Z" for run in runs if len(run) > 1),
        end=f"M{last[0]:.1f} {last[1]:.1f}h0" if last else "",
        unknown=_gaps(spots, step),
        ticks=tuple(words.day(moment, now) for moment, _ in trend[::every]),
        points=tuple(_point(moment, gap, now) for moment, gap in reversed(trend)),
    )


def _runs(spots: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for spot in spots:
        if spot is not None:
            runs[-1].append(spot)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _path(run: Sequence[tuple[float, float]]) -> str:
    """A single point is drawn as a dot by its round ends."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in run) + ("h0" if len(run) == 1 else "")


def _gaps(spots: Sequence[tuple[float, float] | None], step: float) -> tuple[tuple[str, str, str], ...]:
    """Left edge and width of each stretch that nothing is known of, and its middle where a sign fits, in percent."""
    found: list[tuple[float, float]] = []
    for at, spot in enumerate(spots[:-1]):
        if spot is not None and spots[at + 1] is not None:
            continue
        left, width = found.pop() if found and found[-1][0] + found[-1][1] == at else (float(at), 0.0)
        found.append((left, width + 1))
    return tuple(_stretch(left * step, width * step) for left, width in found)


def _stretch(left: float, width: float) -> tuple[str, str, str]:
    whole = WIDTH / 100
    middle = f"{(left + width / 2) / whole:.2f}%" if width >= LEGIBLE * whole else ""
    return f"{left / whole:.2f}%", f"{width / whole:.2f}%", middle


def _point(moment: datetime, gap: PersonnelGap, now: datetime) -> Point:
    value = gap.value
    day = words.day(moment, now)
    return Point(day, "", value.reason) if isinstance(value, Unknown) else Point(day, f"{value:.2f}", "")
