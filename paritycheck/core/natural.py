"""Names in the order in which people count: lib-2 before lib-10."""

from __future__ import annotations

import re
from typing import Final

_DIGITS: Final = re.compile(r"([0-9]+)")
Key = tuple[tuple[str | tuple[int, str], ...], str]


def natural(name: str) -> Key:
    """A key to sort by, no two names having one; numbers of any length compare by value, without being converted."""
    parts = _DIGITS.split(name)
    return tuple(_number(part) if at % 2 else part for at, part in enumerate(parts)), name


def _number(digits: str) -> tuple[int, str]:
    """Of two numbers without leading noughts the longer one is greater."""
    bare = digits.lstrip("0")
    return len(bare), bare
