"""Two sides made comparable: services under one handle, and absence that only the two together show."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from paritycheck.core.facts import CANDIDATE, Fact, Section, Side, State, absent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def pair(left: Side, right: Side) -> tuple[Side, Side]:
    """The two sides with services under the baseline's (the right side's) handles. A renamed fact keeps its own
    `name`, by which its evidence is found; in the section it stands under the baseline's.
    """
    left, right = _configured(left, right)
    mine, theirs = left.section("services"), right.section("services")
    names = _by_kind(mine, theirs)
    mine, theirs = _renamed(mine, names), _cleared(theirs, names)
    ours = _absent_handles(mine, theirs, left.section("config"))
    return (_with(left, ours), _with(right, _absent_handles(theirs, mine, right.section("config"))))


def _with(side: Side, section: Section) -> Side:
    if side.sections.get(section.name) is section or (section.reason and section.name not in side.sections):
        return side
    return replace(side, sections={**side.sections, section.name: section})


def _handles(section: Section) -> dict[str, Fact]:
    """The services that are there, even where their version is unknown."""
    return {
        name: fact
        for name, fact in section.facts.items()
        if "." not in name and (fact.state is State.PRESENT or (fact.state is State.UNKNOWN and fact.kind))
    }


def _by_kind(left: Section, right: Section) -> dict[str, str]:
    """Left handles by the right ones they pair with: each the only one of its kind left over on its side."""
    spare = _lonely(_left_over(left, right))
    wanted = _lonely(_left_over(right, left))
    return {name: wanted[kind] for kind, name in spare.items() if kind in wanted}


def _left_over(section: Section, other: Section) -> Iterator[tuple[str, Fact]]:
    """The services whose handle the other side does not have."""
    for name, fact in _handles(section).items():
        there = other.facts.get(name)
        if there is None or there.state is State.ABSENT:
            yield (name, fact)


def _lonely(services: Iterable[tuple[str, Fact]]) -> dict[str, str]:
    """Handle by kind, where just one is of that kind."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for name, fact in services:
        if fact.kind is not None:
            kinds[fact.kind].append(name)
    return {kind: names[0] for kind, names in kinds.items() if len(names) == 1}


def _renamed(section: Section, names: Mapping[str, str]) -> Section:
    """The services under their new handles, with their settings; what stood there without a service gives way."""
    if not names:
        return section
    taken = set(names.values())
    facts: dict[str, Fact] = {}
    for name, fact in section.facts.items():
        handle, dot, rest = name.partition(".")
        if handle in names:
            facts[names[handle] + dot + rest] = fact
        elif handle not in taken:
            facts[name] = fact
    return replace(section, facts=facts)


def _cleared(section: Section, names: Mapping[str, str]) -> Section:
    """Without what stands absent under a handle that was paired with another: it would be compared with nothing."""
    gone = {name for name in section.facts if name.partition(".")[0] in names}
    if not gone:
        return section
    return replace(section, facts={name: fact for name, fact in section.facts.items() if name not in gone})


def _absent_handles(section: Section, other: Section, config: Section) -> Section:
    """A service of the other side whose configuration keys this side's config states absent is absent here."""
    if section.reason is not None or config.reason is not None:
        return section
    gone = {
        name: absent(name)
        for name, fact in _handles(other).items()
        if name not in section.facts and _unset(fact.words("keys"), config)
    }
    return replace(section, facts={**section.facts, **gone}) if gone else section


def _unset(keys: tuple[str, ...], config: Section) -> bool:
    return bool(keys) and all(config.look_up(key).state is State.ABSENT for key in keys)


def _configured(left: Side, right: Side) -> tuple[Side, Side]:
    """A candidate's declared key counts as present: the change will need it. A key that it declares and that a known
    config section of the other side does not list counts as absent there.
    """
    if left.kind != CANDIDATE:
        return (left, right)
    mine, theirs = left.section("config"), right.section("config")
    facts = {name: _needed(fact) for name, fact in mine.facts.items()}
    left = _with(left, replace(mine, facts=facts)) if mine.reason is None else left
    if theirs.reason is not None:
        return (left, right)
    unasked = {
        name: absent(name, remark="not-asked")
        for name, fact in facts.items()
        if fact.members.get("declared") is True and name not in theirs.facts
    }
    return (left, _with(right, replace(theirs, facts={**theirs.facts, **unasked})) if unasked else right)


def _needed(fact: Fact) -> Fact:
    declared = fact.state is State.ABSENT and fact.members.get("declared") is True
    return replace(fact, state=State.PRESENT) if declared else fact
