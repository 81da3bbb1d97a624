"""Whether two configuration values are the same, as far as what was sent of them tells (gaps.md, Fingerprints)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paritycheck.core.facts import Fact


class Agreement(StrEnum):
    """KEY_MISMATCH: both are fingerprinted, under keys of which none is the same. NOT_COMPARABLE: too little
    was sent.
    """

    SAME = "same"
    DIFFERENT = "different"
    KEY_MISMATCH = "key-mismatch"
    NOT_COMPARABLE = "not-comparable"


def agreement(left: Fact, right: Fact) -> Agreement:
    """Of two present facts. Plain values are compared as they are, fingerprints within one key id only."""
    one, other = left.word("plain"), right.word("plain")
    if one is not None and other is not None:
        return Agreement.SAME if one == other else Agreement.DIFFERENT
    if _empties(left, right):
        return Agreement.DIFFERENT
    return _by_prints(fingerprints(left), fingerprints(right))


def fingerprints(fact: Fact) -> dict[str, set[str]]:
    """The codes of `pc1:<key id>:<code>` by key id."""
    found: dict[str, set[str]] = {}
    for text in fact.words("fps"):
        key, _, code = text.rpartition(":")
        found.setdefault(key, set()).add(code)
    return found


def _empties(left: Fact, right: Fact) -> bool:
    shapes = (left.word("shape"), right.word("shape"))
    return None not in shapes and (shapes[0] == "empty") != (shapes[1] == "empty")


def _by_prints(one: dict[str, set[str]], other: dict[str, set[str]]) -> Agreement:
    if not one or not other:
        return Agreement.NOT_COMPARABLE
    common = one.keys() & other.keys()
    if not common:
        return Agreement.KEY_MISMATCH
    if any(one[key] & other[key] for key in common):
        return Agreement.SAME
    return Agreement.DIFFERENT
