"""What the matrix is made of: spots, lines and groups, and the filter that chooses among them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from paritycheck.core.comparison import Relation
from paritycheck.core.facts import Fact
from paritycheck.core.findings import rank
from paritycheck.models import Drift
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.columns import Column

# As the page orders them. Release facts have no expectation: the page's head and the time gap show them.
SECTIONS = ("services", "runtime", "dependencies", "config", "processes", "migrations")
# What nobody tried to read is no news; what was tried and failed is.
QUIET = frozenset({"not-collected", "disabled", "not-asked", "stale"})
LOOKS = ("error", "warning", "note", "waived", "unknown", "within", "quiet", "same")
DIFFERING = frozenset(LOOKS[:5])
MOST_LINES, FEWEST_LINES, MOST_CELLS = 200, 10, 1_500
"""How many lines of a section are drawn at a time, and about how many cells of all: what a browser draws at once."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One fact in one environment: what it is there, how that relates to the baseline, and the drifts it is part of.

    `stale` keeps the last known fact of a section that nobody confirms any more. `relation` is None where the pair
    leaves the fact out of its comparison.
    """

    column: Column
    fact: Fact
    relation: Relation | None
    drifts: tuple[Drift, ...] = ()
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One fact across all environments. `look` is the worst of its spots, see LOOKS."""

    section: str
    name: str
    look: str
    spots: tuple[Spot, ...]

    @property
    def drifts(self) -> list[Drift]:
        """Its live drifts, each once, the worst first."""
        return worst_first({drift.id: drift for spot in self.spots for drift in spot.drifts}.values())


@dataclass(frozen=True, slots=True)
class Group:
    """One section: the lines to draw, how many there are of each look, and who could not read it at all. `skipped` and
    `more` count lines that differ, pass the filter, and stand before and after those that are drawn.
    """

    section: str
    lines: tuple[Line, ...]
    looks: Counter[str]
    unreadable: tuple[tuple[Column, str], ...] = ()
    more_after: str = ""
    skipped: int = 0
    more: int = 0

    @property
    def differing(self) -> int:
        """Lines that differ, whatever the filter leaves of them."""
        return sum(self.looks[look] for look in DIFFERING)

    @property
    def folded(self) -> int:
        """Lines behind `Show`."""
        return self.looks.total() - self.differing


@dataclass(frozen=True, slots=True)
class Filter:
    """What a page was asked to show; `unfold` names sections whose equal facts are wanted too, from `after` on.

    `skip` leaves out so many of the lines that differ; `most` is how many of either kind a section draws at a time.
    """

    sections: frozenset[str] = frozenset()
    severities: frozenset[str] = frozenset()
    text: str = ""
    unfold: frozenset[str] = frozenset()
    after: str = ""
    skip: int = 0
    most: int = MOST_LINES

    @property
    def narrows(self) -> bool:
        """Whether anything is left out on purpose."""
        return bool(self.sections or self.severities or self.text)

    def takes(self, section: str, name: str, look: str, drifts: Iterable[Drift]) -> bool:
        """Whether a differing line passes."""
        if self.sections and section not in self.sections:
            return False
        if self.severities and not self._severity(look, drifts):
            return False
        return self.matches(name, drifts)

    def _severity(self, look: str, drifts: Iterable[Drift]) -> bool:
        if look in self.severities:
            return True
        return any(drift.state == DriftState.OPEN and drift.severity in self.severities for drift in drifts)

    def matches(self, name: str, drifts: Iterable[Drift]) -> bool:
        """Whether the text stands in the name, in an owner, or in a configuration name that leads to the service."""
        wanted = self.text.casefold()
        if not wanted or wanted in name.casefold() or wanted in name.casefold().replace("%40", "@"):
            return True
        return any(wanted in word.casefold() for drift in drifts for word in (drift.owner, *_keys(drift)))


def most_lines(columns: int, sections: int) -> int:
    """How many lines a section draws at a time in a table of so many columns and sections."""
    return max(FEWEST_LINES, min(MOST_LINES, MOST_CELLS // max(1, columns * sections)))


def _keys(drift: Drift) -> list[str]:
    sides = (drift.left_side, drift.right_side)
    return [str(key) for side in sides for key in side.get("keys", ())]


def worst_first(drifts: Iterable[Drift]) -> list[Drift]:
    """Open before waived, then by severity and distance."""
    return sorted(
        drifts,
        key=lambda drift: (drift.state != DriftState.OPEN, -rank(drift.severity), -(drift.distance or 0), drift.rule),
    )
