"""Reads `.env` files: every entry with its line, in the dialect that python-dotenv and docker compose share.

Quotes, escapes, `export`, comments and values over several lines are known.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from paritycheck_agent.context import Context

CHARS = 1024 * 1024
# What nearly every line is: a name, and a value without quotes and comment. The rest is read piece by piece.
PLAIN = re.compile(
    r"(?:export[^\S\r\n]+)?(?!export[^\S\r\n])([^=#\s'][^=#\s]*)[^\S\r\n]*"
    r"(=[^\S\r\n]*([^\s'\"#][^\r\n#]*)?)?(?=[\r\n]|\Z)"
)
BLANK = re.compile(r"\s*")
SPACE = re.compile(r"[^\S\r\n]*")
EXPORT = re.compile(r"export[^\S\r\n]+")
LINE_END = re.compile(r"\r\n|\n|\r")
BARE_KEY = re.compile(r"[^=#\s]+")
REST = re.compile(r"[^\r\n]*")
STOPS = {"'": re.compile(r"[\\']"), '"': re.compile(r'[\\"]')}
LITERALS = {"'": "\\'", '"': "\\'\""}
CONTROLS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
REFERENCE = re.compile(r"\$\{([^}:]{0,200})(?::-([^}]*))?\}")


class Entry:
    """One assignment; `value` is None where the file names the key without an equals sign."""

    __slots__ = ("line", "name", "value")

    def __init__(self, name: str, value: str | None, line: int) -> None:
        self.name = name
        self.value = value
        self.line = line


def opened(context: Context, path: str, warnings: list[str]) -> list[Entry]:
    """The assignments of a file, read once however many name it; none, and a warning, where it is too large."""

    def read(context: Context) -> list[Entry]:
        text = context.open_text(path) or ""
        if len(text) > CHARS:
            warnings.append(f"{path} is not read: too-large")
            return []
        return entries(text)

    found: list[Entry] = context.once(f"entries of {path}", read)
    return found


def entries(text: str) -> list[Entry]:
    """Every assignment in the order of the file; a line that cannot be read is passed over."""
    scanner = _Scanner(text.removeprefix("\ufeff"))
    return list(scanner.entries())


def interpolated(value: str, known: Mapping[str, str]) -> str | None:
    """`${NAME}` and `${NAME:-default}` replaced as python-dotenv does: once, unset names become empty. None where what
    is put in is longer than any variable can be.
    """
    # Behind the last brace none is closed: each that is open there would be looked for to the end.
    end = value.rfind("}") + 1
    if not end or "${" not in value:
        return value
    from paritycheck_agent.sources.interpolation import replaced

    start = replaced(REFERENCE, value[:end], lambda match: known.get(match[1], match[2] or ""))
    return None if start is None else start + value[end:]


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1

    def entries(self) -> Iterator[Entry]:
        while True:
            self._take(BLANK)
            if self.at >= len(self.text):
                return
            plain = PLAIN.match(self.text, self.at)
            if plain is not None:
                self.at = plain.end()
                yield Entry(plain[1], (plain[3] or "").rstrip() if plain[2] else None, self.line)
                continue
            entry = self._entry()
            if entry is None:
                self._take(REST)
            elif entry.name:
                yield entry

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        taken = match[0] if match else ""
        self.at += len(taken)
        self.line += _line_ends(taken)
        return taken

    def _entry(self) -> Entry | None:
        """The assignment that starts here, one without a name for a comment, None for a line that is neither."""
        line = self.line
        self._take(EXPORT)
        if self.text.startswith("#", self.at):
            name: str | None = ""
        elif self.text.startswith("'", self.at):
            name = self._quoted_name()
        else:
            name = self._take(BARE_KEY)
            name = name or None
        if name is None:
            return None
        self._take(SPACE)
        value = self._value() if name and self.text.startswith("=", self.at) else None
        readable = value is not _BROKEN and self._finish()
        return Entry(name, value, line) if readable else None

    def _quoted_name(self) -> str | None:
        end = self.text.find("'", self.at + 1)
        if end <= self.at + 1:
            return None
        name = self.text[self.at + 1 : end]
        self.at = end + 1
        self.line += _line_ends(name)
        return name

    def _value(self) -> str:
        self.at += 1
        spaced = bool(self._take(SPACE))
        first = self.text[self.at : self.at + 1]
        if spaced and first == "#":
            return ""
        if first and first in STOPS:
            return self._quoted(first)
        return _without_comment(self._take(REST)).rstrip()

    def _quoted(self, quote: str) -> str:
        end = self.at + 1
        while True:
            stop = STOPS[quote].search(self.text, end)
            if stop is None:
                return _BROKEN
            if stop[0] == quote:
                break
            end = stop.end() + 1
        written = self.text[self.at + 1 : stop.start()]
        self.at = stop.end()
        self.line += _line_ends(written)
        return _unescaped(written, quote)

    def _finish(self) -> bool:
        """Take a comment and blanks up to the end of the line; False where something else stands there."""
        self._take(SPACE)
        if self.text.startswith("#", self.at):
            self._take(REST)
        return self.at >= len(self.text) or LINE_END.match(self.text, self.at) is not None


_BROKEN = "\0 no closing quote"


def _without_comment(value: str) -> str:
    """The value up to a `#` behind a blank. A pattern would look at a run of blanks from each of them."""
    at = value.find("#")
    while at >= 0 and not value[at - 1 : at].isspace():
        at = value.find("#", at + 1)
    return value if at < 0 else value[:at]


def _line_ends(text: str) -> int:
    if "\r" not in text:
        return text.count("\n")
    return sum(1 for _ in LINE_END.finditer(text))


def _unescaped(written: str, quote: str) -> str:
    if "\\" not in written:
        return written
    controls = CONTROLS if quote == '"' else {}

    def plain(match: re.Match[str]) -> str:
        return match[1] if match[1] in LITERALS[quote] else controls.get(match[1], match[0])

    return re.sub(r"\\(.)", plain, written, flags=re.DOTALL)
