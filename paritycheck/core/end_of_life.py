"""What an environment runs past the end of its support, or near it (rule `end-of-life` of the pair e..e)."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from paritycheck.core import defaults, support_dates
from paritycheck.core.facts import Fact, Section, Side, State

if TYPE_CHECKING:
    from collections.abc import Iterator

SOON: Final = timedelta(days=defaults.SUPPORT_ENDS_SOON_DAYS)
MEMBER: Final = "support"
"""Of a finding's facts: what the sentence says of the end, `ended 13 Nov 2025`."""
SOURCE: Final = "support_source"
"""Of a finding's facts: the maker's page that says so."""


class Support(NamedTuple):
    """Until when a cycle gets fixes: its last day, the maker's page that says so, and the cycle, `16` of 16.14."""

    ends: date
    source: str
    cycle: str


class Ending(NamedTuple):
    """A fact whose support is over or nearly so; `severity` as `core.defaults` has it."""

    section: str
    fact: Fact
    severity: str


def support_of(section: str, fact: Fact) -> Support | None:
    """The support of what a fact names; None where no date is known, or it is not for the maker to say: a managed
    service goes by its provider's calendar. A version that says less than the cycle says too little.
    """
    row = _row(section, fact)
    version = fact.value
    if row is None or version is None or fact.state is not State.PRESENT or fact.word("variant"):
        return None
    numbers = version.split(".")
    for width in (2, 1):
        cycle = ".".join(numbers[:width])
        ends = row.cycles.get(cycle) if len(numbers) >= width else None
        if ends is not None:
            return Support(date.fromisoformat(ends), row.source, cycle)
    return None


def _row(section: str, fact: Fact) -> support_dates.Row | None:
    if section == "services":
        return support_dates.SERVICES.get(fact.kind or "")
    if section == "dependencies":
        return support_dates.PACKAGES.get(fact.name)
    if section != "runtime":
        return None
    return support_dates.SYSTEMS.get(fact.kind or "") if fact.name == "os" else support_dates.RUNTIMES.get(fact.name)


def endings(side: Side, today: date) -> Iterator[Ending]:
    """What of an environment is past its support or near the end of it, with what is said of that in MEMBER."""
    stale = today > support_dates.CHECKED + timedelta(days=support_dates.STALE_DAYS)
    for section, fact, found in supported(side):
        if today + SOON < found.ends:
            continue
        over = today > found.ends
        severity = defaults.support_severity(section, fact.name, side, over=over, stale=stale)
        if severity is not None:
            said = f"{'ended' if over else 'ends'} {found.ends.day} {found.ends:%b %Y}"
            yield Ending(section, replace(fact, members={**fact.members, MEMBER: said, SOURCE: found.source}), severity)


def supported(side: Side) -> Iterator[tuple[str, Fact, Support]]:
    """Everything of an environment whose end of support is known, by section; nothing of what is its owner's own."""
    for section in ("dependencies", "runtime", "services"):
        for fact in _named(side.section(section)):
            found = support_of(section, fact)
            own = defaults.support_severity(section, fact.name, side, over=True, stale=True) is None
            if found is not None and not own:
                yield section, fact, found


def _named(section: Section) -> Iterator[Fact]:
    """The few facts of a section that may have a date: of dependencies the table's own names, not all thousands."""
    if section.name == "dependencies":
        yield from (section.facts[name] for name in support_dates.PACKAGES if name in section.facts)
    else:
        yield from (section.facts[name] for name in sorted(section.facts) if "." not in name)


def season(today: date) -> int:
    """A number that changes on each day on which any answer may: what was judged in another season is judged anew."""
    return bisect_right(_turns(), today)


@cache
def _turns() -> tuple[date, ...]:
    tables = (support_dates.SERVICES, support_dates.RUNTIMES, support_dates.SYSTEMS, support_dates.PACKAGES)
    ends = {date.fromisoformat(end) for table in tables for row in table.values() for end in row.cycles.values()}
    turns = {end - SOON for end in ends} | {end + timedelta(days=1) for end in ends}
    return tuple(sorted({*turns, support_dates.CHECKED + timedelta(days=support_dates.STALE_DAYS + 1)}))
