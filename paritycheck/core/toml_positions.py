"""Where each key and value of a TOML text stands: `tomllib` gives positions for mistakes of syntax only.

The scanner takes a text that `tomllib` has read: it need not find mistakes, only its way.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from typing import Final, NamedTuple

Path = tuple[str | int, ...]
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_SPACE: Final = re.compile(r"(?:[ \t\n\r]|#[^\n]*)+")
_BLANK: Final = re.compile(r"[ \t]*")
_SCALAR: Final = re.compile(r"[^,\]}#\n]+")
_STRINGS: Final = (
    re.compile(r'"""(?:[^\\"]|\\.|"(?!""))*"{3,5}', re.DOTALL),
    re.compile(r"'''.*?'{3,5}", re.DOTALL),
    re.compile(r'"(?:[^\\"\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)


class Position(NamedTuple):
    """Both from 1; columns count characters."""

    line: int
    column: int


class Positions:
    """Positions of keys and of values by path; an item of an array goes by its index."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        scanner = _Scanner(text)
        scanner.document()
        self._keys = scanner.keys
        self._values = scanner.values

    def key(self, path: Path) -> Position:
        """The key itself; the nearest enclosing one that stands in the text where this one does not."""
        return self._at(path, self._keys)

    def value(self, path: Path) -> Position:
        """The value of the key or the item of the array."""
        return self._at(path, self._values) if path in self._values else self.key(path)

    def _at(self, path: Path, offsets: dict[Path, int]) -> Position:
        while path and path not in offsets:
            path = path[:-1]
        offset = offsets.get(path, 0)
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)


class _Scanner:
    def __init__(self, text: str) -> None:
        self.keys: dict[Path, int] = {}
        self.values: dict[Path, int] = {}
        self._text = text
        self._at = 0
        self._counts: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        while self._skip():
            if self._text.startswith("[[", self._at):
                table = self._header(2, array=True)
            elif self._text[self._at] == "[":
                table = self._header(1, array=False)
            else:
                self._pair(table)

    def _skip(self) -> bool:
        """Past blanks, new lines and comments; False at the end."""
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at < len(self._text)

    def _blanks(self) -> None:
        found = _BLANK.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _header(self, brackets: int, *, array: bool) -> Path:
        self._at += brackets
        path: Path = ()
        parts = self._key()
        for index, (part, offset) in enumerate(parts):
            path = (*path, part)
            self.keys.setdefault(path, offset)
            if array and index == len(parts) - 1:
                self._counts[path] = self._counts.get(path, 0) + 1
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
                self.keys.setdefault(path, offset)
        self._at += brackets
        return path

    def _key(self) -> list[tuple[str, int]]:
        """The parts of a dotted key, each with its offset; stands behind the key and its blanks afterwards."""
        parts: list[tuple[str, int]] = []
        while True:
            self._blanks()
            parts.append((self._part(), self._at))
            self._at = self._end
            self._blanks()
            if self._text[self._at : self._at + 1] != ".":
                return parts
            self._at += 1

    def _part(self) -> str:
        bare = _BARE.match(self._text, self._at)
        if bare is not None:
            self._end = bare.end()
            return bare.group()
        self._end = self._string_end() or self._at + 1
        read = tomllib.loads("k=" + self._text[self._at : self._end])
        return str(read["k"])

    def _string_end(self) -> int | None:
        for form in _STRINGS:
            found = form.match(self._text, self._at)
            if found is not None:
                return found.end()
        return None

    def _pair(self, table: Path) -> None:
        path = table
        for part, offset in self._key():
            path = (*path, part)
            self.keys.setdefault(path, offset)
        self._at += 1
        self._value(path)

    def _value(self, path: Path) -> None:
        self._skip()
        self.values[path] = self._at
        opener = self._text[self._at : self._at + 1]
        if opener == "[":
            self._array(path)
        elif opener == "{":
            self._inline(path)
        else:
            scalar = _SCALAR.match(self._text, self._at)
            self._at = self._string_end() or (scalar.end() if scalar else self._at + 1)

    def _array(self, path: Path) -> None:
        self._at += 1
        index = 0
        while self._skip() and self._text[self._at] != "]":
            self._value((*path, index))
            index += 1
            self._comma()
        self._at += 1

    def _inline(self, path: Path) -> None:
        self._at += 1
        while self._skip() and self._text[self._at] != "}":
            self._pair(path)
            self._comma()
        self._at += 1

    def _comma(self) -> None:
        if self._skip() and self._text[self._at] == ",":
            self._at += 1
