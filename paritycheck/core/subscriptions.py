"""What a subscription asks for: which changes, when, and the hours in which it is left alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final, NamedTuple

from paritycheck.core.cron import ScheduleError, check_cron, zone_of
from paritycheck.core.findings import SEVERITIES, rank

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

AT_ONCE: Final = "at-once"
DIGEST: Final = "digest"
WHENS: Final = (AT_ONCE, DIGEST)
TIME: Final = "time"
PERSONNEL: Final = "personnel"
TOOLS: Final = "tools"
GAPS: Final = (TIME, PERSONNEL, TOOLS)
MOST_PATTERNS: Final = 20
LONGEST_PATTERN: Final = 256
WEEKLY: Final = "0 8 * * 1"
HELD_FOR: Final = "quiet hours"
_MINUTE: Final = timedelta(minutes=1)
_LONGEST_NIGHT_MIN: Final = 2 * 1440


@dataclass(frozen=True, slots=True)
class SubscriptionTerms:
    """The terms of one subscription. Empty tuples mean everything.

    `environments`, `pairs` (`u..v`) and `names` (`section/name`) are globs that tell upper from lower case. Of quiet
    hours both ends are given or neither; they are minutes on the wall of `timezone`, the second excluded, and hold
    what would be sent at once. `cron` is a digest's schedule in that zone.
    """

    when: str = AT_ONCE
    at_least: str = "error"
    gaps: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    only_owned: bool = False
    cron: str = ""
    timezone: str = "UTC"
    skip_unchanged: bool = True
    quiet_from: time | None = None
    quiet_to: time | None = None


DEFAULTS: Final = (
    SubscriptionTerms(),
    SubscriptionTerms(when=DIGEST, at_least="note", cron=WEEKLY),
)
"""What membership brings: errors at once, and everything on Monday morning."""


class Fault(NamedTuple):
    """What is the matter with one member of the terms, in words for whoever wrote them."""

    member: str
    detail: str


def faults(terms: SubscriptionTerms) -> tuple[Fault, ...]:
    """Everything that is the matter, in the order of the members; nothing where the terms can be used."""
    found = [
        *_word("when", terms.when, WHENS),
        *_word("at_least", terms.at_least, SEVERITIES),
        *_words("gaps", terms.gaps, GAPS),
        *(fault for member in ("environments", "pairs", "names") for fault in _globs(member, getattr(terms, member))),
        *_pairs(terms.pairs),
        *_names(terms.names),
        *_schedule(terms),
        *_quiet(terms),
    ]
    return tuple(found)


def _word(member: str, value: str, known: Sequence[str]) -> list[Fault]:
    return [] if value in known else [Fault(member, f"one of {', '.join(known)}")]


def _words(member: str, values: Sequence[str], known: Sequence[str]) -> list[Fault]:
    return [] if set(values) <= set(known) else [Fault(member, f"each is one of {', '.join(known)}")]


def _globs(member: str, patterns: Sequence[str]) -> list[Fault]:
    if len(patterns) > MOST_PATTERNS:
        return [Fault(member, f"at most {MOST_PATTERNS} patterns")]
    if any(not pattern or len(pattern) > LONGEST_PATTERN or not pattern.isprintable() for pattern in patterns):
        return [Fault(member, f"a pattern has 1 to {LONGEST_PATTERN} printable characters, * for any")]
    return []


def _pairs(patterns: Sequence[str]) -> list[Fault]:
    odd = any(pattern and ".." not in pattern and "*" not in pattern for pattern in patterns)
    return [Fault("pairs", "a pair is written staging..production, with * for any")] if odd else []


def _names(patterns: Sequence[str]) -> list[Fault]:
    odd = any(pattern and "/" not in pattern and "*" not in pattern for pattern in patterns)
    return [Fault("names", "a name is written section/name, such as services/*")] if odd else []


def _schedule(terms: SubscriptionTerms) -> list[Fault]:
    try:
        zone_of(terms.timezone)
    except ScheduleError as error:
        return [Fault("timezone", str(error))]
    if terms.when == DIGEST and not terms.cron:
        return [Fault("cron", "a digest needs a schedule, such as 0 8 * * 1 for Monday at eight")]
    if not terms.cron:
        return []
    try:
        check_cron(terms.cron, terms.timezone)
    except ScheduleError as error:
        return [Fault("cron", str(error))]
    return []


def _quiet(terms: SubscriptionTerms) -> list[Fault]:
    begin, end = terms.quiet_from, terms.quiet_to
    if begin is None and end is None:
        return []
    if begin is None or end is None:
        return [Fault("quiet_to" if end is None else "quiet_from", "quiet hours have a beginning and an end")]
    if any(at.second or at.microsecond or at.tzinfo for at in (begin, end)):
        return [Fault("quiet_from", "quiet hours begin and end at a minute, such as 22:00")]
    if begin == end:
        return [Fault("quiet_to", "quiet hours that end when they begin would hold everything")]
    return []


@dataclass(frozen=True, slots=True)
class Facts:
    """What is matched of a change. `gap` is empty for what concerns all three (silence); `left` and `right` are slugs,
    empty where it has none; `name` is empty for what is about no fact.
    """

    gap: str
    severity: str
    left: str = ""
    right: str = ""
    section: str = ""
    name: str = ""
    owner: str = ""


def matches(terms: SubscriptionTerms, facts: Facts, mine: Collection[str] = ()) -> bool:
    """Whether the subscription asks for this change; `mine` are the names by which its member owns things: their
    address and their teams.
    """
    return (
        rank(facts.severity) >= rank(terms.at_least)
        and (not terms.gaps or not facts.gap or facts.gap in terms.gaps)
        and (not terms.environments or _any(terms.environments, filter(None, (facts.left, facts.right))))
        and (not terms.pairs or _any(terms.pairs, [f"{facts.left}..{facts.right}"]))
        and (not terms.names or (bool(facts.name) and _any(terms.names, [f"{facts.section}/{facts.name}"])))
        and (not terms.only_owned or facts.owner in mine or facts.owner.strip().lower() in mine)
    )


def _any(patterns: Sequence[str], texts: Iterable[str]) -> bool:
    return any(fnmatchcase(text, pattern) for text in texts for pattern in patterns)


def held_until(terms: SubscriptionTerms, instant: datetime) -> datetime | None:
    """When the quiet hours that the instant falls into end, in the instant's own zone; None outside of them.

    They are what the clock on the wall says: the hour that comes twice in autumn is quiet twice where it is quiet,
    and where the end falls into the gap of spring they end with the gap.
    """
    begin, end = terms.quiet_from, terms.quiet_to
    if begin is None or end is None:
        return None
    night = _Night(begin, end, terms.timezone)
    return night.end_after(instant) if night.covers(instant) else None


@dataclass(frozen=True, slots=True)
class _Night:
    begin: time
    end: time
    timezone: str = field(default="UTC")

    def covers(self, instant: datetime) -> bool:
        at = instant.astimezone(zone_of(self.timezone)).time()
        if self.begin < self.end:
            return self.begin <= at < self.end
        return at >= self.begin or at < self.end

    def end_after(self, instant: datetime) -> datetime:
        """By the wall where its clock is not put forward or back meanwhile, else minute by minute."""
        zone = zone_of(self.timezone)
        local = instant.astimezone(zone)
        minutes = (self.end.hour * 60 + self.end.minute - local.hour * 60 - local.minute) % 1440 or 1440
        first = instant - timedelta(seconds=local.second, microseconds=local.microsecond)
        found = first + minutes * _MINUTE
        if found.astimezone(zone).utcoffset() == local.utcoffset():
            return found
        steps = (first + step * _MINUTE for step in range(1, _LONGEST_NIGHT_MIN))
        return next(at for at in steps if not self.covers(at))
