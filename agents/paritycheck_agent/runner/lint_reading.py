"""Reading the tables of a policy: each mistake with its place, in words that hold no more than short plain names."""

from __future__ import annotations

import re

from paritycheck_agent.runner.lint_findings import ERROR, Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    Path = tuple[str, ...]

PATTERNS, PATTERN_CHARS, TEXT_CHARS = 200, 256, 512
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_DURATION = re.compile(r"([0-9]{1,6})\s?(s|min|m|h|d|w)")
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_LONGEST_S = 3_660 * 86_400
_PLAIN = re.compile(r"[\w.:*?/@%+-]{1,60}", re.ASCII)
_HINT = "the server keeps the last policy without mistakes in force"
_UNREAD = "nothing reads it: correct it, or take it out"


class Reading:
    """One policy being read. `now`: seconds since 1970."""

    EXPECTATIONS = ("same", "same-minor", "same-major", "present", "absent", "must-differ", "ignore")

    def __init__(self, path: str, positions: Mapping[Path, tuple[int, int]], now: float) -> None:
        self.path = path
        self.now = now
        self.findings: list[Finding] = []
        self._positions = positions
        self._patterns = 0

    def mistake(self, where: Path, text: str, rule: str = "policy-value", severity: str = ERROR) -> None:
        """Note a mistake of a key or its value; one inside an inline table or a list stands where its key does."""
        found = Finding(rule, severity, (self.path, 0), text, _HINT if severity == ERROR else _UNREAD)
        while where and where not in self._positions:
            where = where[:-1]
        found.line, found.column = self._positions.get(where, (1, 1))
        self.findings.append(found)

    def table(self, where: Path, value: Any) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        self.mistake(where, f"{_last(where)} is a table")
        return {}

    def entries(
        self, where: Path, value: Any, known: Iterable[str], severity: str = ERROR
    ) -> Iterator[tuple[Path, str, Any]]:
        """Yield path, key (with `-` for `_`) and value of what is known; the rest is a mistake."""
        words = tuple(known)
        for key, item in self.table(where, value).items():
            word = key.replace("_", "-")
            if word in words:
                yield (*where, key), word, item
            else:
                text = f"{self.quoted(key)} is not known here{self.suggestion(key, words)}"
                self.mistake((*where, key), text, "policy-unknown-key", severity)

    def items(self, where: Path, value: Any, read: Callable[[Path, Any], Any]) -> None:
        if not isinstance(value, list):
            self.mistake(where, f"{_last(where)} is a list")
            return
        for index, item in enumerate(value):
            read((*where, str(index)), item)

    def text(self, where: Path, value: Any) -> bool:
        right = isinstance(value, str) and bool(value.strip()) and len(value) <= TEXT_CHARS and not _hides(value)
        return right or self._said(where, f"a text of 1 to {TEXT_CHARS} characters, without control characters")

    def slug(self, where: Path, value: Any) -> bool:
        right = isinstance(value, str) and _SLUG.fullmatch(value) is not None
        return right or self._said(where, "a name of a to z, 0 to 9 and -, at most 63 characters")

    def flag(self, where: Path, value: Any) -> bool:
        return isinstance(value, bool) or self._said(where, "true or false")

    def _said(self, where: Path, form: str) -> bool:
        self.mistake(where, f"{_last(where)} is {form}")
        return False

    def pair(self, where: Path, value: Any) -> None:
        if not (isinstance(value, str) and value.count("..") == 1 and all(map(_SLUG.fullmatch, value.split("..")))):
            self.mistake(where, "a pair is two environments, the baseline last, such as `staging..production`")

    def word(self, where: Path, value: Any, words: tuple[str, ...], noun: str) -> None:
        if not (isinstance(value, str) and value in words):
            hint = self.suggestion(value, words) if isinstance(value, str) else ""
            self.mistake(where, f"{self.quoted(value)} is no {noun}{hint or '. One of ' + ', '.join(words)}")

    def expectation(self, where: Path, value: Any) -> None:
        self.word(where, value, self.EXPECTATIONS, "expectation")

    def duration(self, where: Path, value: Any) -> None:
        match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None:
            self.mistake(where, "a duration is a number and a unit, such as 30m, 24h, 7d or 2w")
        elif int(match[1]) * _UNITS[match[2]] > _LONGEST_S:
            self.mistake(where, "a duration is at most ten years")

    def pattern(self, where: Path, value: Any, section: str) -> None:
        """A glob over the names of a section; packages go by purl."""
        if self.glob(where, value) and section == "dependencies":
            plain = value.replace("/@", "/%40")
            if not plain.startswith(("@", "pkg:", "*", "?", "[")) or plain.startswith("@"):
                text = "packages go by purl, such as `pkg:pypi/django` or `pkg:npm/@types/*`"
                self.mistake(where, text, "policy-glob")

    def glob(self, where: Path, value: Any) -> bool:
        """A pattern within the limits."""
        fault = _fault(value)
        self._patterns += fault is None
        if fault is None and self._patterns == PATTERNS + 1:
            fault = f"more than {PATTERNS} patterns"
        if fault:
            self.mistake(where, fault, "policy-glob")
        return not fault

    @staticmethod
    def quoted(value: object) -> str:
        """What was written, where it is short and plain enough to be said back."""
        return f"`{value}`" if isinstance(value, str) and _PLAIN.fullmatch(value) else "this"

    @staticmethod
    def suggestion(value: str, words: Iterable[str], cutoff: float = 0.6) -> str:
        from difflib import get_close_matches

        close = get_close_matches(value[:64].lower().replace("_", "-"), list(words), n=1, cutoff=cutoff)
        return f". Did you mean `{close[0]}`?" if close else ""


def _last(where: Path) -> str:
    return Reading.quoted(next((part for part in reversed(where) if not part.isdigit()), "the file"))


def _hides(text: str) -> bool:
    import unicodedata

    return any(unicodedata.category(char) in {"Cc", "Cf", "Cs"} for char in text)


def _fault(value: Any) -> str | None:
    if not isinstance(value, str) or not value:
        return "a pattern is a text"
    if len(value) > PATTERN_CHARS:
        return f"a pattern has at most {PATTERN_CHARS} characters"
    if _hides(value):
        return "a pattern has no control characters"
    return "`[` without `]`" if _open_bracket(value) else None


def _open_bracket(pattern: str) -> bool:
    """Whether a `[` is not closed; `]` or `!]` right behind it is a member, as fnmatch reads it."""
    at = pattern.find("[")
    while at >= 0:
        start = at + 1 + (pattern[at + 1 : at + 2] == "!")
        end = pattern.find("]", start + (pattern[start : start + 1] == "]"))
        if end < 0:
            return True
        at = pattern.find("[", end)
    return False
