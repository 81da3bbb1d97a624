"""Does a text look like it holds a secret? Agent and server ask the same function."""

from __future__ import annotations

# A text without any of these cannot match, and a regular expression need not be compiled for it.
_MARKS = (
    "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "AKIA", "ASIA", "xox", "k_live_",
    "k_test_", "eyJ", "-----BEGIN", "whsec_", "pca_", "pce_", "pcg_", "pcu_", "://",
)  # fmt: skip
# A prefix alone is no token: names such as `pca_tools` exist. The characters after it make one.
_LEAKS = (
    r"gh[pousr]_[0-9A-Za-z]{4}|github_pat_[0-9A-Za-z]{4}|glpat-[0-9A-Za-z_-]{8}|(?:AKIA|ASIA)[0-9A-Z]{8}"
    r"|xox[a-z]-[0-9A-Za-z]{4}|[rs]k_(?:live|test)_[0-9A-Za-z]{4}|eyJ[0-9A-Za-z_-]{8}|-----BEGIN"
    r"|whsec_[0-9A-Za-z+/]{8}|pc[aegu]_[0-9A-Za-z]{12}|://[^/?#\s]*@"
)
_PART_CHARS = 32
_PART_BITS = 4.2


def marked(text: str) -> bool:
    """Return whether anything in text can be suspected: False of a whole body spares asking for each of its strings."""
    return any(mark in text for mark in _MARKS)


def suspected(text: str, *, entropy: bool = False) -> bool:
    """Return whether text holds the prefix of a known token or a URL with credentials.

    With `entropy` (names of configuration only; it would hit 7.5 % of npm's package names) also
    `user:password@` without a scheme, and any part of 32 or more characters with digits, both cases and more
    than 4.2 bits each.
    """
    if marked(text) and _has_token(text):
        return True
    return entropy and (_has_credentials(text) or any(_random(part) for part in _parts(text)))


def _has_token(text: str) -> bool:
    import re

    return re.search(_LEAKS, text) is not None


def _has_credentials(text: str) -> bool:
    before, at, _after = text.partition("@")
    return bool(at) and ":" in before


def _parts(text: str) -> list[str]:
    if len(text) < _PART_CHARS:
        return []
    return "".join(char if char.isalnum() else " " for char in text).split()


def _random(part: str) -> bool:
    if len(part) < _PART_CHARS or part.upper() == part or part.lower() == part:
        return False
    return any(char.isdigit() for char in part) and _bits(part) > _PART_BITS


def _bits(text: str) -> float:
    """Return Shannon's entropy of the characters of text, in bits per character."""
    from math import log2

    shares = [text.count(char) / len(text) for char in set(text)]
    return -sum(share * log2(share) for share in shares)
