"""What each deploy carried: C_x = reach(c_x) minus reach(what ran before), merges left out (gaps.md, Personnel)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paritycheck.core.graph import CommitGraph

Carried = frozenset[str] | None
"""The commits of a deploy by hash; None where nobody knows."""


def change_sets(graph: CommitGraph, commits: Sequence[str]) -> list[Carried]:
    """What each of these deploys of one environment carried, by the commits they ran, oldest first.

    Unknown for the first, before which nobody knows what ran; and where the server lacks commits that would decide,
    by the rule of T1: both sides end at the same unknown commits.
    """
    found: list[Carried] = []
    reached: set[str] = set()
    edge: set[str] = set()
    before: str | None = None
    for commit in commits:
        walked, met = graph.reach(commit, reached)
        if before is not None and _follows(graph, commit, walked, before):
            known = met <= edge
            reached, edge = reached | walked, edge | met
        else:
            whole, ends = graph.reach(commit)
            walked, known = whole - reached, before is not None and ends == edge
            reached, edge = whole, ends
        known = known and bool(commit) and bool(before)
        found.append(frozenset(sha for sha in walked if graph.counts(sha)) if known else None)
        before = commit
    return found


def _follows(graph: CommitGraph, commit: str, walked: set[str], before: str) -> bool:
    """Whether what ran before is an ancestor: then all that it reached need not be walked again."""
    return commit == before or any(before in graph.parents.get(sha, ()) for sha in walked)
