"""Since which snapshot and deploy a drift holds, over the stored histories of both environments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from paritycheck.core.bands import Unknown
from paritycheck.core.expectations import inside, judge
from paritycheck.core.facts import Section, Side
from paritycheck.core.findings import Judgement
from paritycheck.core.graph import CommitGraph, lag
from paritycheck.core.parting import MOST_JUDGED, Parting, State, parting
from paritycheck.core.policy import Policy
from paritycheck.models import Commit, Drift, Environment, Project, Snapshot
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.policies import policy_of
from paritycheck.selectors.states import fetch_bodies, section_of

MOST_SNAPSHOTS = 500
SKEW = "skew"


@dataclass(frozen=True, slots=True)
class Since:
    """`snapshot` brought it, with `release`, `commit` and `commits` new ones where these are known. `exact` is False
    where it may hold longer; `before` are the addresses of the last states that were not apart.
    """

    environment: str
    snapshot: str
    number: int
    at: datetime
    release: str | None
    commit: str | None
    commits: int | None
    before: tuple[str, str] | None
    exact: bool
    judged: int


Histories = Mapping[UUID, Sequence[Snapshot]]


def histories_of(drift: Drift) -> Histories:
    """The snapshots of both environments of a drift, newest first; a query for each."""
    return {environment.pk: _history(environment) for environment in {drift.left, drift.right}}


def since_of(project: Project, drift: Drift, histories: Histories | None = None) -> Since | None:
    """By the policy in force now; None for a drift that is over, and for disagreement of instances, which no snapshot
    shows.
    """
    if drift.state == DriftState.RESOLVED or drift.rule == SKEW:
        return None
    histories = histories_of(drift) if histories is None else histories
    left, right = histories[drift.left_id], histories[drift.right_id]
    rows = {(row.environment_id, row.number): row for row in (*left, *right)}
    fetch_bodies(drift.project_id, _distinct(left, drift.section) + _distinct(right, drift.section))
    policy = policy_of(project)

    def drifts(one: State, other: State) -> bool | None:
        halves = rows[drift.left_id, one.number], rows[drift.right_id, other.number]
        return _drifts(drift, halves, policy)

    found = parting(_states(left, drift.section), _states(right, drift.section), drifts)
    return None if found is None else _since(drift, found, rows[_mover(drift, found).pk, found.state.number])


def _history(environment: Environment) -> list[Snapshot]:
    """Newest first."""
    rows = Snapshot.objects.filter(environment=environment).order_by("-number")
    return list(rows[:MOST_SNAPSHOTS])


def key_of(snapshot: Snapshot, section: str) -> str:
    """What tells one state of a section from another."""
    entry = snapshot.sections.get(section, {})
    return str(entry.get("digest") or f"unknown {entry.get('reason')}")


def _states(history: Sequence[Snapshot], section: str) -> list[State]:
    return [State(row.number, row.opened_at, key_of(row, section)) for row in history]


def _distinct(history: Sequence[Snapshot], section: str) -> list[Snapshot]:
    """One bare snapshot per distinct body of the section, as many as may be judged."""
    bare = {key_of(row, section): Snapshot(sections={section: row.sections.get(section, {})}) for row in history}
    return list(bare.values())[: MOST_JUDGED + 1]


def _drifts(drift: Drift, halves: tuple[Snapshot, Snapshot], policy: Policy) -> bool | None:
    sides = [_side(drift, *each) for each in zip((drift.left, drift.right), halves, strict=True)]
    judged = inside(sides[0], policy) if drift.left_id == drift.right_id else judge(sides[0], sides[1], policy)
    return _said(drift, judged)


def _said(drift: Drift, judged: Judgement) -> bool | None:
    key = (drift.section, drift.name, drift.rule)
    if any(finding.key == key for finding in judged.findings):
        return True
    return False if judged.settles(*key) else None


def _side(drift: Drift, environment: Environment, snapshot: Snapshot) -> Side:
    """The section alone; of packages, of which there are thousands, the one fact alone."""
    section = section_of(drift.project_id, drift.section, snapshot.sections.get(drift.section, {}))
    if drift.section == "dependencies":
        section = _only(section, drift.name)
    return Side(environment.slug, environment.tier, environment.kind, {drift.section: section})


def _only(section: Section, name: str) -> Section:
    return replace(section, facts={key: fact for key, fact in section.facts.items() if key == name})


def _mover(drift: Drift, found: Parting) -> Environment:
    return drift.left if found.moved == "left" else drift.right


def _since(drift: Drift, found: Parting, snapshot: Snapshot) -> Since:
    environment = _mover(drift, found)
    slugs = drift.left.slug, drift.right.slug
    before = found.before and (f"{slugs[0]}#{found.before[0].number}", f"{slugs[1]}#{found.before[1].number}")
    return Since(
        environment=environment.slug,
        snapshot=f"{environment.slug}#{snapshot.number}",
        number=snapshot.number,
        at=snapshot.opened_at,
        release=_release(drift, snapshot),
        commit=snapshot.commit or None,
        commits=_commits(drift, environment, snapshot),
        before=before or None,
        exact=found.exact,
        judged=found.judged,
    )


def _release(drift: Drift, snapshot: Snapshot) -> str | None:
    entry = snapshot.sections.get("release", {})
    if not entry.get("digest"):
        return None
    facts = section_of(drift.project_id, "release", entry).facts
    named = next((facts[name].value for name in ("id", "tag") if name in facts and facts[name].value), None)
    return str(named) if named else None


def _commits(drift: Drift, environment: Environment, snapshot: Snapshot) -> int | None:
    """How many commits the snapshot brought that the one before it had not."""
    earlier = Snapshot.objects.filter(environment=environment, number=snapshot.number - 1).first()
    if earlier is None or not earlier.commit or not snapshot.commit:
        return None
    rows = Commit.objects.filter(project_id=drift.project_id).values_list("sha", "parents")
    graph = CommitGraph({sha: tuple(parents) for sha, parents in rows})
    found = lag(graph, snapshot.commit, earlier.commit)
    return None if isinstance(found, Unknown) else len(found.waiting)
