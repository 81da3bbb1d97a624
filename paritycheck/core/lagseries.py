"""T1 and T2 of a pair as they were at each deploy of either side: what a chart of the lag draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paritycheck.core.bands import Unknown
from paritycheck.core.graph import Lag, Lags
from paritycheck.core.timegap import first_seen, oldest

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from paritycheck.core.graph import CommitGraph
    from paritycheck.core.timegap import Age, Deploy, Seen


@dataclass(frozen=True, slots=True)
class Point:
    """Where the pair stood right after a deploy; `before` is T2 right before it, so that a line can be drawn that
    grows between the deploys and falls at them. `upstream` tells whose deploy it was.
    """

    at: dt.datetime
    upstream: bool
    commit: str
    lag: Lag | Unknown
    age: Age | Unknown
    before: Age | Unknown


def lag_series(
    graph: CommitGraph,
    upstream: Sequence[Deploy],
    downstream: Sequence[Deploy],
    committed: Mapping[str, dt.datetime],
    *,
    since: dt.datetime,
    most: int,
    shallow: bool = False,
) -> list[Point]:
    """Points in order of time, from `since` on, of more than `most` the newest."""
    events = sorted(
        [(one.at, True, one.commit) for one in upstream] + [(one.at, False, one.commit) for one in downstream],
    )
    start = max(sum(at < since for at, _, _ in events), len(events) - most)
    ran: dict[bool, str | None] = {True: None, False: None}
    ran |= {mine: commit for _, mine, commit in events[:start]}
    seen = first_seen(graph, upstream, graph.parents.keys(), committed)
    points: list[Point] = []
    lags = Lags(graph, shallow=shallow)
    standing = lags.between(ran[True], ran[False])
    for at, mine, commit in events[start:]:
        before = _age(standing, seen, at)
        ran[mine] = commit
        standing = lags.between(ran[True], ran[False])
        points.append(Point(at, mine, commit, standing, _age(standing, seen, at), before))
    return points


def _age(standing: Lag | Unknown, seen: Mapping[str, Seen], at: dt.datetime) -> Age | Unknown:
    return standing if isinstance(standing, Unknown) else oldest(standing.waiting, seen, at)
