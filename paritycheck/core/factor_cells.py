"""What the twelve-factor page is made of: an environment as it stands, and what is said of one factor in it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from paritycheck.core.facts import Fact, Section, Side, State
from paritycheck.core.findings import rank

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

HOLDS: Final = "holds"
BROKEN: Final = "broken"
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A live drift, at the environment it is drawn on. `words` are a few, `inside` tells one of the pair e..e."""

    ident: str
    section: str
    name: str
    rule: str
    severity: str
    words: str
    inside: bool = False
    waived: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """One environment now. `bands` are those of its three gaps to the baseline, empty before a comparison; `exits` the
    exit codes seen last by process type.
    """

    side: Side
    baseline: bool = False
    troubles: tuple[Trouble, ...] = ()
    bands: Mapping[str, str] = field(default_factory=dict, hash=False)
    exits: Mapping[str, tuple[int, ...]] = field(default_factory=dict, hash=False)

    def section(self, name: str) -> Section:
        return self.side.section(name)

    def present(self, name: str) -> list[Fact]:
        """The facts of a section that are there, by name."""
        facts = self.section(name).facts
        return [facts[key] for key in sorted(facts) if facts[key].state is State.PRESENT]

    def having(self, section: str, *rules: str, dotted: bool = True) -> list[Trouble]:
        """Its drifts of a section by these rules; without `dotted` those of services and process types alone."""
        return [
            one
            for one in self.troubles
            if one.section == section and one.rule in rules and (dotted or "." not in one.name)
        ]


@dataclass(frozen=True, slots=True)
class Cell:
    """One factor in one environment. `severity` stands with broken; `unobserved` are halves that no fact shows, and
    while there is one the factor is not said to hold. `waived`: what would break it is accepted.
    """

    environment: str
    verdict: str
    evidence: str
    severity: str = ""
    unobserved: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    drifts: tuple[str, ...] = ()
    waived: bool = False


def cell(
    me: Standing,
    seen: str,
    *,
    troubles: Sequence[Trouble] = (),
    unobserved: Iterable[str] = (),
    facts: Iterable[tuple[str, str]] = (),
) -> Cell:
    """Broken by the worst trouble that nobody accepted; else as far as it was observed."""
    missing = tuple(dict.fromkeys(unobserved))
    drifts = tuple(one.ident for one in troubles if one.ident)
    places = tuple(dict.fromkeys([*((one.section, one.name) for one in troubles), *facts]))[:MOST_FACTS]
    found = Cell(me.side.slug, UNKNOWN if missing else HOLDS, seen, "", missing, places, drifts)
    open_ones = sorted((one for one in troubles if not one.waived), key=lambda one: (-rank(one.severity), one.name))
    if not open_ones:
        return replace(found, waived=bool(troubles))
    more = f", {len(open_ones) - 1} more" if len(open_ones) > 1 else ""
    return replace(found, verdict=BROKEN, severity=open_ones[0].severity, evidence=open_ones[0].words + more)


MOST_FACTS: Final = 50
"""Links of one cell."""


def unread(me: Standing, reason: str, *facts: tuple[str, str]) -> Cell:
    """Nothing can be said of this factor here."""
    return Cell(me.side.slug, UNKNOWN, reason, facts=facts)


def fault(section: str, name: str, words: str, severity: str = "warning") -> Trouble:
    """What breaks a factor and is no drift: both sides may be equal in it."""
    return Trouble("", section, name, "", severity, words)


def why(section: Section) -> str:
    """`services: collector failed`, of a section unknown as a whole; "" where it was read or never asked for."""
    reason = section.reason or "not-collected"
    return "" if reason == "not-collected" else f"{section.name}: {reason.replace('-', ' ')}"
