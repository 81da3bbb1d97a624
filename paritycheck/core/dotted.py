"""Versions of services, runtimes and systems: dotted numbers, read as each engine counts.

Own comparator: `univers`' generic one is lexical (7.2.4 > 7.10.0).
"""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import Final, NamedTuple

MAJOR: Final = 3
MINOR: Final = 2
PATCH: Final = 1
_PLAIN: Final = (MAJOR, MINOR, PATCH)
_SERIES: Final = (MAJOR, MAJOR, PATCH)
_BEFORE_TEN: Final = (MAJOR, MAJOR, MINOR)
_POSTGRES_TWO_PARTS: Final = 10
_VERSION: Final = re.compile(r"[vV]?(\d{1,18}(?:\.\d{1,18}){0,15})(.*)", re.ASCII | re.DOTALL)
_BUILD: Final = re.compile(r"[-+](\d{1,18}(?:\.\d{1,18}){0,3})", re.ASCII)
_PRE: Final = re.compile(
    r"[-._~]?(a|alpha|b|beta|m|milestone|dev|pre|preview|rc|snapshot)[-._]?(\d{0,9})", re.ASCII | re.IGNORECASE
)
_PRE_WORDS: Final = {"a": "alpha", "b": "beta", "m": "milestone", "pre": "preview"}


class Dotted(NamedTuple):
    """`pre` marks a pre-release; `rest` is a suffix that has no order, such as a build's name."""

    numbers: tuple[int, ...]
    pre: tuple[str, int] | None
    rest: str


def parse(text: str) -> Dotted | None:
    """None where the text does not start with a number."""
    found = _VERSION.fullmatch(text.strip())
    if found is None:
        return None
    numbers = tuple(map(int, found[1].split(".")))
    rest = found[2]
    if (build := _BUILD.match(rest)) is not None:
        numbers += tuple(map(int, build[1].split(".")))
        rest = rest[build.end() :]
    if (pre := _PRE.fullmatch(rest)) is not None:
        word = pre[1].lower()
        return Dotted(numbers, (_PRE_WORDS.get(word, word), int(pre[2] or 0)), "")
    return Dotted(numbers, None, rest)


def levels(kind: str, first: int) -> tuple[int, ...]:
    """The distance that a difference at each position means. PostgreSQL counts its major in one number from 10 on, in
    two before (postgresql.org/support/versioning); MySQL and MariaDB release series are two numbers: 8.0 to 8.4 is a
    major upgrade.
    """
    if kind == "postgresql":
        return _PLAIN if first >= _POSTGRES_TWO_PARTS else _BEFORE_TEN
    return _SERIES if kind in {"mysql", "mariadb"} else _PLAIN


def gap(kind: str, left: str, right: str, *, exact: bool = False) -> int | None:
    """Distance 0 to 3; None where the two cannot be ordered. The side that states fewer numbers, or no suffix,
    is compared at its own precision (`16` equals `16.9`), unless both are `exact`.
    """
    one, other = parse(left), parse(right)
    if one is None or other is None:
        return None
    at = _parting(one.numbers, other.numbers, exact=exact)
    if at is not None:
        steps = levels(kind, min(one.numbers[0], other.numbers[0]))
        return steps[at] if at < len(steps) else PATCH
    if one.pre != other.pre:
        return PATCH
    if one.rest == other.rest or (not exact and not (one.rest and other.rest)):
        return 0
    return None


def _parting(one: tuple[int, ...], other: tuple[int, ...], *, exact: bool) -> int | None:
    """The first position that differs; missing numbers are 0 where the versions are exact."""
    pairs = zip_longest(one, other, fillvalue=0) if exact else zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), None)
