"""What both sides of a drift had over time, and when they were deployed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from paritycheck.core.facts import Fact
from paritycheck.models import Deploy, Drift, Environment, Snapshot
from paritycheck.models.deploys import DeployStatus
from paritycheck.selectors.since import Histories, key_of
from paritycheck.selectors.states import fetch_bodies, section_of

SPAN = timedelta(days=90)
MOST_STATES = 24
MOST_DEPLOYS = 100


@dataclass(frozen=True, slots=True)
class Stay:
    """A fact from one instant until another; `number` is the snapshot that brought it."""

    fact: Fact
    number: int
    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Lane:
    """One side, oldest first. It begins later than the span where more states lie in it than are read."""

    environment: Environment
    stays: tuple[Stay, ...]
    deploys: tuple[datetime, ...]


def lanes_of(drift: Drift, histories: Histories, now: datetime) -> tuple[Lane, ...]:
    """Both sides in the last 90 days, one where a side is compared with itself by one name; three queries at most."""
    sides = [(drift.left, drift.left_side), (drift.right, drift.right_side)]
    named = dict.fromkeys((environment, str(side.get("name") or drift.name)) for environment, side in sides)
    runs = [_runs(histories[environment.pk], drift.section, now) for environment, _ in named]
    fetch_bodies(drift.project_id, [_bare(row, drift.section) for states in runs for row, _, _ in states])
    deploys = _deploys(drift, now)
    return tuple(
        Lane(environment, _stays(drift, name, states), tuple(deploys.get(environment.pk, ())))
        for (environment, name), states in zip(named, runs, strict=True)
    )


_Run = tuple[Snapshot, datetime, datetime]


def _runs(history: Sequence[Snapshot], section: str, now: datetime) -> list[_Run]:
    """Snapshots that changed the section with the span that each held, oldest first; `history` is newest first."""
    since, found, end = now - SPAN, list[_Run](), now
    for at, row in enumerate(history):
        older = history[at + 1] if at + 1 < len(history) else None
        if older is not None and key_of(older, section) == key_of(row, section):
            continue
        found.append((row, max(row.opened_at, since), end))
        end = row.opened_at
        if end <= since or len(found) >= MOST_STATES:
            break
    return found[::-1]


def _bare(snapshot: Snapshot, section: str) -> Snapshot:
    return Snapshot(sections={section: snapshot.sections.get(section, {})})


def _stays(drift: Drift, name: str, runs: Sequence[_Run]) -> tuple[Stay, ...]:
    """Neighbours with the same fact are one."""
    found: list[Stay] = []
    for row, begin, end in runs:
        section = section_of(drift.project_id, drift.section, row.sections.get(drift.section, {}))
        fact = section.look_up(name)
        if found and _same(found[-1].fact, fact):
            found[-1] = Stay(fact, found[-1].number, found[-1].begin, end)
        else:
            found.append(Stay(fact, row.number, begin, end))
    return tuple(found)


def _same(one: Fact, other: Fact) -> bool:
    return (one.state, one.values, one.kind, one.reason, one.word("plain"), one.word("shape")) == (
        other.state, other.values, other.kind, other.reason, other.word("plain"), other.word("shape"),
    )  # fmt: skip


def _deploys(drift: Drift, now: datetime) -> dict[Any, list[datetime]]:
    rows = Deploy.objects.filter(
        environment__in={drift.left_id, drift.right_id}, status=DeployStatus.SUCCESS, deployed_at__gt=now - SPAN
    )
    found: dict[Any, list[datetime]] = {}
    newest = rows.order_by("-deployed_at").values_list("environment_id", "deployed_at")
    for environment, at in newest[:MOST_DEPLOYS]:
        found.setdefault(environment, []).append(at)
    return found
