"""A fact on one side of two: its value, cut where it begins to differ from the other's."""

from dataclasses import dataclass

from paritycheck.core.facts import Fact, State
from paritycheck.web.evidence import split
from paritycheck.web.facts import value_words
from paritycheck.web.visible import visible


@dataclass(frozen=True, slots=True)
class Half:
    """`state` is present, missing or unknown; `before`, `part` and `after` are the value around what differs."""

    state: str
    before: str
    part: str
    after: str


def halves_of(section: str, left: Fact, right: Fact, *, marked: bool) -> tuple[Half, Half]:
    """Both sides; the part that differs is told apart where `marked`."""
    with_kind = left.kind != right.kind
    one, other = (visible(value_words(section, fact, with_kind=with_kind)) for fact in (left, right))
    return _half(left, one, other, marked=marked), _half(right, other, one, marked=marked)


def _half(fact: Fact, mine: str, theirs: str, *, marked: bool) -> Half:
    if fact.state is State.ABSENT:
        return Half("missing", "missing", "", "")
    if fact.state is State.UNKNOWN:
        return Half("unknown", f"unknown: {mine}", "", "")
    return Half("present", *(split(mine, theirs) if marked else (mine, "", "")))
