"""The commit graph and T1, the lag between two commits: the numbers of `git rev-list --count --no-merges v..u`
and back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from paritycheck.core.bands import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping


class LagState(StrEnum):
    IN_SYNC = "in_sync"
    BEHIND = "behind"
    AHEAD = "ahead"
    DIVERGED = "diverged"


@dataclass(frozen=True, slots=True)
class CommitGraph:
    """Commits by full hash with their parents. A parent that is no key is a commit the server does not know. With
    `touching` only those commits count (the path scope); all are walked.
    """

    parents: Mapping[str, tuple[str, ...]] = field(repr=False)
    touching: frozenset[str] | None = None

    def counts(self, sha: str) -> bool:
        """Whether a commit is counted: no merge, and inside the scope."""
        return len(self.parents.get(sha, ())) <= 1 and (self.touching is None or sha in self.touching)

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


def lag(graph: CommitGraph, upstream: str | None, downstream: str | None, *, shallow: bool = False) -> Lag | Unknown:
    """T1 between what two environments run; None for one that has not deployed. Unknown where a commit that
    would decide is not known; `shallow` says that it is not to be had.
    """
    if upstream is None or downstream is None:
        return Unknown("no deploy yet")
    if upstream == downstream:
        return Lag(LagState.IN_SYNC, (), ())
    mine, my_edge = graph.reach(upstream)
    theirs, their_edge = graph.reach(downstream)
    if my_edge != their_edge:
        return Unknown("shallow" if shallow else "not-collected")
    waiting = tuple(sorted(sha for sha in mine - theirs if graph.counts(sha)))
    missing = tuple(sorted(sha for sha in theirs - mine if graph.counts(sha)))
    return Lag(_state(waiting, missing), waiting, missing)


def _state(waiting: tuple[str, ...], missing: tuple[str, ...]) -> LagState:
    if waiting and missing:
        return LagState.DIVERGED
    if waiting:
        return LagState.BEHIND
    return LagState.AHEAD if missing else LagState.IN_SYNC
