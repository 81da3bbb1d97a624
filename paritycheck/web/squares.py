"""Laptops as squares: one population, of which nobody is named."""

from dataclasses import dataclass
from typing import Any

from paritycheck.core.facts import State
from paritycheck.selectors.cohorts import FEWEST, Cohort, Name, Spread, Vote
from paritycheck.web import words
from paritycheck.web.cells import middle
from paritycheck.web.facts import name_parts, value_words
from paritycheck.web.visible import visible

MOST_SQUARES = 24
SIDE, GAP = 8, 3
SHOWN = 6


@dataclass(frozen=True, slots=True)
class Held:
    """One value: its squares as `(x, look)`, and how many of all laptops hold it."""

    value: str
    whole: str
    same: bool
    squares: tuple[tuple[int, str], ...]
    width: int
    count: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact that not all laptops have as it is expected."""

    section: str
    name: str
    held: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class Population:
    """A cohort in words and squares; `told` is the sentence, `name` and `rest` what would make it better."""

    environment: str
    title: str
    told: str
    but_for: str
    rest: str
    facts: tuple[Fact, ...]
    more: int


def population_of(cohort: Cohort) -> Population:
    """The facts most often apart, each with its values; what is like the baseline comes first."""
    but_for, rest = _but_for(cohort)
    return Population(
        cohort.environment,
        f"{words.plural(cohort.laptops, 'laptop')} as one population",
        _told(cohort),
        but_for,
        rest,
        tuple(_fact(spread, cohort.laptops) for spread in cohort.spreads[:SHOWN]),
        len(cohort.spreads[SHOWN:]) + cohort.more,
    )


def _told(cohort: Cohort) -> str:
    if cohort.conforming is None:
        if cohort.laptops >= FEWEST:
            return "The baseline has not reported, so there is nothing to compare them with."
        return f"Fewer than {words.spelled(FEWEST)} report now. Shares show from {words.spelled(FEWEST)} on."
    if cohort.conforming == cohort.laptops:
        return "Every laptop meets every expectation."
    if not cohort.conforming:
        return "No laptop meets every expectation."
    verb = "meets" if cohort.conforming == 1 else "meet"
    return f"{cohort.conforming} of {cohort.laptops} {verb} every expectation."


def _but_for(cohort: Cohort) -> tuple[str, str]:
    if cohort.but_for is None:
        return "", ""
    at, count = cohort.but_for
    return _named(at), f"{count} of {cohort.laptops} would."


def _named(at: Name) -> str:
    return visible(name_parts(*at)[1])


def _fact(spread: Spread, laptops: int) -> Fact:
    mixed = len({vote.fact.kind for vote in spread.votes if vote.fact.kind}) > 1
    held = tuple(_held(spread.section, vote, laptops, mixed=mixed) for vote in spread.votes)
    return Fact(spread.section, _named((spread.section, spread.name)), held)


def _held(section: str, vote: Vote, laptops: int, *, mixed: bool) -> Held:
    whole = visible(_value(section, vote, mixed=mixed))
    many = laptops > MOST_SQUARES
    squares = min(laptops, MOST_SQUARES)
    filled = -(-vote.laptops * squares // laptops) if many else vote.laptops
    look = "as" if vote.same else "other"
    return Held(
        middle(whole),
        whole,
        vote.same,
        tuple((at * (SIDE + GAP) + 1, look if at < filled else "not") for at in range(squares)),
        squares * (SIDE + GAP),
        f"{words.number(vote.laptops)} of {words.number(laptops)}",
    )


def _value(section: str, vote: Vote, **asked: Any) -> str:
    if vote.fact.state is State.ABSENT:
        return "missing"
    if vote.fact.state is State.UNKNOWN:
        return f"unknown: {value_words(section, vote.fact)}"
    return value_words(section, vote.fact, with_kind=bool(asked["mixed"]))
