"""The order of pub's versions: https://pub.dev/documentation/pub_semver/latest/, semantic versions whose build counts.

Own comparator: `univers` puts 1.0.0+1 before 1.0.0.
"""

from __future__ import annotations

import re
from typing import Final

_VERSION: Final = re.compile(
    r"(\d{1,18})\.(\d{1,18})\.(\d{1,18})"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?",
    re.ASCII,
)
_DIGITS: Final = 18
_Parts = tuple[tuple[bool, int, str], ...]


def key(version: str) -> tuple[tuple[int, ...], bool, _Parts, _Parts] | None:
    """None for what is no semantic version."""
    found = _VERSION.fullmatch(version.strip())
    if found is None:
        return None
    return tuple(map(int, found.group(1, 2, 3))), found[4] is None, _parts(found[4]), _parts(found[5])


def _parts(text: str | None) -> _Parts:
    """Numbers by their value, before words."""
    parts = text.split(".") if text else ()
    return tuple(
        (False, int(part), "") if part.isdigit() and len(part) <= _DIGITS else (True, 0, part) for part in parts
    )
