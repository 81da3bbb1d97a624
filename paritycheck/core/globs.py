"""Globs over fact names: `fnmatchcase` patterns of which the most specific wins (gaps.md).

An exact name, else the longest literal prefix before the first wildcard, else the longer pattern. So patterns
are kept by their prefix, and nearly all of them end `*`, `*SUFFIX` or `*PART*`, which needs no regular
expression; the others are one of atomic groups, so that no pattern can be made to hang.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase, translate
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")

MAX_PATTERNS: Final = 200
MAX_LENGTH: Final = 256
_WILD: Final = re.compile(r"[*?\[]")
_TOKEN: Final = re.compile(r"\[!?\]?[^\]]*\]|.", re.DOTALL)


class Rank(NamedTuple):
    """How specific a pattern is; greater wins."""

    exact: bool
    prefix: int
    length: int


class Hit(NamedTuple, Generic[T]):
    rank: Rank
    value: T


def rank(pattern: str) -> Rank:
    wild = _WILD.search(pattern)
    return Rank(wild is None, wild.start() if wild else len(pattern), len(pattern))


class Globs(Generic[T]):
    """Patterns, each with a value; immutable. Two patterns that tie are refused where policies are read; here the
    one first given wins.
    """

    __slots__ = ("_buckets", "_exact", "_items")

    def __init__(self, items: Iterable[tuple[str, T]] = ()) -> None:
        self._items = tuple(items)
        self._exact: dict[str, Hit[T]] = {}
        lengths: dict[int, dict[str, list[tuple[str, Hit[T]]]]] = {}
        for pattern, value in self._items:
            hit = Hit(rank(pattern), value)
            if hit.rank.exact:
                self._exact.setdefault(pattern, hit)
            else:
                at = hit.rank.prefix
                lengths.setdefault(at, {}).setdefault(pattern[:at], []).append((pattern[at:], hit))
        self._buckets = tuple(
            (length, {prefix: _Bucket(found) for prefix, found in lengths[length].items()})
            for length in sorted(lengths, reverse=True)
        )

    def __iter__(self) -> Iterator[tuple[str, T]]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def find(self, name: str) -> Hit[T] | None:
        """The most specific pattern that matches, with its value."""
        exact = self._exact.get(name)
        if exact is not None:
            return exact
        for length, buckets in self._buckets:
            bucket = buckets.get(name[:length])
            if bucket is not None and len(name) >= length:
                hit = bucket.find(name[length:])
                if hit is not None:
                    return hit
        return None


class _Bucket(Generic[T]):
    """What follows one literal prefix: all patterns here are as specific as they are long."""

    __slots__ = ("_parts", "_rest", "_rest_hits", "_tails")

    def __init__(self, found: list[tuple[str, Hit[T]]]) -> None:
        tails: dict[int, dict[str, Hit[T]]] = {}
        parts: list[tuple[str, Hit[T]]] = []
        rest: list[tuple[str, Hit[T]]] = []
        for pattern, hit in sorted(found, key=lambda item: -item[1].rank.length):
            if pattern[0] == "*" and _WILD.search(pattern, 1) is None:
                tails.setdefault(len(pattern) - 1, {}).setdefault(pattern[1:], hit)
            elif pattern[0] == pattern[-1] == "*" and _WILD.search(pattern[1:-1]) is None:
                parts.append((pattern[1:-1], hit))
            else:
                rest.append((pattern, hit))
        self._tails = tuple(sorted(tails.items(), reverse=True))
        self._parts = tuple(parts)
        self._rest_hits = tuple(hit for _, hit in rest)
        self._rest = re.compile("|".join(f"({translate(pattern)})" for pattern, _ in rest)) if rest else None

    def find(self, text: str) -> Hit[T] | None:
        """The longest pattern that matches what follows the prefix."""
        hit = _longer(self._tail(text), self._part(text))
        found = self._rest.match(text) if self._rest is not None else None
        return hit if found is None or found.lastindex is None else _longer(hit, self._rest_hits[found.lastindex - 1])

    def _tail(self, text: str) -> Hit[T] | None:
        size = len(text)
        for length, hits in self._tails:
            hit = hits.get(text[size - length :]) if length <= size else None
            if hit is not None:
                return hit
        return None

    def _part(self, text: str) -> Hit[T] | None:
        for part, hit in self._parts:
            if part in text:
                return hit
        return None


def _longer(one: Hit[T] | None, other: Hit[T] | None) -> Hit[T] | None:
    if one is None or other is None:
        return other if one is None else one
    return other if other.rank.length > one.rank.length else one


def tie(one: str, other: str) -> bool:
    """Whether two different patterns are equally specific and some name may match both. Errs towards a tie only
    where one of them holds a `*` and the other just `?` or `[...]`.
    """
    first, second = rank(one), rank(other)
    if first != second or first.exact or one[: first.prefix] != other[: second.prefix]:
        return False
    ends = (_literal_end(one), _literal_end(other))
    if not (ends[0].endswith(ends[1]) or ends[1].endswith(ends[0])):
        return False
    if "*" in one or "*" in other:
        return True
    return _same_shape(_TOKEN.findall(one), _TOKEN.findall(other))


def _literal_end(pattern: str) -> str:
    for index in range(len(pattern) - 1, -1, -1):
        if pattern[index] in "*?]":
            return pattern[index + 1 :]
    return pattern


def _same_shape(one: list[str], other: list[str]) -> bool:
    return len(one) == len(other) and all(map(_meet, one, other))


def _meet(one: str, other: str) -> bool:
    if len(one) == 1 and one != "?":
        return fnmatchcase(one, other)
    return len(other) > 1 or other == "?" or fnmatchcase(other, one)
