"""Rows for a person: aligned, as wide as the terminal, and nothing that a terminal would obey."""

from __future__ import annotations

from paritycheck_agent.redact import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = "  "
_LEAST, _HEADINGS = 8, "1"
# What is copied from here, or is one word of a few, is shown whole: nothing can be done with half of it.
_WHOLE = frozenset({"ID", "COMMIT", "SEVERITY", "STATUS", "STATE", "SINCE"})
# A colour goes with the word that it repeats, and never stands for one.
_COLOURS = {"error": "31", "failure": "31", "warning": "33", "note": "36", "ok": "32", "success": "32"}


class Paper:
    """What is printed on: its width in columns, 0 where there is no limit, and whether colours show."""

    __slots__ = ("colour", "width")

    def __init__(self, *, width: int = 0, colour: bool = False) -> None:
        self.width = width
        self.colour = colour


def render(headings: Sequence[str], rows: Sequence[Sequence[str]], paper: Paper) -> str:
    """Return a table as lines. What is too long for the paper loses its middle, the widest columns first."""
    cells = [[printable(cell) for cell in row] for row in (headings, *rows)]
    needed = [max(columns(row[at]) for row in cells) for at in range(len(headings))]
    widths = _fitted(needed, [heading in _WHOLE for heading in headings], paper.width)
    lines = [_line(row, widths, paper, heading=number == 0) for number, row in enumerate(cells)]
    return "".join(f"{line}\n" for line in lines)


def heading(text: str, paper: Paper) -> str:
    """Return a line that stands out where colours show."""
    return f"{painted(printable(text), _HEADINGS, paper)}\n"


def _fitted(widths: list[int], whole: Sequence[bool], most: int) -> list[int]:
    """Return widths that fit: the widest column gives until it is as wide as the next, then both do."""
    beyond = sum(widths) + len(_GAP) * (len(widths) - 1) - most
    while most and beyond > 0:
        widest = max((width for width, kept in zip(widths, whole) if not kept), default=0)
        if widest <= _LEAST:
            break
        for at, width in enumerate(widths):
            if width == widest and not whole[at] and beyond > 0:
                widths[at] -= 1
                beyond -= 1
    return widths


def _line(row: Sequence[str], widths: Sequence[int], paper: Paper, *, heading: bool) -> str:
    shown = []
    for cell, width in zip(row, widths):
        text = shortened(cell, width)
        code = _HEADINGS if heading else _COLOURS.get(cell.rpartition(" ")[2], "")
        shown.append(painted(text, code, paper) + " " * (width - columns(text)))
    return _GAP.join(shown).rstrip()


def painted(text: str, code: str, paper: Paper) -> str:
    """Return text in a colour, where this paper has colours."""
    return f"\033[{code}m{text}\033[0m" if paper.colour and code and text else text


def shortened(text: str, most: int) -> str:
    """Return text of at most so many columns; what is left out is its middle: ends of names tell them apart."""
    if columns(text) <= most:
        return text
    if most <= len("..."):
        return "."[:most]
    left = (most - 3) // 2
    return _start(text, left) + "..." + _start(text[::-1], most - 3 - left)[::-1]


def _start(text: str, most: int) -> str:
    """Return the longest beginning that has at most so many columns."""
    at = most
    while columns(text[:at]) > most:
        at -= 1
    return text[:at]


def columns(text: str) -> int:
    """Return how wide a terminal draws a text: East Asian characters take two columns, combining ones none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)
