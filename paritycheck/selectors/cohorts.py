"""Laptops as one population: how many are as the baseline in what, and none of them by name.

A cohort has no skew. What its environment counts as is the most frequent value; here is how the values are spread, and
which share of the laptops meets every expectation of the policy.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from paritycheck.core.comparison import Relation, relate
from paritycheck.core.expectations import judge
from paritycheck.core.facts import Fact, Section, Side
from paritycheck.core.freshness import Pulse, fresh
from paritycheck.core.pairing import pair
from paritycheck.core.policy import default_policy, read_policy
from paritycheck.models import Environment, Instance
from paritycheck.models.projects import EnvironmentKind
from paritycheck.selectors.columns import Column
from paritycheck.selectors.lines import SECTIONS
from paritycheck.selectors.matrix import Matrix
from paritycheck.selectors.states import fetch_bodies, section_of

FEWEST: Final = 3
"""Of fewer laptops no share is told: it would be told of a person."""
MOST_LAPTOPS: Final = 200
MOST_SPREADS: Final = 50
Name = tuple[str, str]
# An environment's slug, tier and kind, and each section with its digest or the reason why it is not known.
Likeness = tuple[str, str, str, tuple[tuple[str, str, str], ...]]


@dataclass(frozen=True, slots=True)
class Vote:
    """One value of a fact: how many laptops have it, and whether the baseline has it, which is always told."""

    fact: Fact
    laptops: int
    same: bool


@dataclass(frozen=True, slots=True)
class Spread:
    """One fact that not every laptop has as it is expected: `conforming` do; what is like the baseline comes first."""

    section: str
    name: str
    conforming: int
    votes: tuple[Vote, ...]


@dataclass(frozen=True, slots=True)
class Cohort:
    """The fresh laptops of an environment. `conforming` is None, and nothing is spread out, where they are too few, or
    the baseline has not reported. `but_for` is the fact without which the most would conform, and how many that are.
    """

    environment: str
    laptops: int
    conforming: int | None
    spreads: tuple[Spread, ...] = ()
    more: int = 0
    but_for: tuple[Name, int] | None = None


def cohort_of(column: Column, matrix: Matrix) -> Cohort | None:
    """None for an environment that is no cohort, or is the baseline."""
    if column.environment.kind != EnvironmentKind.COHORT or column.baseline:
        return None
    rows = _fresh(column.environment.instances.all(), matrix.now)
    base = matrix.baseline
    if len(rows) < FEWEST or base is None or base.snapshot is None:
        return Cohort(column.slug, len(rows), None)
    fetch_bodies(matrix.project.id, [base.snapshot, *rows])
    text = matrix.project.policy.text if matrix.project.policy else ""
    there = _likeness(base.environment, base.snapshot.sections)
    likes = [_likeness(column.environment, row.sections) for row in rows]
    broken = [_broken(matrix.project.id, text, likeness, there) for likeness in likes]
    return _cohort(column.slug, broken, _Faces(matrix.project.id, likes, there))


def _fresh(instances: Iterable[Instance], now: datetime) -> list[Instance]:
    live = [row for row in instances if row.retired_at is None]
    keys = fresh([Pulse(row.key, row.kind, row.last_seen, row.interval_s) for row in live], now)
    return sorted((row for row in live if row.key in keys), key=lambda row: row.last_seen, reverse=True)[:MOST_LAPTOPS]


def _likeness(environment: Environment, sections: Mapping[str, Any]) -> Likeness:
    said = (
        (name, str(entry.get("digest") or ""), str(entry.get("reason") or ""))
        for name, entry in sorted(sections.items())
        if name in SECTIONS
    )
    return environment.slug, environment.tier, environment.kind, tuple(said)


@lru_cache(maxsize=1024)
def _broken(project_id: UUID, text: str, here: Likeness, there: Likeness) -> frozenset[Name]:
    """The facts in which a laptop does not meet the policy. Laptops mostly look alike, and digests never go stale."""
    policy = read_policy(text) if text else default_policy()
    judged = judge(_side(project_id, here), _side(project_id, there), policy)
    return frozenset((finding.section, finding.name) for finding in judged.findings)


def _side(project_id: UUID, likeness: Likeness) -> Side:
    slug, tier, kind, entries = likeness
    return Side(slug, tier, kind, {name: _section(project_id, name, *said) for name, *said in entries})


def _section(project_id: UUID, name: str, digest: str, reason: str) -> Section:
    return section_of(project_id, name, {"digest": digest, "reason": reason})


class _Faces:
    """What single laptops and the baseline say of a fact, under the baseline's name for it. Each section is decoded
    once however many laptops share it.
    """

    def __init__(self, project_id: UUID, laptops: Sequence[Likeness], base: Likeness) -> None:
        self._project_id = project_id
        self._decoded: dict[tuple[tuple[str, str, str], ...], Section] = {}
        self._laptops = laptops
        self._base = _side(project_id, base)

    def base(self, section: str, name: str) -> Fact:
        return self._base.look_up(section, name)

    def laptops(self, section: str, name: str) -> list[Fact]:
        return [self._read(likeness, section).look_up(name) for likeness in self._laptops]

    def _read(self, likeness: Likeness, section: str) -> Section:
        """Services are found by the configuration that names them."""
        slug, tier, kind, entries = likeness
        needed = {section, "config"} if section == "services" else {section}
        key = tuple(entry for entry in entries if entry[0] in needed)
        if key not in self._decoded:
            side = _side(self._project_id, (slug, tier, kind, key))
            self._decoded[key] = pair(side, self._base)[0].section(section)
        return self._decoded[key]


def _cohort(slug: str, broken: Sequence[frozenset[Name]], faces: _Faces) -> Cohort:
    failing = Counter(name for names in broken for name in names)
    order = sorted(failing, key=lambda name: (-failing[name], SECTIONS.index(name[0]), name[1]))
    alone = Counter(next(iter(names)) for names in broken if len(names) == 1)
    conforming = sum(not names for names in broken)
    best = max(alone, key=lambda name: (alone[name], name), default=None)
    return Cohort(
        slug,
        len(broken),
        conforming,
        tuple(_spread(name, len(broken) - failing[name], faces) for name in order[:MOST_SPREADS]),
        len(order[MOST_SPREADS:]),
        (best, conforming + alone[best]) if best is not None else None,
    )


def _spread(at: Name, conforming: int, faces: _Faces) -> Spread:
    section, name = at
    base = faces.base(section, name)
    held: dict[tuple[Any, ...], list[Fact]] = defaultdict(list)
    for fact in faces.laptops(section, name):
        held[fact.state, fact.kind, fact.values, fact.word("plain"), fact.reason].append(fact)
    votes = [
        Vote(facts[0], len(facts), relate(section, name, facts[0], base).relation is Relation.SAME)
        for facts in held.values()
    ]
    if not any(vote.same for vote in votes):
        votes.append(Vote(base, 0, same=True))
    votes.sort(key=lambda vote: (not vote.same, -vote.laptops, vote.fact.values, vote.fact.kind or ""))
    return Spread(section, name, conforming, tuple(votes))
