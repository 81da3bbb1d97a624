"""The time gap of a pair as it went, and what waits: of environments that `find_environment` gave the caller."""

from datetime import datetime, timedelta
from typing import Any

from paritycheck.core.bands import Unknown, age_band, age_limit
from paritycheck.core.facts import Side
from paritycheck.core.graph import CommitGraph, Lag, lag
from paritycheck.core.lagseries import Point, lag_series
from paritycheck.core.leadtime import lead_time, rhythm
from paritycheck.core.policy import Policy
from paritycheck.core.timegap import Age, Deploy, Seen, first_seen, oldest
from paritycheck.models import Environment
from paritycheck.selectors.deploys import commit_graph, commits_named, deploys_told, runs_of

SPAN = timedelta(days=90)
MOST_POINTS = 200
MOST_WAITING = 200


def timeline(*, left: Environment, right: Environment, policy: Policy, now: datetime) -> dict[str, Any]:
    """T1 and T2 of left..right now and at each deploy of 90 days, the commits that wait, and T3 and T4 of both."""
    graph, committed = commit_graph(left.project)
    runs, others = runs_of(left), runs_of(right)
    found = lag(graph, _runs_now(left, runs), _runs_now(right, others))
    waiting = () if isinstance(found, Unknown) else found.waiting
    seen = first_seen(graph, runs, waiting, committed)
    age = found if isinstance(found, Unknown) else oldest(waiting, seen, now)
    points = lag_series(graph, runs, others, committed, since=now - SPAN, most=MOST_POINTS)
    return {
        "now": _now(left, found, age, policy),
        "series": [_point(point, left if point.upstream else right) for point in points],
        "waiting": _waiting(left, waiting, seen),
        "environments": [_rhythm(one, graph, committed, now) for one in (left, right)],
    }


def _runs_now(environment: Environment, runs: list[Deploy]) -> str | None:
    """What its agents report, else what was deployed last."""
    if environment.latest is not None and environment.latest.commit:
        return environment.latest.commit
    return runs[-1].commit if runs else None


def _counts(found: Lag | Unknown, age: Age | Unknown) -> dict[str, Any]:
    told: dict[str, Any] = {"state": "unknown", "waiting": None, "missing": None, "age_s": None}
    if isinstance(found, Lag):
        told |= {"state": found.state.value, "waiting": len(found.waiting), "missing": len(found.missing)}
    if isinstance(age, Unknown):
        return {**told, "reason": age.reason}
    return {**told, "age_s": age.seconds}


def _now(left: Environment, found: Lag | Unknown, age: Age | Unknown, policy: Policy) -> dict[str, Any]:
    side = Side(left.slug, left.tier, left.kind)
    limit_s = age_limit(policy, side)
    band = age_band(age if isinstance(age, Unknown) else age.seconds, limit_s, laptop=side.laptop)
    told = {**_counts(found, age), "band": band.value, "limit_s": limit_s}
    if isinstance(age, Age):
        told |= {"oldest": age.commit, "by_commit_date": age.by_commit_date}
    return told


def _point(point: Point, environment: Environment) -> dict[str, Any]:
    before = None if isinstance(point.before, Unknown) else point.before.seconds
    return {
        "at": point.at,
        "environment": environment.slug,
        "commit": point.commit,
        **_counts(point.lag, point.age),
        "age_before_s": before,
    }


def _waiting(left: Environment, waiting: tuple[str, ...], seen: dict[str, Seen]) -> list[dict[str, Any]]:
    """The commits that wait, the longest waiting first, at most 200; whose first sight is not known comes last."""
    ordered = sorted(waiting, key=lambda sha: (sha not in seen, seen[sha].at.timestamp() if sha in seen else 0, sha))
    shown = ordered[:MOST_WAITING]
    rows = commits_named(left.project, shown)
    return [
        {
            "sha": sha,
            "author": rows[sha].author_name,
            "co_authors": [name for name, _ in rows[sha].co_authors],
            "subject": rows[sha].subject,
            "committed_at": rows[sha].committed_at,
            "since": seen[sha].at if sha in seen else None,
            "by_commit_date": sha in seen and seen[sha].by_commit_date,
        }
        for sha in shown
    ]


def _rhythm(
    environment: Environment, graph: CommitGraph, committed: dict[str, datetime], now: datetime
) -> dict[str, Any]:
    """T3 and T4 as JSON; a number that is not known is None and `reason` says why."""
    deploys = deploys_told(environment)
    lead, pace = lead_time(graph, deploys, committed, now), rhythm(deploys, now)
    return {
        "environment": environment.slug,
        "deploys": pace.deploys,
        "lead_time": {
            **_known(p50_s=lead.p50, p90_s=lead.p90),
            "commits": lead.commits,
            "older": lead.older,
            "undecided": lead.undecided,
            "skewed": lead.skewed,
        },
        "interval": _known(median_s=pace.interval),
        "since_last_s": None if isinstance(pace.since_last, Unknown) else pace.since_last,
    }


def _known(**values: float | Unknown) -> dict[str, Any]:
    reasons = [value.reason for value in values.values() if isinstance(value, Unknown)]
    told = {name: None if isinstance(value, Unknown) else value for name, value in values.items()}
    return {**told, **({"reason": reasons[0]} if reasons else {})}
