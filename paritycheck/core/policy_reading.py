"""Reading the tables of a `parity.toml`: typed values, and each mistake with its line and column."""

from __future__ import annotations

import re
import unicodedata
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from paritycheck.core.addresses import is_slug
from paritycheck.core.durations import DurationError, parse_duration
from paritycheck.core.globs import MAX_LENGTH, MAX_PATTERNS, rank, tie
from paritycheck.core.policy import EXPECTATIONS, Mistake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from paritycheck.core.toml_positions import Path, Position, Positions

MAX_MISTAKES: Final = 20
MAX_TEXT: Final = 512
_QUOTABLE: Final = re.compile(r"[\w.:*?/@%+-]{1,60}", re.ASCII)


class TooManyMistakesError(Exception):
    """Reading stops: the first 20 mistakes are told."""


class Reading:
    """One text being read. The getters note a mistake and return None (or nothing) for what they cannot take."""

    def __init__(self, positions: Positions) -> None:
        self._positions = positions
        self._patterns = 0
        self.mistakes: list[Mistake] = []

    def mistake(self, path: Path, detail: str, *, key: bool = False) -> None:
        position = self._positions.key(path) if key else self._positions.value(path)
        self._note(position, detail)

    def _note(self, position: Position, detail: str) -> None:
        self.mistakes.append({"line": position.line, "column": position.column, "detail": detail})
        if len(self.mistakes) >= MAX_MISTAKES:
            raise TooManyMistakesError

    def line(self, path: Path) -> int:
        return self._positions.key(path).line

    def table(self, path: Path, value: Any) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        self.mistake(path, f"{_name(path)} is a table")
        return {}

    def entries(self, path: Path, value: Any, known: Iterable[str]) -> Iterator[tuple[Path, str, Any]]:
        """Path, key (with `-` for `_`) and value of each known key; a key that is not known is a mistake."""
        words = tuple(known)
        for key, item in self.table(path, value).items():
            word = key.replace("_", "-")
            if word in words:
                yield ((*path, key), word, item)
            else:
                self.mistake((*path, key), f"{quoted(key)} is not known here{suggestion(key, words)}", key=True)

    def text(self, path: Path, value: Any) -> str | None:
        if isinstance(value, str) and value.strip() and len(value) <= MAX_TEXT and not hidden_characters(value):
            return value
        self.mistake(path, f"{_name(path)} is a text of 1 to {MAX_TEXT} characters, without control characters")
        return None

    def word(self, path: Path, value: Any, words: Sequence[str], noun: str) -> str | None:
        """One of a closed list."""
        if isinstance(value, str) and value in words:
            return value
        hint = suggestion(value, words) if isinstance(value, str) else ""
        self.mistake(path, f"{quoted(value)} is no {noun}{hint or '. One of ' + ', '.join(words)}")
        return None

    def expectation(self, path: Path, value: Any) -> str | None:
        return self.word(path, value, EXPECTATIONS, "expectation")

    def slug(self, path: Path, value: Any) -> str | None:
        if isinstance(value, str) and is_slug(value):
            return value
        self.mistake(path, f"{_name(path)} is a name of a to z, 0 to 9 and -, at most 63 characters")
        return None

    def pair(self, path: Path, value: Any, *, key: bool = False) -> str | None:
        if isinstance(value, str) and value.count("..") == 1 and all(map(is_slug, value.split(".."))):
            return value
        detail = "a pair is two environments, the baseline last, such as `staging..production`"
        self.mistake(path, detail, key=key)
        return None

    def duration(self, path: Path, value: Any) -> int | None:
        """Seconds."""
        try:
            return parse_duration(value if isinstance(value, str) else "")
        except DurationError as error:
            self.mistake(path, str(error))
            return None

    def flag(self, path: Path, value: Any) -> bool:
        if not isinstance(value, bool):
            self.mistake(path, f"{_name(path)} is true or false")
        return value is True

    def items(self, path: Path, value: Any, read: Callable[[Path, Any], str | None]) -> Iterator[tuple[Path, str]]:
        """The items of a list that `read` takes."""
        if not isinstance(value, list):
            self.mistake(path, f"{_name(path)} is a list")
            return
        for index, item in enumerate(value):
            taken = read((*path, index), item)
            if taken is not None:
                yield ((*path, index), taken)

    def glob(self, path: Path, value: Any, *, key: bool = False) -> str | None:
        """A pattern within the limits (wire.md, row 53)."""
        fault = glob_fault(value)
        if fault is None:
            self._patterns += 1
            if self._patterns <= MAX_PATTERNS:
                return str(value)
            fault = f"more than {MAX_PATTERNS} patterns"
        self.mistake(path, fault, key=key)
        if self._patterns > MAX_PATTERNS:
            raise TooManyMistakesError
        return None

    def ties(self, rules: Sequence[tuple[str, object, Path]]) -> None:
        """Notes each (pattern, meaning, path) that is as specific as an earlier one of another meaning while a
        name may match both.
        """
        groups: dict[object, list[tuple[str, object, Path]]] = {}
        for rule in rules:
            order = rank(rule[0])
            group = groups.setdefault((order, rule[0][: order.prefix]), [])
            other = next((one for one in group if one[1] != rule[1] and _both_match(one[0], rule[0])), None)
            group.append(rule)
            if other is not None:
                self._tied(rule[0], rule[2], (other[0], other[2]))

    def _tied(self, pattern: str, path: Path, other: tuple[str, Path]) -> None:
        inside_list = isinstance(path[-1], int)
        where = self._positions.value(other[1]) if isinstance(other[1][-1], int) else self._positions.key(other[1])
        detail = f"{quoted(pattern)} ties with {quoted(other[0])} of line {where.line}: neither is more specific"
        self.mistake(path, detail, key=not inside_list)


