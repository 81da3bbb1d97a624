"""Since which move of which side a drift holds, found in both sides' histories.

Whether an expectation holds is not monotone in time (versions go up and down), so half of the history says nothing
about the other half: the moves are judged one by one from the newest back, as far as the first at which it held.
Snapshots between which the section did not change are one state and are judged once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

MOST_JUDGED: Final = 60


@dataclass(frozen=True, slots=True)
class State:
    """What one side was from `at` on: snapshot `number` began it. Equal keys are equal facts."""

    number: int
    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Parting:
    """The move since which it holds: `moved` is left or right, `state` what it moved to, `before` what both sides were.

    `exact` is False where the evidence ends there: the history begins, the state before is unknown, or more moves than
    are judged at once; then it holds since that move at least, and `before` is None.
    """

    moved: str
    state: State
    before: tuple[State, State] | None
    exact: bool
    judged: int


def parting(
    left: Sequence[State],
    right: Sequence[State],
    drifts: Callable[[State, State], bool | None],
    *,
    most: int = MOST_JUDGED,
) -> Parting | None:
    """`left` and `right` are newest first, their newest states being those between which it drifts now; None where
    there is no history. `drifts` says whether it did between two states, None where that is unknown.
    """
    sides = (_runs(left), _runs(right))
    if not sides[0] or not sides[1]:
        return None
    at, judged = [0, 0], 0
    while True:
        movers = _latest(sides, at)
        moved, state = ("left", "right")[movers[0]], sides[movers[0]][at[movers[0]]]
        if judged >= most or any(at[mover] + 1 >= len(sides[mover]) for mover in movers):
            return Parting(moved, state, None, exact=False, judged=judged)
        for mover in movers:
            at[mover] += 1
        before = sides[0][at[0]], sides[1][at[1]]
        found, judged = drifts(*before), judged + 1
        if not found:
            known = found is False
            return Parting(moved, state, before if known else None, exact=known, judged=judged)


def _runs(states: Sequence[State]) -> list[State]:
    """Each run of equal keys as the state that began it."""
    runs: list[State] = []
    for state in states:
        if runs and runs[-1].key == state.key:
            runs[-1] = state
        else:
            runs.append(state)
    return runs


def _latest(sides: tuple[list[State], list[State]], at: list[int]) -> list[int]:
    """Whose present state began last: both where they moved at one moment, for in between there was nothing."""
    began = [side[place].at for side, place in zip(sides, at, strict=True)]
    return [side for side in (1, 0) if began[side] == max(began)]
