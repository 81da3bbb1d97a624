"""What a benchmark ends with: rows of a figure and its goal, printed, and kept for `make bench`."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

KEPT_IN = "BENCH_ROWS"
"""The variable that names the file into which `make bench` has the rows written."""


@dataclass(frozen=True, slots=True)
class Row:
    """A figure beside its goal: at most that, or with `least` at least that; none where it is only told.

    `quiet` says that it is time on the clock, so that a busy machine spoils it; ratios of processor seconds are not.
    """

    name: str
    ratio: float
    goal: float | None = None
    raw: str = ""
    least: bool = False
    quiet: bool = False

    @property
    def good(self) -> bool:
        """Whether the goal is met."""
        if self.goal is None:
            return True
        return self.ratio >= self.goal if self.least else self.ratio <= self.goal

    @property
    def verdict(self) -> str:
        """`ok`, `past its goal`, or `told` where there is none."""
        return "told" if self.goal is None else "ok" if self.good else "past its goal"

    @property
    def bound(self) -> str:
        """The goal as it is printed."""
        return "" if self.goal is None else f"{'>=' if self.least else '<='} {number(self.goal)}"


def number(value: float) -> str:
    """As many digits as say something."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def best(first: Iterable[Row], second: Iterable[Row]) -> list[Row]:
    """Of each row the better one."""
    again = {row.name: row for row in second}
    return [_better(row, again.get(row.name, row)) for row in first]


def _better(one: Row, other: Row) -> Row:
    if one.goal is None or one.good:
        return one
    return max(one, other, key=lambda row: row.ratio if row.least else -row.ratio)


def twice(measure: Callable[[], Sequence[Row]]) -> list[Row]:
    """What it measures; once more where a goal was missed, as a busy machine spoils figures."""
    rows = list(measure())
    return rows if all(row.good for row in rows) else best(rows, measure())


def table(rows: Sequence[Row]) -> str:
    """One line for each; `~` marks figures that need a quiet machine."""
    width = max((len(row.name) for row in rows), default=0) + 2
    lines = [f"{'name':{width}}{'ratio':>9}  {'goal':10}verdict"]
    lines += [
        f"{row.name:{width}}{number(row.ratio):>9}{'~' if row.quiet else ' '} {row.bound:10}{row.verdict}"
        f"{f'   ({row.raw})' if row.raw else ''}"
        for row in rows
    ]
    return "".join(f"{line}\n" for line in lines)


def publish(rows: Sequence[Row], *notes: str) -> int:
    """Print, and keep where `make bench` wants them; 1 past a goal."""
    sys.stdout.write(table(rows))
    sys.stdout.writelines(f"{note}\n" for note in (*notes, machine()))
    kept = os.environ.get(KEPT_IN)
    if kept:
        Path(kept).write_text(json.dumps({"rows": [told(row) for row in rows], "notes": notes}), encoding="utf-8")
    return 0 if all(row.good for row in rows) else 1


def told(row: Row) -> dict[str, object]:
    """As it stands in JSON."""
    return {**asdict(row), "verdict": row.verdict}


def machine() -> str:
    """What the figures were measured on, and how busy it was."""
    load = os.getloadavg()[0]
    return f"python {platform.python_version()} {platform.python_compiler()}, {os.cpu_count()} cores, load {load:.1f}"
