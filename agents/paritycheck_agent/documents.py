"""The texts that lock files are: decoded, taken as JSON, and where in them a name stands."""

from __future__ import annotations

import json

from paritycheck_agent.packages import table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from paritycheck_agent.packages import Lock

# Bounds on odd files: each miss reads to the end of the text, each place where a name might stand is looked at.
_MISSES = 20
_PLACES = 500_000
_BEHIND = 9


def decoded(data: bytes, lock: Lock) -> str | None:
    """Return the text of a lock with plain line ends; None, and the lock not whole, where it is no UTF-8."""
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        lock.incomplete("is not UTF-8")
        return None


def json_of(
    data: bytes, lock: Lock, plain: Callable[[str], str] = lambda written: written
) -> tuple[str, dict[str, Any]] | None:
    """Return text and document of a lock in JSON; None, and the lock not whole, where it is none.

    `plain` makes JSON of a text that has more, such as comments.
    """
    written = decoded(data, lock)
    if written is None:
        return None
    try:
        document = json.loads(plain(written))
    except json.JSONDecodeError as error:
        lock.incomplete(f"is no JSON, line {error.lineno}")
        return None
    except (ValueError, RecursionError):
        lock.incomplete("is no JSON of a lock")
        return None
    if not isinstance(document, dict):
        lock.incomplete("is no JSON of a lock")
        return None
    return written, document


def toml_of(data: bytes, lock: Lock, blanked: str) -> tuple[str, dict[str, Any]] | None:
    """Return text and document of a lock in TOML; None, and the lock not whole, where it is none.

    `blanked`: a pattern of lines that are not needed. They are most of a lock, and without them it parses many times
    as fast; the text that is returned has them still.
    """
    import re

    from paritycheck_agent import toml

    written = decoded(data, lock)
    if written is None:
        return None
    try:
        return written, toml.load(re.sub(blanked, "", written, flags=re.MULTILINE))
    except toml.TomlError as error:
        lock.incomplete(f"is no TOML, line {error.line}" if error.line else error.detail)
        return None


def check_version(said: str, lock: Lock, oldest: tuple[int, int], newest: tuple[int, int]) -> None:
    """Tell of a lock version `major.minor` that is not known: a newer minor one adds members only, of any other that
    is out of range nothing is certain, and the lock is not whole.
    """
    parts = said.split(".")
    if not all(part.isascii() and part.isdigit() and len(part) <= len("9999") for part in parts):
        lock.incomplete("has no lock version, read as far as possible")
        return
    version = tuple(int(part) for part in parts[:2])
    last = ".".join(map(str, newest))
    known = last if oldest == newest else ".".join(map(str, oldest)) + " to " + last
    if version < oldest[: len(version)] or version[0] > newest[0]:
        lock.incomplete(f"lock version {said} is not known (known: {known}), read as far as possible")
    elif version > newest:
        lock.warn(f"lock version {said} is newer than the known {known}")


def json_beside(sibling: Callable[[str], bytes | None], path: str) -> dict[str, Any] | None:
    """Return the table of a JSON file beside a lock; None where it is not there or is none."""
    data = sibling(path)
    try:
        return None if data is None else table(json.loads(data))
    except (ValueError, RecursionError):
        return None


def text_beside(sibling: Callable[[str], bytes | None], path: str) -> str | None:
    """Return the text of a file beside a lock; None where it is not there."""
    data = sibling(path)
    return None if data is None else data.decode("utf-8", "replace").replace("\r\n", "\n")


class Lines:
    """Finds the line of each name in a JSON text, asked for in the order of the text: one pass in all.

    `start`: the key behind which the first one is looked for.
    """

    def __init__(self, written: str, start: str = "") -> None:
        self.written = written
        self.at = max(0, written.find(f'"{start}"')) if start else 0
        self.line = 1 + written.count("\n", 0, self.at)
        self.misses = 0
        self.places = 0

    def opening(self, key: str, bracket: str = "{") -> int:
        """Return the line of the next key that opens an object (or list); 0 where there is none."""
        behind = ":" + bracket
        return self._find(key, lambda _at, end: "".join(self.written[end : end + _BEHIND].split()).startswith(behind))

    def key(self, key: str) -> int:
        """Return the line of the next key of an object; 0 where there is none."""
        return self._find(key, lambda _at, end: self.written[end : end + _BEHIND].lstrip().startswith(":"))

    def value(self, key: str, value: str) -> int:
        """Return the line of the next `"key": "value"` behind what was found last; 0 where there is none."""
        start = len(key) + len('"": ')

        def stands(at: int, _end: int) -> bool:
            before = self.written[max(0, at - start - _BEHIND) : at].rstrip()
            return before.endswith(":") and before[:-1].rstrip().endswith(f'"{key}"')

        return self._find(value, stands)

    def _find(self, name: str, stands: Callable[[int, int], bool]) -> int:
        for quoted in dict.fromkeys((json.dumps(name, ensure_ascii=False), json.dumps(name).replace("/", "\\/"))):
            at = self.at
            while self.misses < _MISSES and self.places < _PLACES and (at := self.written.find(quoted, at + 1)) >= 0:
                self.places += 1
                if stands(at, at + len(quoted)):
                    self.line += self.written.count("\n", self.at, at)
                    self.at = at
                    return self.line
        self.misses += 1
        return 0
