"""Globs over fact names: `fnmatchcase` patterns of which the most specific wins (gaps.md).

An exact name, else the longest literal prefix before the first wildcard, else the longer pattern. Nearly all
patterns are names, `PREFIX*` or `*SUFFIX`, which are found by look-up; the rest is one regular expression of
atomic groups, so that no pattern can be made to hang.
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
    """Patterns, each with a value; immutable. Two patterns that tie are refused where policies are read; here the one
    first given wins.
    """

    __slots__ = ("_exact", "_heads", "_items", "_rest", "_rest_hits", "_tails")

    def __init__(self, items: Iterable[tuple[str, T]] = ()) -> None:
        self._items = tuple(items)
        self._exact: dict[str, Hit[T]] = {}
        heads: dict[str, Hit[T]] = {}
        tails: dict[str, Hit[T]] = {}
        rest: list[tuple[str, Hit[T]]] = []
        for pattern, value in self._items:
            hit = Hit(rank(pattern), value)
            if hit.rank.exact:
                self._exact.setdefault(pattern, hit)
            elif _WILD.search(pattern[:-1]) is None and pattern[-1] == "*":
                heads.setdefault(pattern[:-1], hit)
            elif pattern[0] == "*" and _WILD.search(pattern, 1) is None:
                tails.setdefault(pattern[1:], hit)
            else:
                rest.append((pattern, hit))
        self._heads = _by_length(heads)
        self._tails = _by_length(tails)
        rest.sort(key=lambda item: item[1].rank, reverse=True)
        self._rest_hits = tuple(hit for _, hit in rest)
        self._rest = re.compile("|".join(f"({translate(pattern)})" for pattern, _ in rest)) if rest else None

    def __iter__(self) -> Iterator[tuple[str, T]]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __bool__(self) -> bool:
        return bool(self._items)

    def find(self, name: str) -> Hit[T] | None:
        """The most specific pattern that matches, with its value."""
        if not self._items:
            return None
        exact = self._exact.get(name)
        if exact is not None:
            return exact
        best = self._head(name)
        if best is None or best.rank.prefix == 0:
            best = _better(best, self._tail(name))
        return _better(best, self._other(name))

    def _head(self, name: str) -> Hit[T] | None:
        for length, hits in self._heads:
            hit = hits.get(name[:length])
            if hit is not None and length <= len(name):
                return hit
        return None

    def _tail(self, name: str) -> Hit[T] | None:
        for length, hits in self._tails:
            hit = hits.get(name[-length:])
            if hit is not None and length <= len(name):
                return hit
        return None

    def _other(self, name: str) -> Hit[T] | None:
        if self._rest is None:
            return None
        found = self._rest.match(name)
        return self._rest_hits[found.lastindex - 1] if found is not None and found.lastindex is not None else None


def _by_length(hits: dict[str, Hit[T]]) -> tuple[tuple[int, dict[str, Hit[T]]], ...]:
    lengths: dict[int, dict[str, Hit[T]]] = {}
    for text, hit in hits.items():
        lengths.setdefault(len(text), {})[text] = hit
    return tuple(sorted(lengths.items(), key=lambda item: -item[0]))


def _better(one: Hit[T] | None, other: Hit[T] | None) -> Hit[T] | None:
    if one is None or other is None:
        return other if one is None else one
    return other if other.rank > one.rank else one


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
