"""The age of the oldest waiting change over time: a line that grows while something waits and falls when it is
deployed. What is not known breaks it, and is shaded.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import dropwhile
from typing import Any

from paritycheck.web import words
from paritycheck.web.timerows import gap_reason

WIDTH, HEIGHT = 1000.0, 200.0
MOST_LINES = 5
DAYS_UNDER_IT = 6
MINUTE, HOUR, DAY = 60, 3600, 86_400
STEPS = (
    *(minutes * MINUTE for minutes in (1, 5, 10, 15, 30)),
    *(hours * HOUR for hours in (1, 2, 3, 4, 6, 12)),
    *(days * DAY for days in (1, 2, 3, 5, 7, 14, 28, 56, 91, 182, 365)),
)
SHORT = timedelta(days=2)
"""A chart of less has the time of day under it."""
NEVER = "no deploy yet"
LEGIBLE = 2.0
"""Percent of the width that a sign needs."""
CLOSE = 9.0
"""Percent of the height that two labels need to stand apart."""


@dataclass(frozen=True, slots=True)
class Label:
    """Words at the right end, at a height in percent from the top."""

    look: str
    text: str
    y: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A deploy of the downstream side, `x` from the left."""

    x: str
    title: str


@dataclass(frozen=True, slots=True)
class Blank:
    """A stretch that nothing is known of, in percent of the width."""

    x: str
    width: str
    middle: str
    reason: str


