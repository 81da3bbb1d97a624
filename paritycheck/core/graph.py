"""The commit graph and T1, the lag between two commits: the numbers of `git rev-list --count --no-merges v..u`
and back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Final

from paritycheck.core.bands import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

_UPSTREAM: Final = 1
_DOWNSTREAM: Final = 2
_BOTH: Final = 3


class LagState(StrEnum):
    IN_SYNC = "in_sync"
    BEHIND = "behind"
    AHEAD = "ahead"
    DIVERGED = "diverged"


@dataclass(frozen=True, slots=True)
class CommitGraph:
    """Commits by full hash with their parents. A parent that is no key is a commit the server does not know. With
    `touching` only those commits count (the path scope); all are walked. Of those in `unread` nobody said whether they
    touch the scope.
    """

    parents: Mapping[str, tuple[str, ...]] = field(repr=False)
    touching: frozenset[str] | None = field(default=None, repr=False)
    unread: frozenset[str] = field(default=frozenset(), repr=False)

    def counts(self, sha: str) -> bool:
        """Whether a commit is counted: no merge, and inside the scope."""
        return len(self.parents.get(sha, ())) <= 1 and (self.touching is None or sha in self.touching)

    def undecided(self, sha: str) -> bool:
        """Whether it is not known if a commit is counted."""
        return sha in self.unread and len(self.parents.get(sha, ())) <= 1

    def reach(self, sha: str, stop: frozenset[str] | set[str] = frozenset()) -> tuple[set[str], set[str]]:
        """The known commits reachable from one, without those in `stop` and what is behind them; and the
        unknown parents met on the way.
        """
        seen: set[str] = set()
        unknown: set[str] = set()
        todo = [sha]
        while todo:
            current = todo.pop()
            if current in seen or current in stop:
                continue
            parents = self.parents.get(current)
            if parents is None:
                unknown.add(current)
                continue
            seen.add(current)
            todo.extend(parents)
        return (seen, unknown)


@dataclass(frozen=True, slots=True)
class Lag:
    """`waiting` are in upstream and not in downstream, `missing` the reverse; merges left out, sorted by hash."""

    state: LagState
    waiting: tuple[str, ...]
    missing: tuple[str, ...]


class Lags:
    """T1 between commits of one graph, each found by walking what lies between the two and no more.

    The greatest generation goes first, which is 1 more than that of any parent, and 0 of an unknown commit: so every
    commit is passed after all that it is reached from, whatever clocks say. `shallow` says that what is not known is
    not to be had.
    """

    def __init__(self, graph: CommitGraph, *, shallow: bool = False) -> None:
        self._graph = graph
        self._reason = "shallow" if shallow else "not-collected"
        self._generations = _generations(graph.parents)

    def between(self, upstream: str | None, downstream: str | None) -> Lag | Unknown:
        """What upstream has and downstream lacks, and the reverse; None for one that has not deployed. Unknown where a
        commit that would decide is not known.
        """
        if upstream is None or downstream is None:
            return Unknown("no deploy yet")
        if upstream == downstream:
            return Lag(LagState.IN_SYNC, (), ())
        sides = self._sides(upstream, downstream)
        apart = sorted(sha for sha, side in sides.items() if side != _BOTH)
        if any(sha not in self._graph.parents for sha in apart):
            return Unknown(self._reason)
        if any(self._graph.undecided(sha) for sha in apart):
            return Unknown("not-collected")
        counted = [sha for sha in apart if self._graph.counts(sha)]
        waiting = tuple(sha for sha in counted if sides[sha] == _UPSTREAM)
        missing = tuple(sha for sha in counted if sides[sha] == _DOWNSTREAM)
        return Lag(_state(waiting, missing), waiting, missing)

    def _sides(self, upstream: str, downstream: str) -> dict[str, int]:
        """From which side each commit is reached, of all that lies between them and some behind."""
        sides = {upstream: _UPSTREAM, downstream: _DOWNSTREAM}
        queue = [(-self._generations.get(sha, 0), sha) for sha in sides]
        heapify(queue)
        apart = len(queue)
        while queue and apart > 0:
            current = heappop(queue)[1]
            side = sides[current]
            apart -= side != _BOTH
            for parent in self._graph.parents.get(current, ()):
                before = sides.get(parent)
                after = side | (before or 0)
                if before is None:
                    heappush(queue, (-self._generations.get(parent, 0), parent))
                    apart += after != _BOTH
                elif before != after:
                    apart -= 1
                sides[parent] = after
        return sides


def _generations(parents: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Of commits whose parents lead round in a circle, which git has none of and an agent may send, a guess."""
    children: defaultdict[str, list[str]] = defaultdict(list)
    waits: Counter[str] = Counter()
    for sha, above in parents.items():
        for parent in set(above) & parents.keys():
            children[parent].append(sha)
            waits[sha] += 1
    found = {sha: 1 for sha in parents if not waits[sha]}
    ready = list(found)
    while ready:
        parent = ready.pop()
        for child in children[parent]:
            waits[child] -= 1
            found[child] = max(found.get(child, 0), found[parent] + 1)
            if not waits[child]:
                ready.append(child)
    return found


def lag(graph: CommitGraph, upstream: str | None, downstream: str | None, *, shallow: bool = False) -> Lag | Unknown:
    """T1 between what two environments run (`Lags.between`)."""
    return Lags(graph, shallow=shallow).between(upstream, downstream)


def _state(waiting: tuple[str, ...], missing: tuple[str, ...]) -> LagState:
    if waiting and missing:
        return LagState.DIVERGED
    if waiting:
        return LagState.BEHIND
    return LagState.AHEAD if missing else LagState.IN_SYNC
