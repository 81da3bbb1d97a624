"""Who writes and who ships, by team. A group of fewer than three people is never told apart: it is merged into
`Smaller groups`, which is filled up from the smallest teams until three people stand in it too. So the rows are a
partition of the teams in blocks of three people or more, and no sum or difference of them gives a smaller one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from paritycheck.core.personnel import Actor, personnel_gap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from paritycheck.core.personnel import Authors, Shipment

LEAST: Final = 3
SMALLER: Final = "Smaller groups"
NO_TEAM: Final = "No team"


@dataclass(frozen=True, slots=True)
class Group:
    """A team, or several merged ones; `members` never leave this module's callers."""

    name: str
    members: frozenset[str] = field(repr=False)
    teams: int = 1

    @property
    def people(self) -> int:
        return len(self.members)


@dataclass(frozen=True, slots=True)
class Row:
    """A group's commits by the column of whoever deployed them; `unknown` are those that nobody is known for."""

    group: Group
    commits: int
    cells: tuple[int, ...]
    unknown: int


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` is empty where fewer than three people ship: then nothing is told of who shipped what."""

    columns: tuple[Group, ...]
    rows: tuple[Row, ...]
    unknown_deploys: int


def groups_of(people: frozenset[str], teams: Mapping[str, str]) -> tuple[Group, ...]:
    """These people by team, in order of name, `Smaller groups` last; nothing for fewer than three people in all."""
    members: dict[str, set[str]] = {}
    for person in people:
        members.setdefault(teams.get(person, NO_TEAM), set()).add(person)
    order = sorted(members, key=lambda name: (len(members[name]), name.casefold(), name))
    merged: list[str] = []
    held = 0
    for name in order:
        if len(members[name]) >= LEAST and (not merged or held >= LEAST):
            break
        merged.append(name)
        held += len(members[name])
    if merged and held < LEAST:
        return ()
    apart = sorted(members.keys() - set(merged), key=lambda name: (name == NO_TEAM, name.casefold(), name))
    found = [Group(name, frozenset(members[name])) for name in apart]
    if merged:
        found.append(Group(SMALLER, frozenset().union(*(members[name] for name in merged)), len(merged)))
    return tuple(found)


def table_of(shipments: Sequence[Shipment], authors: Mapping[str, Authors], teams: Mapping[str, str]) -> Table | None:
    """Each human commit of the window once: in the row of its first author, in the column of its deployer. None where
    fewer than three people wrote.
    """
    shippers = _shippers(shipments, authors)
    rows = groups_of(frozenset(authors[sha][0] for sha in shippers), teams)
    if not rows:
        return None
    columns = groups_of(frozenset(one.deployer for one in shipments if one.deployer), teams)
    unknown = sum(one.deployer is None for one in shipments)
    return Table(columns, tuple(_row(group, columns, shippers, authors) for group in rows), unknown)


def _shippers(shipments: Sequence[Shipment], authors: Mapping[str, Authors]) -> dict[str, str | None]:
    """Who deployed each commit: the first deploy that carried it and that somebody is known for."""
    found: dict[str, str | None] = {}
    for one in sorted(shipments, key=lambda one: one.at):
        for sha in one.carried or ():
            if authors.get(sha) and found.get(sha) is None:
                found[sha] = one.deployer
    return found


def _row(
    group: Group, columns: tuple[Group, ...], shippers: Mapping[str, str | None], authors: Mapping[str, Authors]
) -> Row:
    mine = [shippers[sha] for sha in shippers if authors[sha][0] in group.members]
    cells = tuple(sum(deployer in column.members for deployer in mine) for column in columns)
    return Row(group, len(mine), cells, sum(deployer is None for deployer in mine) if columns else 0)


@dataclass(frozen=True, slots=True)
class Step:
    """What the gap would be if these people of a team, who take part in no deploy, took part in one."""

    team: str
    people: int
    value: float


def closing_step(shipments: Sequence[Shipment], authors: Mapping[str, Authors], table: Table) -> Step | None:
    """The team that would narrow the gap most. Three people or more would have to join, so that nothing is said of
    fewer.
    """
    taking_part = frozenset[str]().union(*(one.involved for one in shipments))
    steps = []
    for row in table.rows:
        idle = row.group.members - taking_part
        if row.group.name in {SMALLER, NO_TEAM} or len(idle) < LEAST:
            continue
        watching = tuple(Actor("watcher", person) for person in sorted(idle))
        joined = [replace(one, actors=(*one.actors, *watching)) for one in shipments]
        value = personnel_gap(joined, authors).value
        if isinstance(value, float):
            steps.append(Step(row.group.name, len(idle), value))
    return min(steps, key=lambda step: (step.value, step.team), default=None)
