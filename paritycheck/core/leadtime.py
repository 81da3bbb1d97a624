"""T3, how long commits take from their commit to an environment, and T4, how often it is deployed (gaps.md)."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from paritycheck.core.bands import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from paritycheck.core.graph import CommitGraph
    from paritycheck.core.timegap import Deploy

WINDOW: Final = dt.timedelta(days=28)
ENOUGH: Final = 5
"""Deploys that must have been recorded before their numbers mean anything."""
INSUFFICIENT: Final = Unknown("insufficient data")
STEPS: Final = tuple(dt.timedelta(hours=hours).total_seconds() for hours in (1, 4, 24, 3 * 24, 7 * 24))
"""Seconds at which a bar of the distribution of lead times ends; the last bar has no end."""


@dataclass(frozen=True, slots=True)
class LeadTime:
    """T3 in seconds. `commits` were measured; `older` were made before the environment's first recorded deploy and are
    left out; `undecided` may have come with an earlier deploy whose commit is not known, or may be outside the scope.
    `skewed` of those measured have a committer date after their deploy and count as 0. `bars` counts those measured up
    to each of STEPS, each bar without what the one before it has, and the rest.
    """

    p50: float | Unknown
    p90: float | Unknown
    commits: int = 0
    older: int = 0
    undecided: int = 0
    skewed: int = 0
    bars: tuple[int, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """T4 in seconds: the median between two deploys, over all of them, and the time since the last."""

    interval: float | Unknown
    since_last: float | Unknown
    deploys: int = 0


def percentile(values: Sequence[float], fraction: float) -> float | None:
    """Linear interpolation between the neighbours, as PostgreSQL's `percentile_cont`; None of no values."""
    if not values:
        return None
    ordered = sorted(values)
    place = fraction * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def lead_time(
    graph: CommitGraph, deploys: Iterable[Deploy], committed: Mapping[str, dt.datetime], now: dt.datetime
) -> LeadTime:
    """T3 over the commits whose first deploy lies in the 28 days up to now. `deploys` are the successful ones, in any
    order; one with an empty commit, or one that the graph lacks, is known to have been and no more.
    """
    done = _until(deploys, now)
    if len(done) < ENOUGH:
        return LeadTime(INSUFFICIENT, INSUFFICIENT)
    counted = _Counted(done[0].at)
    walked: set[str] = set()
    for index, deploy in enumerate(done):
        reached, _ = graph.reach(deploy.commit, walked)
        walked |= reached
        if index > 0 and now - WINDOW < deploy.at:
            for sha in sorted(reached):
                if graph.undecided(sha):
                    counted.undecided += 1
                elif graph.counts(sha):
                    counted.take(committed[sha], deploy.at)
        if deploy.commit not in graph.parents:
            counted.blind = deploy.at
    return counted.result()


class _Counted:
    """What was measured so far, and what was not and why."""

    def __init__(self, first: dt.datetime) -> None:
        self.first = first
        self.blind: dt.datetime | None = None
        self.spans: list[float] = []
        self.older = self.undecided = self.skewed = 0

    def take(self, made: dt.datetime, deployed: dt.datetime) -> None:
        if made < self.first:
            self.older += 1
        elif self.blind is not None and made <= self.blind:
            self.undecided += 1
        else:
            self.skewed += made > deployed
            self.spans.append(max(0.0, (deployed - made).total_seconds()))

    def result(self) -> LeadTime:
        half, most = (_known(percentile(self.spans, fraction)) for fraction in (0.5, 0.9))
        bars = [0] * (len(STEPS) + 1)
        for span in self.spans:
            bars[bisect_right(STEPS, span)] += 1
        return LeadTime(half, most, len(self.spans), self.older, self.undecided, self.skewed, tuple(bars))


def _known(value: float | None) -> float | Unknown:
    return Unknown("no commit was deployed in 28 days") if value is None else value


def rhythm(deploys: Iterable[Deploy], now: dt.datetime) -> Rhythm:
    """T4 of the successful deploys up to now, in any order."""
    done = _until(deploys, now)
    if not done:
        return Rhythm(Unknown("no deploy yet"), Unknown("no deploy yet"))
    gaps = [(later.at - earlier.at).total_seconds() for earlier, later in pairwise(done)]
    median = percentile(gaps, 0.5) if len(done) >= ENOUGH else None
    since = (now - done[-1].at).total_seconds()
    return Rhythm(INSUFFICIENT if median is None else median, since, len(done))


def _until(deploys: Iterable[Deploy], now: dt.datetime) -> list[Deploy]:
    return sorted((one for one in deploys if one.at <= now), key=lambda one: (one.at, one.commit))
