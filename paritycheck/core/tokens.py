"""The form of a token (threats.md 2.4): `pc<k>_<id:12>_<secret:32><crc:6>` in base62.

The last six characters are the CRC32 of everything before them, so that a mistyped token is told from an unknown one
without asking the database. Randomness is the caller's: `make("report", secrets.randbelow)`.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS: Final = {"report": "a", "gate": "g", "enroll": "e", "personal": "u"}
"""What a token is for, and the letter that says so."""
PATTERN: Final = re.compile(r"\bpc[aegu]_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}\b", re.ASCII)
"""Finds tokens in a text; published for secret scanners."""
LENGTH: Final = 55
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE: Final = len(_ALPHABET)
_ID, _SECRET, _CRC = 12, 32, 6
_WORDS: Final = {letter: kind for kind, letter in KINDS.items()}


def make(kind: str, random: Callable[[int], int]) -> str:
    """A new token of a kind of KINDS. `random(n)` gives an unpredictable integer below n."""
    head = f"pc{KINDS[kind]}_{_text(_ID, random)}_{_text(_SECRET, random)}"
    return head + _checksum(head)


def well_formed(text: str) -> bool:
    """Whether the text is a token by length, form and checksum: says nothing of whether it was ever issued."""
    if len(text) != LENGTH or PATTERN.fullmatch(text) is None:
        return False
    return text[-_CRC:] == _checksum(text[:-_CRC])


def token_id(text: str) -> str:
    """The public part of a well-formed token: 12 characters."""
    return text[4 : 4 + _ID]


def token_kind(text: str) -> str:
    """What a well-formed token is for: report, gate, enroll or personal."""
    return _WORDS[text[2]]


def token_digest(text: str) -> str:
    """What is stored of a token: the sha256 of the whole, 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _text(length: int, random: Callable[[int], int]) -> str:
    return "".join(_ALPHABET[random(_BASE)] for _ in range(length))


def _checksum(head: str) -> str:
    """CRC32 in six base62 characters, most significant first, padded with `0` (62^6 > 2^32)."""
    number = zlib.crc32(head.encode())
    digits = []
    for _ in range(_CRC):
        number, digit = divmod(number, _BASE)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
