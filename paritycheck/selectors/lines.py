"""What the matrix is made of: spots, lines and groups, and the filter that chooses among them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from paritycheck.core.comparison import Relation
from paritycheck.core.facts import Fact
from paritycheck.core.findings import rank
from paritycheck.models import Drift
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.columns import Column
from paritycheck.selectors.filters import LIVE, DriftFilter

# As the page orders them. Release facts have no expectation: the page's head and the time gap show them.
SECTIONS = ("services", "runtime", "dependencies", "config", "processes", "migrations")
# What nobody tried to read is no news; what was tried and failed is.
QUIET = frozenset({"not-collected", "disabled", "not-asked", "stale"})
LOOKS = ("error", "warning", "note", "waived", "unknown", "within", "quiet", "same")
DIFFERING = frozenset(LOOKS[:5])
EVERYTHING = DriftFilter(state=LIVE)
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


@dataclass(frozen=True)
class Filter:
    """What a page was asked to show: drifts as the API's list is asked for them, and the facts without one that nobody
    could read. `unfold` names sections whose equal facts are wanted too, from `after` on; `skip` leaves out so many of
    the lines that differ; `most` is how many of either kind a section draws at a time.

    `found` holds id, section and name of the drifts that were asked for, None where all that live are.
    """

    asked: DriftFilter = EVERYTHING
    found: frozenset[tuple[str, str, str]] | None = None
    unfold: frozenset[str] = frozenset()
    after: str = ""
    skip: int = 0
    most: int = MOST_LINES

    @property
    def narrows(self) -> bool:
        """Whether anything is left out on purpose."""
        return self.asked != EVERYTHING

    @property
    def sections(self) -> frozenset[str]:
        """Those chosen, none where all are."""
        return self.asked.section

    @property
    def severities(self) -> frozenset[str]:
        """Those chosen, none where all are."""
        return self.asked.severity

    @property
    def text(self) -> str:
        """What is looked for."""
        return self.asked.q

    def takes(self, section: str, name: str, look: str) -> bool:
        """Whether a line is shown that is not unfolded."""
        if self.found is None:
            return look in DIFFERING
        return (section, name) in self.named or (look == "unknown" and self.asked.takes_unknown(section, name))

    @cached_property
    def named(self) -> frozenset[tuple[str, str]]:
        """The facts whose drifts were asked for."""
        return frozenset((section, name) for _id, section, name in self.found or ())

    def holds(self, drift: Drift) -> bool:
        """Whether this very drift was asked for."""
        return self.found is None or (drift.id, drift.section, drift.name) in self.found


def most_lines(columns: int, sections: int) -> int:
    """How many lines a section draws at a time in a table of so many columns and sections."""
    return max(FEWEST_LINES, min(MOST_LINES, MOST_CELLS // max(1, columns * sections)))


def worst_first(drifts: Iterable[Drift]) -> list[Drift]:
    """Open before waived, then by severity and distance."""
    return sorted(
        drifts,
        key=lambda drift: (drift.state != DriftState.OPEN, -rank(drift.severity), -(drift.distance or 0), drift.rule),
    )
