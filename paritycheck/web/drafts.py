"""A draft of `parity.toml` line by line: its number, what changed, the mistakes at their place, the parts to colour."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from paritycheck.core.policy import Mistake, PolicyError, read_policy
from paritycheck.web.visible import visible

HEADER = re.compile(r"\s*\[.*")
KEY = re.compile(r"""(\s*(?:"[^"]*"|'[^']*'|[\w.\-*]+)\s*)(=.*)""")
REMARK = re.compile(r"""[ \t]#[^"']*\Z""")
WORD = re.compile(r"""\s*("[^"]*"?|'[^']*'?|[^\s,\]}#=]+)?""")


@dataclass(frozen=True, slots=True)
class Part:
    """A run of characters of one look: `head`, `key`, `value`, `comment`, `wrong` or none."""

    look: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `mark` is `x` with a mistake, `+` where it is new, else empty."""

    number: int
    mark: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A text and what is wrong with it; mistakes of the whole text have line 0."""

    text: str
    lines: tuple[Line, ...]
    mistakes: tuple[Mistake, ...]
    changed: int


def draft_of(text: str, before: str) -> Draft:
    """The text beside the one in force."""
    mistakes = mistakes_of(text)
    rows = text.split("\n")
    new = _new_lines(before.split("\n"), rows)
    places = {one["line"]: one["column"] for one in reversed(mistakes)}
    lines = tuple(_line(number, row, places, new) for number, row in enumerate(rows, 1))
    return Draft(text, lines, tuple(mistakes), len(new))


def mistakes_of(text: str) -> list[Mistake]:
    """At most 20, in the order of the text."""
    try:
        read_policy(text)
    except PolicyError as error:
        return error.errors
    return []


def _new_lines(before: Sequence[str], after: Sequence[str]) -> frozenset[int]:
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if before != after else []
    return frozenset(at + 1 for tag, _, _, low, high in steps if tag != "equal" for at in range(low, high))


def _line(number: int, row: str, places: Mapping[int, int], new: frozenset[int]) -> Line:
    column = places.get(number)
    mark = "x" if column else "+" if number in new else ""
    parts = _wrong(row, column) if column else _parts(row)
    return Line(number, mark, tuple(Part(part.look, visible(part.text)) for part in parts if part.text))


def _parts(row: str) -> Iterator[Part]:
    remark = REMARK.search(row)
    row, rest = (row[: remark.start()], row[remark.start() :]) if remark else (row, "")
    yield from _said(row)
    yield Part("comment", rest)


def _said(row: str) -> Iterator[Part]:
    """A line without its remark."""
    if row.lstrip().startswith("#"):
        yield Part("comment", row)
    elif HEADER.fullmatch(row) and "=" not in row:
        yield Part("head", row)
    elif found := KEY.fullmatch(row):
        yield Part("key", found[1])
        yield Part("", "=")
        yield Part("value", found[2][1:])
    else:
        yield Part("value", row)


def _wrong(row: str, column: int) -> Iterator[Part]:
    """The line with the word at the column underlined."""
    before, rest = row[: column - 1], row[column - 1 :]
    found = WORD.match(rest)
    end = found.end() if found else 0
    yield Part("", before)
    yield Part("wrong", rest[:end])
    yield Part("", rest[end:])
