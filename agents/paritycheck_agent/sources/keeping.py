"""What was read of files that may not have changed since, remembered by their size and time in the state directory.

For files of which there are many, or which another program has to read. A lock is remembered by its bytes instead.
"""

from __future__ import annotations

import json
import os

from paritycheck_agent.wire.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Rows = list[list[str]]

# Rises when a reader changes what it says of the same files.
_EDITION = 1


class Memory:
    """Rows of strings by the files they were read from. Anything odd in the file is as good as nothing kept."""

    __slots__ = ("_changed", "_kept", "_new", "place")

    def __init__(self, place: str) -> None:
        self.place = place
        self._kept = self._load()
        self._new: dict[str, list[object]] = {}
        self._changed = False

    def _load(self) -> dict[str, list[object]]:
        try:
            with open(self.place, encoding="utf-8") as stream:
                kept = json.load(stream)
            return dict(kept["files"]) if kept["edition"] == f"{VERSION} {_EDITION}" else {}
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return {}

    def of(self, paths: Sequence[str], read: Callable[[], Rows]) -> Rows:
        """Return the rows of some files, read anew where one of them has another size, time or place on disk."""
        key, stamp = "\0".join(paths), [_stamp(path) for path in paths]
        kept = self._kept.get(key)
        if isinstance(kept, list) and len(kept) == len(("stamp", "rows")) and kept[0] == stamp and _is_rows(kept[1]):
            self._new[key] = kept
            rows: Rows = kept[1]  # type: ignore[assignment]  # _is_rows looked at it
            return rows
        rows = read()
        self._new[key] = [stamp, rows]
        self._changed = True
        return rows

    def save(self) -> None:
        """Keep what was asked for, if it is not what was kept; one that cannot be written costs time only."""
        if not self._changed and len(self._new) == len(self._kept):
            return
        new = f"{self.place}.{os.getpid()}"
        try:
            os.makedirs(os.path.dirname(self.place), 0o700, exist_ok=True)
            with open(new, "w", encoding="utf-8", opener=_private) as stream:
                json.dump({"edition": f"{VERSION} {_EDITION}", "files": self._new}, stream)
            os.replace(new, self.place)
        except (OSError, ValueError):
            return


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(row, list) and len(row) > 1 and all(isinstance(cell, str) for cell in row) for row in value
    )


def _stamp(path: str) -> list[int]:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return []
    return [found.st_mtime_ns, found.st_size, found.st_ino]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
