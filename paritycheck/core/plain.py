"""Text of agents made harmless for mails: one line, nothing that moves a cursor, breaks a header or turns text
around.
"""

from __future__ import annotations

import unicodedata
from typing import Final

ELLIPSIS: Final = "…"
_LOOKED_AT: Final = 8
_CONTROLS: Final = frozenset({"Cc", "Cs", "Zl", "Zp", "Zs"})
"""C0 and C1, lone surrogates, U+2028 and U+2029; every kind of blank becomes an ordinary one."""
_INVISIBLE: Final = frozenset(
    "\u00ad\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)
"""Marks of direction (bidi) and characters without width: names that look alike should be alike."""


def plain(text: str, longest: int = 256) -> str:
    """`text` on one line without control, direction and invisible characters, blanks collapsed, cut in the middle
    to `longest` characters: both ends of a name tell more than its beginning alone.
    """
    if len(text) > longest * _LOOKED_AT:
        # A hostile text may be long: no more of its ends is looked at than could be shown.
        half = longest * _LOOKED_AT // 2
        text = f"{text[:half]}{ELLIPSIS}{text[-half:]}"
    line = " ".join("".join(map(_harmless, text)).split())
    if len(line) <= longest:
        return line
    head = longest * 2 // 3
    return f"{line[:head].rstrip()}{ELLIPSIS}{line[len(line) - (longest - head - 1) :].lstrip()}"


def _harmless(character: str) -> str:
    if character in _INVISIBLE:
        return ""
    return " " if unicodedata.category(character) in _CONTROLS else character
