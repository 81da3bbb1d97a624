"""TOML: read by `tomllib` (before Python 3.11 by `tomli`), and where in the text each key stands."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Path = tuple[str, ...]

_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_OPEN, _CLOSE = frozenset("[{"), frozenset("]}")


_KEY_PARTS = 500


class TomlError(ValueError):
    """A mistake in a TOML text: what, and where it stands (line and column from 1; 0 where not known)."""

    def __init__(self, detail: str, line: int = 0, column: int = 0) -> None:
        super().__init__(detail)
        self.detail = detail
        self.line = line
        self.column = column


def load(text: str) -> dict[str, Any]:
    """Return the document of a TOML text, dates and times as strings; raise TomlError."""
    _refuse_long_keys(text)
    try:
        document: dict[str, Any] = _loads(text.replace("\r\n", "\n"))
    except RecursionError:
        raise TomlError("nested too deeply") from None
    except ValueError as error:
        raise _located(str(error), text) from None
    plain: dict[str, Any] = _plain(document)
    return plain


def _refuse_long_keys(text: str) -> None:
    """Raise TomlError for a key of very many parts: the parser takes the square of their number in time."""
    if text.count(".") <= _KEY_PARTS:
        return
    import re

    for number, row in enumerate(text.split("\n"), 1):
        if row.count(".") > _KEY_PARTS:
            bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", row)
            if any(piece.count(".") > _KEY_PARTS for piece in bare.split("=")):
                raise TomlError("a key has too many parts", number, 1)


def _loads(text: str) -> dict[str, Any]:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib as parser
    else:
        try:
            import tomli as parser
        except ImportError:
            raise TomlError("Python before 3.11 needs the package `tomli` to read TOML") from None
    return parser.loads(text)


def _plain(value: Any) -> Any:
    """Return value with dates and times as strings, so that it can be kept as JSON."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool)) else str(value)


def _located(message: str, text: str) -> TomlError:
    """Return the parser's message with its place taken out: `... (at line 3, column 5)`."""
    import re

    match = re.search(r"^(.*?) \(at (?:line (\d+), column (\d+)|end of document)\)$", message, re.DOTALL)
    if match is None:
        return TomlError(message)
    lines = text.split("\n")
    line, column = (int(match[2]), int(match[3])) if match[2] else (len(lines), len(lines[-1]) + 1)
    return TomlError(match[1], line, column)


def positions(text: str) -> dict[Path, tuple[int, int]]:
    """Return (line, column) of each key and table header of a text that `load` reads, by the path of its key.

    An element of an array of tables has its index as a path element of its own: `("waivers", "0", "match")`.
    Keys of inline tables are not listed; the key that holds the table is.
    """
    return _Scanner(text.replace("\r\n", "\n")).scan()


def extract(text: str, prefix: Path) -> str:
    """Return the tables below `prefix` as a document of their own, each on the line where it stands in text.

    Other lines become empty, so that a mistake found in the result has its line in text too. Raise TomlError where
    keys of `prefix` itself stand behind its sub-tables: in a document of their own they would belong to those.
    """
    text = text.replace("\r\n", "\n")
    scanner = _Scanner(text)
    scanner.scan()
    rows = text.split("\n")
    kept, inner = [""] * len(rows), False
    for (line, path), end in zip(scanner.headers, [line for line, _ in scanner.headers[1:]] + [len(rows) + 1]):
        if path[: len(prefix)] != prefix:
            continue
        kept[line : end - 1] = rows[line : end - 1]
        if len(path) > len(prefix):
            inner = True
            kept[line - 1] = _shortened(rows[line - 1], len(prefix))
        elif inner:
            raise TomlError(f"[{'.'.join(prefix)}] must stand before its sub-tables", line, 1)
    return "\n".join(kept)


def _shortened(header: str, parts: int) -> str:
    """Return a table header's line without the first parts of its key."""
    import re

    part = r"""(?:[\w-]+|"[^"]*"|'[^']*')\s*\.\s*"""
    return re.sub(rf"^(\s*\[\[?)\s*(?:{part}){{{parts}}}", r"\1", header)


class _Scanner:
    """Walks a valid TOML text and notes where keys begin; values are only skipped."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line, self.line_start = 1, 0
        self.table: Path = ()
        self.arrays: dict[Path, int] = {}
        self.found: dict[Path, tuple[int, int]] = {}
        self.headers: list[tuple[int, Path]] = []

    def scan(self) -> dict[Path, tuple[int, int]]:
        while self._skip_blank():
            place = (self.line, self.at - self.line_start + 1)
            if self.text[self.at] == "[":
                self._header(place)
            else:
                self.found.setdefault(self.table + self._key(), place)
                self._skip_value()
        return self.found

    def _header(self, place: tuple[int, int]) -> None:
        double = self.text.startswith("[[", self.at)
        self.at += 2 if double else 1
        path = self._indexed(self._key(), last=not double)
        if double:
            self.arrays[path] = self.arrays.get(path, -1) + 1
            path = (*path, str(self.arrays[path]))
        self.table = path
        self.headers.append((place[0], path))
        self.found.setdefault(path, place)
        self._skip_line()

    def _indexed(self, key: Path, *, last: bool) -> Path:
        """Return a header's key with the index of the current element after each array of tables in it."""
        path: Path = ()
        for position, part in enumerate(key):
            path = (*path, part)
            if path in self.arrays and (last or position < len(key) - 1):
                path = (*path, str(self.arrays[path]))
        return path

    def _key(self) -> Path:
        """Read a dotted key; stop behind the `=` or `]` after it."""
        parts: list[str] = []
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in "'\"":
                start = self.at
                self._skip_string()
                parts.append(self.text[start + 1 : self.at - 1])
            elif char in _BARE:
                start = self.at
                while self.at < len(self.text) and self.text[self.at] in _BARE:
                    self.at += 1
                parts.append(self.text[start : self.at])
            else:
                self.at += 1
                if char in "=]":
                    break
        return tuple(parts)

    def _skip_value(self) -> None:
        """Go behind a value: to the newline that ends it, past those inside strings, arrays and inline tables."""
        depth = 0
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in "'\"":
                self._skip_string()
                continue
            if char == "#":
                self._skip_line()
                continue
            if char == "\n" and not depth:
                return
            depth += (char in _OPEN) - (char in _CLOSE)
            self._step()

    def _skip_string(self) -> None:
        quote = self.text[self.at]
        long = self.text.startswith(quote * 3, self.at)
        end = quote * 3 if long else quote
        self.at += len(end)
        while self.at < len(self.text) and not self.text.startswith(end, self.at):
            if self.text[self.at] == "\\" and quote == '"':
                self._step()
            self._step()
        self.at += len(end)
        while long and self.text.startswith(quote, self.at):
            self.at += 1

    def _skip_blank(self) -> bool:
        """Go to the next character that begins a header or a key; False at the end."""
        while self.at < len(self.text) and self.text[self.at] in " \t\n#":
            if self.text[self.at] == "#":
                self._skip_line()
            else:
                self._step()
        return self.at < len(self.text)

    def _skip_line(self) -> None:
        end = self.text.find("\n", self.at)
        self.at = len(self.text) if end < 0 else end

    def _step(self) -> None:
        if self.at < len(self.text) and self.text[self.at] == "\n":
            self.line += 1
            self.line_start = self.at + 1
        self.at += 1
