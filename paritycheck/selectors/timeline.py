"""The time gap of a pair as it went, and what waits: of environments that `find_environment` gave the caller."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from paritycheck.codec.scopes import label_of
from paritycheck.core.bands import Unknown, age_band, age_limit
from paritycheck.core.facts import Side
from paritycheck.core.graph import CommitGraph, Lag, lag
from paritycheck.core.lagseries import Point, lag_series
from paritycheck.core.leadtime import STEPS, lead_time, rhythm
from paritycheck.core.policy import Policy
from paritycheck.core.timegap import Age, Deploy, Seen, first_seen, oldest
from paritycheck.models import Environment, Project
from paritycheck.selectors.deploys import commit_graph, commits_named, deploys_told, runs_of

SPAN = timedelta(days=90)
MOST_POINTS = 200
MOST_WAITING = 200


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of a project's commits, as seen through one of the policy's path scopes or none."""

    graph: CommitGraph
    committed: dict[str, datetime]
    policy: Policy
    now: datetime
    _runs: dict[UUID, list[Deploy]] = field(default_factory=dict)

    def runs(self, environment: Environment) -> list[Deploy]:
        """What an environment ran; read once, however many pairs it stands in."""
        if environment.pk not in self._runs:
            self._runs[environment.pk] = runs_of(environment)
        return self._runs[environment.pk]


def past_of(project: Project, *, policy: Policy, now: datetime, scope: str | None = None) -> Past:
    """`scope` is one of `policy.scopes`."""
    label = label_of(scope, policy.scopes[scope]) if scope else None
    return Past(*commit_graph(project, label), policy, now)


@dataclass(frozen=True, slots=True)
class Standing:
    """T1 and T2 of a pair now, and what its environments ran."""

    lag: Lag | Unknown
    age: Age | Unknown
    seen: dict[str, Seen]
    runs: list[Deploy]
    others: list[Deploy]
    shallow: bool

    @property
    def waiting(self) -> tuple[str, ...]:
        """The commits that wait, none where that is not known."""
        return () if isinstance(self.lag, Unknown) else self.lag.waiting


def standing_of(past: Past, left: Environment, right: Environment) -> Standing:
    """How left..right stands now."""
    runs, others, shallow = past.runs(left), past.runs(right), left.shallow or right.shallow
    found = lag(past.graph, _runs_now(left, runs), _runs_now(right, others), shallow=shallow)
    waiting = () if isinstance(found, Unknown) else found.waiting
    seen = first_seen(past.graph, runs, waiting, past.committed)
    age = found if isinstance(found, Unknown) else oldest(waiting, seen, past.now)
    return Standing(found, age, seen, runs, others, shallow)


def timeline(
    *,
    left: Environment,
    right: Environment,
    policy: Policy,
    now: datetime,
    scope: str | None = None,
    span: timedelta = SPAN,
    most: int = MOST_POINTS,
) -> dict[str, Any]:
    """T1 and T2 of left..right now and at each deploy of a span, the commits that wait, and T3 and T4 of both."""
    past = past_of(left.project, policy=policy, now=now, scope=scope)
    return {
        **pair_told(past, standing_of(past, left, right), left, right, span=span, most=most),
        "environments": [rhythm_told(past, one) for one in (left, right)],
    }


def pair_told(
    past: Past,
    standing: Standing,
    left: Environment,
    right: Environment,
    *,
    span: timedelta = SPAN,
    most: int = MOST_POINTS,
) -> dict[str, Any]:
    """How a pair stands and how that went, as JSON."""
    points = lag_series(
        past.graph, standing.runs, standing.others, past.committed,
        since=past.now - span, most=most, shallow=standing.shallow,
    )  # fmt: skip
    return {
        "now": now_told(past, standing, left),
        "series": [_point(point, left if point.upstream else right) for point in points],
        "waiting": _waiting(left, standing.waiting, standing.seen),
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


def now_told(past: Past, standing: Standing, left: Environment) -> dict[str, Any]:
    """T1, T2 and the band of a pair as JSON."""
    age, side = standing.age, Side(left.slug, left.tier, left.kind)
    limit_s = age_limit(past.policy, side)
    band = age_band(age if isinstance(age, Unknown) else age.seconds, limit_s, laptop=side.laptop)
    told = {**_counts(standing.lag, age), "band": band.value, "limit_s": limit_s}
    if isinstance(age, Age):
        told |= {"oldest": age.commit, "by_commit_date": age.by_commit_date}
    return told


def _point(point: Point, environment: Environment) -> dict[str, Any]:
    before = point.before
    return {
        "at": point.at,
        "environment": environment.slug,
        "commit": point.commit,
        **_counts(point.lag, point.age),
        "age_before_s": None if isinstance(before, Unknown) else before.seconds,
        "before_reason": before.reason if isinstance(before, Unknown) else "",
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


def rhythm_told(past: Past, environment: Environment) -> dict[str, Any]:
    """T3 and T4 as JSON; a number that is not known is None and `reason` says why."""
    deploys = deploys_told(environment)
    lead, pace = lead_time(past.graph, deploys, past.committed, past.now), rhythm(deploys, past.now)
    return {
        "environment": environment.slug,
        "deploys": pace.deploys,
        "lead_time": {
            **_known(p50_s=lead.p50, p90_s=lead.p90),
            "commits": lead.commits,
            "older": lead.older,
            "undecided": lead.undecided,
            "skewed": lead.skewed,
            "bars": [
                {"below_s": step, "commits": count} for step, count in zip((*STEPS, None), lead.bars, strict=False)
            ],
        },
        "interval": _known(median_s=pace.interval),
        "since_last_s": None if isinstance(pace.since_last, Unknown) else pace.since_last,
        "last_at": max((one.at for one in deploys), default=None),
    }


def _known(**values: float | Unknown) -> dict[str, Any]:
    reasons = [value.reason for value in values.values() if isinstance(value, Unknown)]
    told = {name: None if isinstance(value, Unknown) else value for name, value in values.items()}
    return {**told, **({"reason": reasons[0]} if reasons else {})}
