"""The tables of the time page: pairs, commits that wait, deploys, and the numbers behind the chart."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from paritycheck.core.leadtime import ENOUGH
from paritycheck.models import Deploy, Environment
from paritycheck.models.deploys import DeployStatus
from paritycheck.models.projects import EnvironmentKind
from paritycheck.web import words
from paritycheck.web.facts import reason_words
from paritycheck.web.repository import commit_url
from paritycheck.web.visible import visible

STATES = {"in_sync": "in step", "behind": "behind", "ahead": "ahead", "diverged": "diverged", "unknown": "unknown"}
REASONS = {"no deploy yet": "no deploy yet", "shallow": "shallow clone"}
SOURCES = {
    "report": "an agent",
    "cli": "parity deploy",
    "api": "the API",
    "github": "GitHub",
    "gitlab": "GitLab",
    "cdevents": "CDEvents",
}
ROLES = {"approver": "approved by", "merger": "merged by", "watcher": "watched by"}


@dataclass(frozen=True, slots=True)
class Row:
    """One pair; what is not known is empty, and `reason` says why."""

    pair: str
    left: str
    right: str
    state: str
    waiting: str
    missing: str
    age: str
    band: str
    reason: str
    interval: str
    last: datetime | None
    coverage: float
    chosen: bool


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that waits. `by_commit_date`: its first report held it, so that its own date counts."""

    sha: str
    url: str
    subject: str
    authors: str
    since: datetime | None
    waits: str
    by_commit_date: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A deploy and who told of it."""

    at: datetime
    environment: str
    sha: str
    url: str
    release: str
    by: str
    source: str
    source_url: str
    failed: bool


@dataclass(frozen=True, slots=True)
class Point:
    """How a pair stood right after a deploy."""

    at: datetime
    environment: str
    sha: str
    url: str
    waiting: str
    missing: str
    age: str
    reason: str


def gap_reason(reason: str | None) -> str:
    """Why the gap is not known, in words."""
    return REASONS.get(reason or "") or reason_words(reason)


def row_of(
    left: Environment,
    right: Environment,
    now: Mapping[str, Any],
    pace: Mapping[str, Any],
    *,
    laptops: int,
    chosen: bool,
) -> Row:
    """`now` is the pair's standing and `pace` the right side's rhythm, as `selectors.timeline` tells them."""
    known = now["age_s"] is not None
    state = STATES[now["state"]]
    if left.kind == EnvironmentKind.COHORT and laptops:
        state += f", {words.plural(laptops, 'laptop')}"
    return Row(
        pair=f"{left.slug}..{right.slug}",
        left=left.slug,
        right=right.slug,
        state=state,
        waiting=_count(now["waiting"]),
        missing=_count(now["missing"]),
        age=(words.duration(now["age_s"]) if now["age_s"] or now["waiting"] else "nothing") if known else "",
        band=now["band"],
        reason="" if known else gap_reason(now.get("reason")),
        interval=_interval(right, pace),
        last=_last(pace),
        coverage=1.0 if known else 0.0,
        chosen=chosen,
    )


def _count(number: int | None) -> str:
    return "" if number is None else words.number(number)


def _interval(environment: Environment, pace: Mapping[str, Any]) -> str:
    if environment.kind == EnvironmentKind.COHORT:
        return "not deployed"
    if pace["interval"]["median_s"] is None:
        return f"{words.number(pace['deploys'])} of {ENOUGH} deploys"
    return words.duration(pace["interval"]["median_s"])


def _last(pace: Mapping[str, Any]) -> datetime | None:
    found: datetime | None = pace["last_at"]
    return found


def commits_of(told: Sequence[Mapping[str, Any]], repository: str, now: datetime) -> list[Commit]:
    """Those that wait, in the order told."""
    return [
        Commit(
            sha=row["sha"],
            url=commit_url(repository, row["sha"]),
            subject=visible(row["subject"]) or "no subject",
            authors=visible(words.listed([row["author"] or "not known", *row["co_authors"]])),
            since=row["since"],
            waits=words.duration((now - row["since"]).total_seconds()) if row["since"] else "",
            by_commit_date=row["by_commit_date"],
        )
        for row in told
    ]


def deploys_shown(rows: Iterable[Deploy], repository: str) -> list[Told]:
    """Newest first, as they come."""
    return [
        Told(
            at=row.deployed_at,
            environment=row.environment.slug,
            sha=row.commit,
            url=commit_url(repository, row.commit),
            release=visible(row.release),
            by=visible(_by(row.actors)) or "not known",
            source=SOURCES.get(row.source, row.source),
            source_url=row.url if row.url.startswith(("https://", "http://")) else "",
            failed=row.status == DeployStatus.FAILURE,
        )
        for row in rows
    ]


def _by(actors: Sequence[Mapping[str, Any]]) -> str:
    """`Ann, approved by Bo`."""
    told = [
        f"{ROLES.get(str(one.get('role')), '')} {one.get('name') or ''}".strip() for one in actors if one.get("name")
    ]
    return ", ".join(told[:4])


def points_of(series: Sequence[Mapping[str, Any]], repository: str) -> list[Point]:
    """What the chart is drawn from, newest first."""
    return [
        Point(
            at=point["at"],
            environment=point["environment"],
            sha=point["commit"],
            url=commit_url(repository, point["commit"]),
            waiting=_count(point["waiting"]),
            missing=_count(point["missing"]),
            age="" if point["age_s"] is None else words.duration(point["age_s"]) if point["waiting"] else "nothing",
            reason="" if point["age_s"] is not None else gap_reason(point.get("reason")),
        )
        for point in reversed(series)
    ]
