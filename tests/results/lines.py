"""What a run showed: a line for each row of the lists of bad inputs, faults, promises and targets.

A file of lines is JSON, a list of objects {row, what, bound, measured, good}; `make report` joins all of them.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PLACE = "PARITYCHECK_RESULTS"
"""Names the directory that lines are written to; without it nothing is written."""
WIDEST = 48


@dataclass(frozen=True, slots=True)
class Line:
    """`measured` was found by the run that wrote it, `bound` is what passes."""

    row: str
    what: str
    bound: str
    measured: str
    good: bool

    @property
    def verdict(self) -> str:
        return "ok" if self.good else "FAILED"


def keep(name: str, lines: Iterable[Line]) -> Path | None:
    """Write lines as `<name>.json` where results are kept; the file, or None where they are not."""
    if not os.environ.get(PLACE):
        return None
    path = Path(os.environ[PLACE]) / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(line) for line in lines], indent=1) + "\n", encoding="utf-8")
    return path


def read(paths: Iterable[Path]) -> list[Line]:
    """All lines of these files, in the order of the lists. A file that holds something else is left out."""
    lines = [Line(**each) for path in paths for each in json.loads(path.read_text(encoding="utf-8")) if _is_line(each)]
    return sorted(lines, key=_order)


def _is_line(each: object) -> bool:
    return isinstance(each, dict) and each.keys() == {"row", "what", "bound", "measured", "good"}


def _order(line: Line) -> tuple[str, int, str]:
    found = re.match(r"(\D*)(\d*)", line.row)
    assert found is not None
    return found[1], int(found[2] or 0), line.what


def table(lines: Sequence[Line]) -> str:
    """Columns for a terminal; texts that are too wide for theirs are cut, in Markdown and JSON they are whole."""
    head = Line("row", "what", "pass figure", "measured", good=True)
    rows = [(head.row, head.what, head.bound, head.measured, "verdict"), *(_cells(line) for line in lines)]
    widths = [min(WIDEST, max(len(row[column]) for row in rows)) for column in range(5)]
    return "".join(_laid(row, widths) for row in rows)


def _cells(line: Line) -> tuple[str, str, str, str, str]:
    return line.row, line.what, line.bound, line.measured, line.verdict


def _laid(cells: Sequence[str], widths: Sequence[int]) -> str:
    cut = (cell if len(cell) <= width else cell[: width - 1] + "…" for cell, width in zip(cells, widths, strict=True))
    return "  ".join(cell.ljust(width) for cell, width in zip(cut, widths, strict=True)).rstrip() + "\n"


def markdown(lines: Sequence[Line]) -> str:
    """The same as a table of Markdown."""
    rows = [("row", "what", "pass figure", "measured", "verdict"), ("---",) * 5, *(_cells(line) for line in lines)]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in rows)
