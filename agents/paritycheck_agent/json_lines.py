"""Where the keys of a JSON text stand."""

from __future__ import annotations

import json

# A bound on odd files: each miss reads to the end of the text.
_MISSES = 20


class KeyLines:
    """Finds the line of each key, asked for in the order of the text: one pass in all."""

    def __init__(self, written: str, start: str) -> None:
        self.written = written
        self.at = max(0, written.find(f'"{start}"'))
        self.line = 1 + written.count("\n", 0, self.at)
        self.misses = 0

    def of(self, key: str) -> int:
        """Return the line where key opens an object behind the last one found; 0 where it does not."""
        quoted, at = json.dumps(key, ensure_ascii=False), self.at
        while self.misses < _MISSES and (at := self.written.find(quoted, at + 1)) >= 0:
            behind = self.written[at + len(quoted) : at + len(quoted) + 9].split()
            if "".join(behind)[:2] == ":{":
                self.line += self.written.count("\n", self.at, at)
                self.at = at
                return self.line
        self.misses += 1
        return 0
