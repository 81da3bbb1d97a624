"""Names that are looked for by a part of them: which are found, in which order, and what was meant where none is.

Time is linear in the names and in the text, whatever either holds.
"""

from __future__ import annotations

from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_TEXT: Final = 100
MAX_WORDS: Final = 6
_SEPARATORS: Final = "/.:_-@ "
_CLOSE: Final = 0.6
_LENGTHS: Final = range(3, 41)
"""Letters of a word that can be mistyped and still be known."""
_COMPARED: Final = 30
"""Candidates that share most letters are compared in order, which costs most."""


def words_of(text: str) -> tuple[str, ...]:
    """What to look for: each has to stand somewhere. No name holds a NUL, and PostgreSQL takes none."""
    return tuple(text[:MAX_TEXT].replace("\0", "\ufffd").casefold().split()[:MAX_WORDS])


def place_of(words: tuple[str, ...], name: str) -> int | None:
    """How well a casefolded name is meant, 0 best; None where a word does not stand in it. 0 the name itself, 1 its
    beginning, 2 the beginning of a part of it, 3 anywhere.
    """
    if not all(word in name for word in words):
        return None
    if not words:
        return 3
    first = words[0]
    if name == first:
        return 0
    at = name.find(first)
    if at == 0:
        return 1
    while at > 0:
        if name[at - 1] in _SEPARATORS:
            return 2
        at = name.find(first, at + 1)
    return 3


def pieces_of(names: Iterable[str]) -> frozenset[str]:
    """The words that names are made of, casefolded, of three letters or more."""
    table = str.maketrans(dict.fromkeys(_SEPARATORS, " "))
    found: set[str] = set()
    for name in names:
        found.update(name.casefold().translate(table).split())
    return frozenset(piece for piece in found if len(piece) in _LENGTHS)


def nearest(text: str, pieces: Iterable[str]) -> str:
    """The piece that a mistyped text most likely meant: `redsi` is `redis`; empty where nothing is near."""
    wanted = text.casefold().strip()
    if len(wanted) not in _LENGTHS:
        return ""
    letters, slack = Counter(wanted), 1 + len(wanted) // 4
    shared = [
        (sum((letters & Counter(piece)).values()) * 2 / (len(wanted) + len(piece)), piece)
        for piece in pieces
        if abs(len(piece) - len(wanted)) <= slack
    ]
    best = sorted(shared, key=lambda each: (-each[0], each[1]))[:_COMPARED]
    ranked = [(SequenceMatcher(None, wanted, piece).ratio(), share, piece) for share, piece in best if share >= _CLOSE]
    ratio, _, piece = min(ranked, key=lambda each: (-each[0], -each[1], each[2]), default=(0.0, 0.0, ""))
    return piece if ratio >= _CLOSE else ""
