"""What a scenario ended with: figures beside their bounds, and a problem for each that is beyond its bound."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from tests.results.lines import Line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass
class Outcome:
    """`lost` alerts were never received, `duplicates` were received again, which each kill may cause, or `allowed` of
    something else. `rows` are the faults that it is about.
    """

    name: str
    sent: int = 0
    received: int = 0
    kills: int = 0
    lost: int = 0
    duplicates: int = 0
    allowed: int = 0
    problems: list[str] = field(default_factory=list)
    seconds: float = 0
    note: str = ""
    rows: str = ""
    figures: list[Line] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.lost and not self.problems

    def at_most(self, what: str, found: float, bound: float, unit: str = "") -> None:
        """A figure that may not be larger."""
        self._note(what, f"at most {_told(bound, unit)}", _told(found, unit), good=found <= bound)

    def exactly(self, what: str, found: int, expected: int) -> None:
        """A count that may be nothing else."""
        self._note(what, str(expected), str(found), good=found == expected)

    def holds(self, what: str, wrong: Sequence[str], seen: str = "none") -> None:
        """Something of which there may be no case: `wrong` says which were found, `seen` what was looked at."""
        self.figures.append(Line(self.rows, what, "none", "; ".join(wrong[:5]) or seen, not wrong))
        self.problems += wrong

    def lines(self) -> list[Line]:
        """Its figures, with those that every scenario has."""
        again = self.kills + self.allowed
        common = [
            Line(self.rows, "alerts lost", "0", f"{self.lost} of {self.sent}", not self.lost),
            Line(
                self.rows, "alerts received again", f"at most {again}", str(self.duplicates), self.duplicates <= again
            ),
            Line(self.rows, "what must hold and does not", "0", str(len(self.problems)), not self.problems),
        ]
        told = (*self.figures, *common)
        return [Line(self.rows, f"{self.name}: {one.what}", one.bound, one.measured, one.good) for one in told]

    def _note(self, what: str, bound: str, found: str, *, good: bool) -> None:
        self.figures.append(Line(self.rows, what, bound, found, good))
        self.problems += [] if good else [f"{what}: {found}, not {bound}"]

    def stored(self) -> dict[str, Any]:
        """For JSON; `restored` takes it back."""
        return asdict(self)


def restored(stored: Mapping[str, Any]) -> Outcome:
    """The outcome of another process."""
    return Outcome(**{**stored, "figures": [Line(**each) for each in stored["figures"]]})


def _told(number: float, unit: str) -> str:
    text = str(number) if isinstance(number, int) else f"{number:.1f}"
    return f"{text} {unit}".rstrip()
