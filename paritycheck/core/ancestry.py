"""Migration heads: whether what the baseline has applied is an ancestor of, or equal to, what this side has."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from paritycheck.core.facts import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paritycheck.core.facts import Fact

CHAIN_LIMIT: Final = 500
CUT: Final = "..."
"""A chain of this many ids, or one that begins with this word, was cut: a missing id proves nothing (facts.md)."""


class Heads(StrEnum):
    EQUAL = "equal"
    WAITING = "waiting"
    """The baseline's heads are ancestors of this side's: what is between them will be delivered."""
    BEHIND = "behind"
    """The baseline has applied something that this side has not."""
    UNKNOWN = "unknown"


def relate(left: Fact, right: Fact) -> Heads:
    """Of two present facts; `left` is the environment, `right` its baseline."""
    if set(left.values) == set(right.values):
        return Heads.EQUAL
    verdicts = {_head(head, left, right) for head in right.values}
    for worst in (Heads.BEHIND, Heads.UNKNOWN):
        if worst in verdicts:
            return worst
    return Heads.WAITING


def unapplied(fact: Fact) -> tuple[str, ...] | None:
    """The heads of the code that the database has not applied, of one environment's fact; None where that cannot be
    told: a head that the code does not know may have come after all of its own.
    """
    if fact.state is State.UNKNOWN:
        return None
    heads, chain = fact.words("code"), fact.words("chain")
    waiting = tuple(head for head in heads if head not in fact.values)
    if waiting and any(value not in chain for value in fact.values):
        return None
    return waiting


def _head(head: str, left: Fact, right: Fact) -> Heads:
    """Where one head of the baseline stands to this side's heads."""
    if head in left.values:
        return Heads.WAITING
    mine, theirs = left.words("chain"), right.words("chain")
    for chain in (mine, theirs):
        at = _reached(chain, left.values)
        if head in chain and at is not None:
            return Heads.WAITING if chain.index(head) <= at else Heads.BEHIND
    complete = bool(mine) and len(mine) < CHAIN_LIMIT and mine[0] != CUT
    return Heads.BEHIND if complete else Heads.UNKNOWN


def _reached(chain: Sequence[str], heads: tuple[str, ...]) -> int | None:
    """The last position of the chain that these heads have reached; -1 where nothing was ever applied."""
    if not heads:
        return -1
    found = [chain.index(head) for head in heads if head in chain]
    return max(found) if len(found) == len(heads) else None