def _both_match(one: str, other: str) -> bool:
    return one == other or tie(one, other)


def glob_fault(value: Any) -> str | None:
    """What keeps a value from being a pattern within the limits; None where nothing does."""
    if not isinstance(value, str) or not value:
        return "a pattern is a text"
    if len(value) > MAX_LENGTH:
        return f"a pattern has at most {MAX_LENGTH} characters"
    if hidden_characters(value):
        return "a pattern has no control characters"
    return "`[` without `]`" if _open_bracket(value) else None


def about_pattern(detail: str) -> bool:
    """Whether a mistake's words are about a pattern beyond the limits."""
    return detail.startswith(("a pattern ", "`[` without", f"more than {MAX_PATTERNS} patterns"))


def _open_bracket(pattern: str) -> bool:
    """Whether a `[` is not closed; as `fnmatch` reads it, `]` or `!]` right behind the `[` is a member."""
    at = pattern.find("[")
    while at >= 0:
        start = at + 1 + (pattern[at + 1 : at + 2] == "!")
        end = pattern.find("]", start + (pattern[start : start + 1] == "]"))
        if end < 0:
            return True
        at = pattern.find("[", end)
    return False


def hidden_characters(text: str) -> bool:
    return any(unicodedata.category(character) in {"Cc", "Cf", "Cs"} for character in text)


def quoted(value: object) -> str:
    """What was written, where it is short and plain enough to be said back."""
    return f"`{value}`" if isinstance(value, str) and _QUOTABLE.fullmatch(value) else "this"


def suggestion(value: str, words: Iterable[str], cutoff: float = 0.6) -> str:
    close = get_close_matches(value[:64].lower().replace("_", "-"), list(words), n=1, cutoff=cutoff)
    return f". Did you mean `{close[0]}`?" if close else ""


def _name(path: Path) -> str:
    last = next((part for part in reversed(path) if isinstance(part, str)), "the file")
    return quoted(last)
