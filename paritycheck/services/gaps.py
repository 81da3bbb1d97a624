"""The time gap of a pair, from the commits, deploys and snapshots that are stored."""

from datetime import datetime
from typing import Any

from paritycheck.core import timegap
from paritycheck.core.bands import Unknown, age_limit
from paritycheck.core.facts import Side
from paritycheck.core.graph import CommitGraph, Lag, lag
from paritycheck.core.policy import Policy
from paritycheck.core.timegap import TimeGap, first_seen
from paritycheck.models import Snapshot
from paritycheck.selectors.deploys import commit_graph, runs_of


def time_gap(*, upstream: Snapshot, downstream: Snapshot, policy: Policy, now: datetime) -> dict[str, Any]:
    """T1 and T2 of upstream..downstream as JSON: `value` is the age in seconds of the oldest commit that waits.

    `waiting` and `missing` count commits; what is not known has `value` None and a `reason`.
    """
    graph, committed = (
        commit_graph(upstream.project) if upstream.commit != downstream.commit else _alone(upstream.commit)
    )
    found = lag(graph, upstream.commit or None, downstream.commit or None)
    waiting = () if isinstance(found, Unknown) else found.waiting
    seen = first_seen(
        graph, runs_of(upstream.environment) if waiting else [], waiting, {sha: committed[sha] for sha in waiting}
    )
    environment = upstream.environment
    side = Side(environment.slug, environment.tier, environment.kind)
    limit_s = age_limit(policy, side)
    return _document(timegap.time_gap(found, seen, now, limit_s=limit_s, laptop=side.laptop), limit_s)


def _alone(commit: str) -> tuple[CommitGraph, dict[str, datetime]]:
    """Enough to say that a commit is equal to itself."""
    return CommitGraph({commit: ()} if commit else {}), {}


def _document(gap: TimeGap, limit_s: int) -> dict[str, Any]:
    told: dict[str, Any] = {"value": None, "band": gap.band.value, "coverage": 0.0, "limit_s": limit_s}
    if isinstance(gap.lag, Lag):
        told |= {"state": gap.lag.state.value, "waiting": len(gap.lag.waiting), "missing": len(gap.lag.missing)}
    if isinstance(gap.age, Unknown):
        return {**told, "reason": gap.age.reason}
    age = gap.age
    return {**told, "value": age.seconds, "coverage": 1.0, "oldest": age.commit, "by_commit_date": age.by_commit_date}
