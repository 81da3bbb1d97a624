"""An environment through time: its snapshots, and which facts each of them changed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from paritycheck.core.facts import Fact, Section, Side, State
from paritycheck.models import Environment, Snapshot
from paritycheck.selectors.states import body, fetch_bodies, section_of

MOST_BARS = 60
MOST_CHANGES = 500


@dataclass(frozen=True, slots=True)
class Bar:
    """One snapshot; `changed` is how many facts it changed, None for the first one, which changed nothing."""

    snapshot: Snapshot
    changed: int | None


@dataclass(frozen=True, slots=True)
class SectionState:
    """A section of a snapshot: how many facts, since when it is unchanged, when it was last confirmed."""

    name: str
    facts: int
    reason: str
    since: datetime
    longer: bool
    confirmed: datetime | None


@dataclass(frozen=True, slots=True)
class Move:
    """One fact that a snapshot changed."""

    section: str
    name: str
    before: Fact
    after: Fact


def recent(environment: Environment, most: int = MOST_BARS) -> list[Snapshot]:
    """Its newest snapshots, newest first."""
    return list(Snapshot.objects.filter(environment=environment).order_by("-number")[:most])


def bars(environment: Environment, snapshots: Sequence[Snapshot]) -> list[Bar]:
    """Oldest first; the bodies come by one query."""
    fetch_bodies(environment.project_id, snapshots)
    older: list[Snapshot | None] = [*snapshots, None][1:]
    pairs = list(zip(snapshots, older, strict=True))
    found = [
        Bar(new, None if old is None and new.number == 1 else _count(environment.project_id, old, new))
        for new, old in pairs
        if old is not None or new.number == 1
    ]
    return found[::-1]


def _count(project_id: UUID, old: Snapshot | None, new: Snapshot) -> int:
    if old is None:
        return 0
    names = sorted(set(old.sections) | set(new.sections))
    return sum(
        len(changed_names(project_id, _digest(old, name), _digest(new, name)))
        for name in names
        if _digest(old, name) != _digest(new, name)
    )


def _digest(snapshot: Snapshot, section: str) -> str:
    return str(snapshot.sections.get(section, {}).get("digest") or "")


@lru_cache(maxsize=2048)
def changed_names(project_id: UUID, before: str, after: str) -> frozenset[str]:
    """Names whose line differs between two bodies; only those lines are decoded. Digests are content: never stale."""
    one = set(body(project_id, before).splitlines()[1:]) if before else set()
    other = set(body(project_id, after).splitlines()[1:]) if after else set()
    return frozenset(str(json.loads(line)["name"]) for line in one ^ other)


def section_states(snapshots: Sequence[Snapshot], side: Side, times: Mapping[str, datetime]) -> list[SectionState]:
    """The sections of `side`, which is the newest of these snapshots; they are newest first."""
    return [_state(snapshots, section, times.get(name)) for name, section in sorted(side.sections.items())]


def _state(snapshots: Sequence[Snapshot], section: Section, confirmed: datetime | None) -> SectionState:
    name = section.name
    digest = snapshots[0].sections[name].get("digest")
    same = [snapshots[0]]
    for snapshot in snapshots[1:]:
        if snapshot.sections.get(name, {}).get("digest") != digest:
            break
        same.append(snapshot)
    oldest = same[-1]
    longer = oldest is snapshots[-1] and oldest.number > 1
    return SectionState(name, len(section.facts), section.reason or "", oldest.opened_at, longer, confirmed)


def around(environment: Environment, number: int) -> tuple[Snapshot, Snapshot | None, Snapshot | None]:
    """A snapshot with the ones before and after it; raises Snapshot.DoesNotExist."""
    near = Snapshot.objects.filter(environment=environment, number__in=(number - 1, number, number + 1))
    found = {snapshot.number: snapshot for snapshot in near}
    if number not in found:
        raise Snapshot.DoesNotExist
    return found[number], found.get(number - 1), found.get(number + 1)


def moves(before: Snapshot | None, after: Snapshot) -> list[Move]:
    """What a snapshot changed, by section and name; nothing for the first."""
    if before is None:
        return []
    fetch_bodies(after.project_id, [before, after])
    return [move for name in sorted(set(before.sections) | set(after.sections)) for move in _moved(before, after, name)]


def _moved(before: Snapshot, after: Snapshot, name: str) -> Iterable[Move]:
    old, new = _digest(before, name), _digest(after, name)
    if old == new:
        return []
    one, other = (section_of(after.project_id, name, each.sections.get(name, {})) for each in (before, after))
    names = sorted(changed_names(after.project_id, old, new))[:MOST_CHANGES]
    return [Move(name, each, _listed(one, each), _listed(other, each)) for each in names]


def _listed(section: Section, name: str) -> Fact:
    """The fact as this body lists it; unlisted reads as absent here, whatever was covered."""
    if section.reason is not None:
        return Fact(name, State.UNKNOWN, reason=section.reason)
    return section.facts.get(name, Fact(name, State.ABSENT))
