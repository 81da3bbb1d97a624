"""When a pool counts as one that has stopped working."""

from __future__ import annotations

from paritycheck.tasks.stuck import OVERTIME_S, UNBEGUN_S, Held

LIMIT_S = 60


def test_a_task_that_never_begins_is_stuck_and_one_that_runs_for_as_long_as_it_may_is_not() -> None:
    held = Held(LIMIT_S)
    both = [("waits", False), ("runs", True)]
    assert held.stuck(both, 1000) == []
    assert held.stuck(both, 1000 + UNBEGUN_S) == []
    assert held.stuck(both, 1001 + UNBEGUN_S) == ["waits"]
    assert held.stuck([("runs", True)], 1000 + LIMIT_S + OVERTIME_S) == []
    assert held.stuck([("runs", True)], 1001 + LIMIT_S + OVERTIME_S) == ["runs"]


def test_what_comes_again_is_held_anew() -> None:
    held = Held(LIMIT_S)
    assert held.stuck([("one", False)], 0) == []
    assert held.stuck([], 20) == []
    assert held.stuck([("one", False)], 40) == []
    assert held.stuck([("one", False)], 40 + UNBEGUN_S) == []
