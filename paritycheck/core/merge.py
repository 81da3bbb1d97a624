"""Several instances of one environment as one section (api.md, "merge of several instances").

Union over the fresh ones: present on one and not covered on another is present; two that are known and disagree are
unknown(skew). A cohort has no skew: it takes the most frequent state of each fact.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from paritycheck.core.facts import Fact, Section, State, unknown
from paritycheck.core.fingerprints import Agreement, agreement

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORTHLESS = frozenset({"empty", "placeholder"})


@dataclass(frozen=True, slots=True)
class Tally:
    """One state of a fact, and the instances that report it, sorted."""

    state: State
    kind: str | None
    values: tuple[str, ...]
    instances: tuple[str, ...]


def merge(parts: Sequence[tuple[str, Section]], *, cohort: bool = False, tie: Section | None = None) -> Section:
    """The section of one environment; `parts` are the fresh instances' by instance, one at least, in any order. In a
    cohort a draw goes to the state of `tie` (the baseline's section), else to the first in order.
    """
    ordered = sorted(parts, key=lambda part: part[0])
    if not ordered:
        raise ValueError("a merge needs one instance at least")
    sections = [section for _, section in ordered]
    if all(section == sections[0] for section in sections[1:]):
        return sections[0]
    known = [section for section in sections if section.reason is None]
    if not known:
        return sections[0]
    names = sorted({name for section in known for name in section.facts})
    pick = _Poll(tie).pick if cohort else _agreed
    facts = {name: pick(name, [section.look_up(name) for section in known]) for name in names}
    covers = tuple(sorted({prefix for section in known for prefix in section.covers}))
    return Section(sections[0].name, facts, covers)


def tallies(parts: Sequence[tuple[str, Section]]) -> dict[str, tuple[Tally, ...]]:
    """Who reports what, for the names on which the instances do not all report the same; most frequent first."""
    known = sorted((part for part in parts if part[1].reason is None), key=lambda part: part[0])
    found: dict[str, tuple[Tally, ...]] = {}
    for name in sorted({name for _, section in known for name in section.facts}):
        votes: dict[tuple[State, str | None, tuple[str, ...]], list[str]] = {}
        for instance, section in known:
            fact = section.look_up(name)
            votes.setdefault((fact.state, fact.kind, fact.values), []).append(instance)
        if len(votes) > 1:
            rows = [Tally(*key, tuple(instances)) for key, instances in votes.items()]
            found[name] = tuple(sorted(rows, key=_by_count))
    return found


def _by_count(tally: Tally) -> tuple[int, str, str, tuple[str, ...]]:
    return (-len(tally.instances), tally.state.value, tally.kind or "", tally.values)


def _agreed(name: str, facts: Sequence[Fact]) -> Fact:
    """What the instances that know agree on, else unknown(skew)."""
    known = [fact for fact in facts if fact.state is not State.UNKNOWN]
    if not known:
        return next((fact for fact in facts if fact.reason != "not-collected"), facts[0])
    first = known[0]
    if all(_agree(first, other) for other in known[1:]):
        return _joined(first, known)
    kinds = {fact.kind for fact in known}
    return unknown(name, "skew", next(iter(kinds)) if len(kinds) == 1 else None)


def _agree(one: Fact, other: Fact) -> bool:
    """Whether two known facts say the same of state, kind and value; configuration by plain values, fingerprints, and
    whether there is anything in them. Shapes alone do not disagree.
    """
    if one is other:
        return True
    if (one.state, one.kind, one.values) != (other.state, other.kind, other.values):
        return False
    if one.state is State.ABSENT:
        return True
    shapes = {fact.word("shape") in _WORTHLESS for fact in (one, other) if fact.word("shape") is not None}
    return len(shapes) < len((one, other)) and agreement(one, other) is not Agreement.DIFFERENT


def _joined(first: Fact, known: Sequence[Fact]) -> Fact:
    """The first instance's fact with the fingerprints of all: instances may hold different keys."""
    prints = sorted({text for fact in known for text in fact.words("fps")})
    if list(first.words("fps")) == prints:
        return first
    return replace(first, members={**first.members, "fps": prints})


class _Poll:
    """The most frequent state; of those that draw the baseline's, else the first in order."""

    def __init__(self, tie: Section | None) -> None:
        self._tie = tie

    def pick(self, name: str, facts: Sequence[Fact]) -> Fact:
        known = [fact for fact in facts if fact.state is not State.UNKNOWN]
        if not known:
            return _agreed(name, facts)
        votes = Counter(_vote(fact) for fact in known)
        most = max(votes.values())
        drawn = sorted(vote for vote, count in votes.items() if count == most)
        favoured = _vote(self._tie.look_up(name)) if self._tie is not None else None
        winner = favoured if favoured in drawn else drawn[0]
        return next(fact for fact in known if _vote(fact) == winner)


def _vote(fact: Fact) -> tuple[str, str, tuple[str, ...], str]:
    """What counts as one state of a fact; a configuration value by what was said of it in the clear."""
    worthless = "empty" if fact.word("shape") in _WORTHLESS else ""
    return (fact.state.value, fact.kind or "", fact.values, fact.word("plain") or worthless)
