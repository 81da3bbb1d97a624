"""The order of Composer's versions: https://getcomposer.org/doc/articles/versions.md, compared as PHP does.

Own comparator: `univers` puts beta2 behind RC1, and a patch before what it patches.
"""

from __future__ import annotations

import re
from typing import Final

_VERSION: Final = re.compile(
    r"v?(\d{1,9}(?:\.\d{1,9}){0,3})"
    r"(?:[._-]?(stable|beta|b|rc|alpha|a|patch|pl|p)((?:[.-]?\d{1,9}){0,4}))?([.-]?dev)?(?:\+.*)?",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_PARTS: Final = 4
_DEV, _STABLE = 0, 4
_RANKS: Final = {"alpha": 1, "a": 1, "beta": 2, "b": 2, "rc": 3, "stable": _STABLE, "patch": 5, "pl": 5, "p": 5}


def key(version: str) -> tuple[tuple[int, ...], int, tuple[int, ...], int] | None:
    """None for a branch (`dev-main`, `2.x-dev`), which has no order."""
    found = _VERSION.fullmatch(version.strip())
    if found is None:
        return None
    numbers = tuple(map(int, found[1].split(".")))
    rank = _RANKS[found[2].lower()] if found[2] else _STABLE
    counted = tuple(map(int, re.findall(r"\d+", found[3] or "")))
    if found[4] and not found[2]:
        rank = _DEV
    return numbers + (0,) * (_PARTS - len(numbers)), rank, counted, 0 if found[4] else 1
