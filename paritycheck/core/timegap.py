"""The time gap: T1 with its commits, T2 the age of the oldest undelivered change, and the band that T2 falls into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paritycheck.core.bands import Band, Unknown, age_band

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Mapping

    from paritycheck.core.graph import CommitGraph, Lag


@dataclass(frozen=True, slots=True)
class Deploy:
    """A commit that an environment ran, and since when."""

    at: dt.datetime
    commit: str


@dataclass(frozen=True, slots=True)
class Seen:
    """When upstream first ran a commit; `by_commit_date` where it held it in its first report already."""

    at: dt.datetime
    by_commit_date: bool


@dataclass(frozen=True, slots=True)
class Age:
    """T2 in seconds, 0 where nothing waits (`commit` is None then)."""

    seconds: float
    commit: str | None = None
    by_commit_date: bool = False


@dataclass(frozen=True, slots=True)
class TimeGap:
    lag: Lag | Unknown
    age: Age | Unknown
    band: Band


def first_seen(
    graph: CommitGraph, deploys: Iterable[Deploy], waiting: Collection[str], committed: Mapping[str, dt.datetime]
) -> dict[str, Seen]:
    """When upstream first ran each waiting commit, by its deploys in any order. What the first of them held
    already counts from its committer date: else a fresh installation would show an age of 0 s for commits that
    waited a month.
    """
    left = set(waiting)
    found: dict[str, Seen] = {}
    walked: set[str] = set()
    for index, deploy in enumerate(sorted(deploys, key=lambda deploy: (deploy.at, deploy.commit))):
        reached, _ = graph.reach(deploy.commit, walked)
        walked |= reached
        for sha in sorted(left & reached):
            if index > 0:
                found[sha] = Seen(deploy.at, by_commit_date=False)
            elif sha in committed:
                found[sha] = Seen(min(committed[sha], deploy.at), by_commit_date=True)
        left -= reached
        if not left:
            break
    return found


def oldest(waiting: Collection[str], seen: Mapping[str, Seen], now: dt.datetime) -> Age | Unknown:
    """T2: now minus the earliest first_seen of the waiting commits. Unknown where one of them has none."""
    if not waiting:
        return Age(0.0)
    if any(sha not in seen for sha in waiting):
        return Unknown("not-collected")
    commit = min(waiting, key=lambda sha: (seen[sha].at, sha))
    seconds = max(0.0, (now - seen[commit].at).total_seconds())
    return Age(seconds, commit, seen[commit].by_commit_date)


def time_gap(
    lag: Lag | Unknown, seen: Mapping[str, Seen], now: dt.datetime, *, limit_s: int, laptop: bool = False
) -> TimeGap:
    """`limit_s` is `bands.age_limit` of the upstream environment."""
    age = lag if isinstance(lag, Unknown) else oldest(lag.waiting, seen, now)
    seconds = age if isinstance(age, Unknown) else age.seconds
    return TimeGap(lag, age, age_band(seconds, limit_s, laptop=laptop))
