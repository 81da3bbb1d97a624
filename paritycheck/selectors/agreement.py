"""On which facts the instances of an environment agree, and what each says where they do not.

What counts as disagreement is the merge's word: those facts of the newest snapshot that are unknown(skew).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from paritycheck.core.facts import Side
from paritycheck.core.merge import Tally, tallies
from paritycheck.models import Environment, Instance
from paritycheck.selectors.states import fetch_bodies, section_of

SKEW: Final = "skew"


@dataclass(frozen=True, slots=True)
class Split:
    """One fact on which instances disagree; the most frequent value first."""

    section: str
    name: str
    tallies: tuple[Tally, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of all `facts` of an environment those that split it; `apart` counts them for each instance that is not with
    the most.
    """

    facts: int
    splits: tuple[Split, ...]
    apart: Counter[str]


def agreement_of(environment: Environment, side: Side, instances: Sequence[Instance]) -> Agreement:
    """`side` is what the fresh `instances` were merged into."""
    facts = sum(len(section.facts) for section in side.sections.values())
    names = {
        name: [fact.name for fact in section.facts.values() if fact.reason == SKEW]
        for name, section in sorted(side.sections.items())
    }
    splits = [
        split
        for name, split_by in names.items()
        if split_by
        for split in _splits(environment, name, split_by, instances)
    ]
    apart: Counter[str] = Counter()
    for split in splits:
        for tally in split.tallies[1:]:
            apart.update(tally.instances)
    return Agreement(facts, tuple(splits), apart)


def _splits(environment: Environment, section: str, names: Sequence[str], instances: Sequence[Instance]) -> list[Split]:
    fetch_bodies(environment.project_id, instances)
    parts = [
        (row.key, section_of(environment.project_id, section, row.sections[section]))
        for row in instances
        if section in row.sections
    ]
    found = tallies(parts)
    return [Split(section, name, found.get(name, ())) for name in sorted(names)]