@dataclass(frozen=True, slots=True)
class Chart:
    """In a box of WIDTH x HEIGHT; `scale` from the top, `days` from the left, both evenly spread."""

    line: str
    area: str
    end: str
    unknown: tuple[Blank, ...]
    grid: str
    scale: tuple[str, ...]
    limits: tuple[tuple[str, str], ...]
    labels: tuple[Label, ...]
    days: tuple[str, ...]
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one deploy to the next: the age at its end in seconds, None where it is not known."""

    begin: datetime
    end: datetime
    age: float | None
    reason: str


def chart_of(told: Mapping[str, Any], *, downstream: str, since: datetime, now: datetime, laptop: bool) -> Chart:
    """`told` is what `selectors.timeline` tells of a pair. The chart begins where both sides were deployed."""
    stretches = _stretches(told, since, now)
    begin = stretches[0].begin
    seconds = max((now - begin).total_seconds(), 1.0)
    limits = _limits(told["now"]["limit_s"], laptop=laptop)
    peak = max((stretch.age for stretch in stretches if stretch.age is not None), default=0.0)
    step = _step(max(peak, limits[0][1]))
    lines = max(1, math.ceil(max(peak, limits[0][1]) / step))
    frame = _Frame(begin, seconds, step * lines)
    runs = frame.runs(stretches)
    shown = [(look, age) for look, age in limits if age <= frame.top]
    return Chart(
        line="".join(map(_path, runs)),
        area="".join(f"{_path(run)}V{HEIGHT:g}H{run[0][0]:.1f}Z" for run in runs if len(run) > 1),
        end=_end(told["now"]["age_s"], frame),
        unknown=tuple(frame.unknown(stretch) for stretch in stretches if stretch.age is None),
        grid="".join(f"M0 {HEIGHT * at / lines:.1f}H{WIDTH:g}" for at in range(lines + 1)),
        scale=tuple(words.duration(step * at) if at else "0" for at in range(lines, -1, -1)),
        limits=tuple((look, f"M0 {frame.y(age):.1f}H{WIDTH:g}") for look, age in shown),
        labels=_labels(shown, told["now"]["age_s"], frame),
        days=days_under(begin, now),
        ticks=tuple(_tick(point, frame) for point in told["series"] if point["environment"] == downstream),
    )


def _stretches(told: Mapping[str, Any], since: datetime, now: datetime) -> list[Stretch]:
    """Without those before both sides were deployed, unless nothing is known at all."""
    found, begin = [], since
    for point in told["series"]:
        end = max(begin, point["at"])
        found.append(Stretch(begin, end, point["age_before_s"], point["before_reason"]))
        begin = end
    found.append(Stretch(begin, now, told["now"]["age_s"], str(told["now"].get("reason") or "")))
    known = any(stretch.age is not None for stretch in found)
    return list(dropwhile(lambda stretch: known and stretch.reason == NEVER, found))


def _limits(limit_s: int, *, laptop: bool) -> list[tuple[str, float]]:
    """A laptop warns and never errs."""
    return [("warning", float(limit_s))] if laptop else [("warning", float(limit_s)), ("error", 7.0 * limit_s)]


def _step(top: float) -> float:
    for step in STEPS:
        if step * MOST_LINES >= top:
            return float(step)
    return float(DAY * math.ceil(top / MOST_LINES / DAY))


@dataclass(frozen=True, slots=True)
class _Frame:
    begin: datetime
    seconds: float
    top: float

    def x(self, moment: datetime) -> float:
        return max(0.0, min(1.0, (moment - self.begin).total_seconds() / self.seconds)) * WIDTH

    def y(self, age: float) -> float:
        return HEIGHT * (1 - age / self.top)

    def runs(self, stretches: Sequence[Stretch]) -> list[list[tuple[float, float]]]:
        """Lines without a break."""
        found: list[list[tuple[float, float]]] = [[]]
        for stretch in stretches:
            if stretch.age is None:
                found.append([])
            else:
                found[-1] += self._rise(stretch, stretch.age)
        return [run for run in found if run]

    def _rise(self, stretch: Stretch, age: float) -> list[tuple[float, float]]:
        """What waits grows older as time passes; nothing does not."""
        span = (stretch.end - stretch.begin).total_seconds()
        start = max(0.0, age - span)
        points = [(self.x(stretch.begin), self.y(start))]
        if 0 < age < span:
            points.append((self.x(stretch.end - timedelta(seconds=age)), self.y(0.0)))
        return [*points, (self.x(stretch.end), self.y(age))]

    def unknown(self, stretch: Stretch) -> Blank:
        left, right = (100 * self.x(moment) / WIDTH for moment in (stretch.begin, stretch.end))
        middle = f"{(left + right) / 2:.2f}%" if right - left >= LEGIBLE else ""
        return Blank(f"{left:.2f}%", f"{max(right - left, 0.1):.2f}%", middle, gap_reason(stretch.reason))


def _path(run: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in run)


def _end(age: float | None, frame: _Frame) -> str:
    return "" if age is None else f"M{WIDTH:g} {frame.y(age):.1f}h0"


def _labels(limits: Sequence[tuple[str, float]], age: float | None, frame: _Frame) -> tuple[Label, ...]:
    """The limits and the last value, which gives way to none of them: who stands too near to it is left out."""
    placed = [] if age is None else [("now", words.duration(age) if age else "0", 100 * (1 - age / frame.top))]
    for look, limit in limits:
        y = 100 * (1 - limit / frame.top)
        if all(abs(y - other) >= CLOSE for _, _, other in placed):
            placed.append((look, f"{words.duration(limit)} {look}", y))
    return tuple(Label(look, text, f"{y:.1f}%") for look, text, y in placed)


def days_under(begin: datetime, now: datetime) -> tuple[str, ...]:
    """What stands under an axis, evenly spread and no label twice: the time of day where it is about hours, with
    seconds where it is about minutes.
    """
    span = now - begin
    if span >= SHORT:
        parts, told = min(DAYS_UNDER_IT, span.days), ""
    elif span >= DAYS_UNDER_IT * timedelta(minutes=1):
        parts, told = DAYS_UNDER_IT, "%H:%M"
    else:
        parts, told = max(1, min(DAYS_UNDER_IT, int(span.total_seconds()))), "%H:%M:%S"
    moments = [begin + span * at / parts for at in range(parts + 1)]
    return tuple(f"{one:{told}}" if told else words.day(one, now) for one in moments)


def _tick(point: Mapping[str, Any], frame: _Frame) -> Tick:
    before, after = point["age_before_s"], point["age_s"]
    said = "" if before is None else f", {words.duration(before)} before"
    said += "" if after is None else f", {words.duration(after)} after"
    where, when = f"{point['environment']} {point['commit'][:7]}", words.instant(point["at"])
    return Tick(f"{frame.x(point['at']):.1f}", f"{where}, {when}{said}")
