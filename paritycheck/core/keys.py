"""Configuration keys under an expectation: presence first, then emptiness, then what fingerprints tell of the
values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from paritycheck.core.facts import CANDIDATE, Fact, Side, State
from paritycheck.core.fingerprints import Agreement, agreement

if TYPE_CHECKING:
    from paritycheck.core.policy import Demand

ANY: Final = "*"
"""In `Verdict.open_rule`: nothing can be said of the key at all."""
_ABSENT_ON_ONE: Final = 4
_UNEQUAL: Final = 3
_WORTHLESS: Final = frozenset({"empty", "placeholder"})
_SERVING: Final = frozenset({"staging", "production"})


class Verdict(NamedTuple):
    """`rule` is what is broken, `open_rule` what cannot be decided, `distance` what the key adds to parity
    (None: it is not comparable).
    """

    rule: str | None
    distance: int | None
    open_rule: str | None = None


_HOLDS: Final = Verdict(None, 0)


def allowed(side: Side, demand: Demand) -> bool:
    """Whether a name that is expected to be absent may stand on this side (`only-in`)."""
    return side.slug in demand.places or side.tier in demand.places


def judge_key(left: Fact, right: Fact, demand: Demand, one: Side, other: Side) -> Verdict:
    """One key on the sides `one` (environment) and `other` (baseline)."""
    if left.state is State.UNKNOWN or right.state is State.UNKNOWN:
        return Verdict(None, None, ANY)
    if demand.word == "absent":
        return _unwanted(left, right, demand, one, other)
    if left.state is not right.state:
        return Verdict("missing", _ABSENT_ON_ONE)
    if left.state is State.ABSENT:
        return _HOLDS
    if _empty_where_it_counts(left, right, one, other):
        return Verdict("empty", _UNEQUAL)
    return _value(left, right, demand.word, across=one.tier != other.tier and one.kind != CANDIDATE)


def _unwanted(left: Fact, right: Fact, demand: Demand, one: Side, other: Side) -> Verdict:
    there = [side for side, fact in ((one, left), (other, right)) if fact.state is State.PRESENT]
    broken = any(not allowed(side, demand) for side in there)
    return Verdict("unwanted", _ABSENT_ON_ONE) if broken else _HOLDS


def _empty_where_it_counts(left: Fact, right: Fact, one: Side, other: Side) -> bool:
    """Empty or a placeholder in staging or production, while the other side is known to hold something."""
    shapes = (left.word("shape"), right.word("shape"))
    if None in shapes:
        return False
    worthless = (shapes[0] in _WORTHLESS, shapes[1] in _WORTHLESS)
    if worthless[0] == worthless[1]:
        return False
    return (one if worthless[0] else other).tier in _SERVING


def _value(left: Fact, right: Fact, word: str, *, across: bool) -> Verdict:
    if word.startswith("same"):
        return _same(agreement(left, right))
    if word == "must-differ" and across:
        return _must_differ(agreement(left, right))
    return _HOLDS


def _same(found: Agreement) -> Verdict:
    if found is Agreement.SAME:
        return _HOLDS
    if found is Agreement.DIFFERENT:
        return Verdict("value", _UNEQUAL)
    return Verdict(None, None, "value")


def _must_differ(found: Agreement) -> Verdict:
    if found is Agreement.SAME:
        return Verdict("shared-secret", 0)
    return _HOLDS if found is Agreement.DIFFERENT else Verdict(None, 0, "shared-secret")
