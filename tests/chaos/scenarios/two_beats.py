"""F21: two beats at once. One works, the other waits; it takes over when the first loses the lock or its life."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.chaos.checks import judge, settle
from tests.chaos.shops import make_shops

if TYPE_CHECKING:
    from tests.chaos.outcome import Outcome
    from tests.chaos.stand import Stand

TAKEN_OVER_S = 30
TOGETHER_S = 40
LOCK = 7_301_001


def run(stand: Stand) -> Outcome:
    shops = make_shops(2, ["ann@example.com", "bo@example.com"])
    stand.ready(*stand.start("worker", "sender"))
    beats = stand.start("beat", "beat")
    assert stand.until(lambda: len(_working(stand, beats)) == 1, 60), "no beat works"
    stand.until(lambda: False, TOGETHER_S)
    problems = [] if len(_working(stand, beats)) == 1 else ["both beats worked"]
    shops[0].report("staging", django="5.2.19", stripe="14.0.1")
    # The connection that holds the lock ends; the beat that had it takes it again, or lets the other one have it.
    stand.kills += 1
    stand.sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s", LOCK)
    held_again = _until_held(stand)
    beats = [pid for pid in beats if stand.alive(pid)]
    [first] = _working(stand, beats)[:1] or beats[:1]
    stand.kill(first)
    taken_over = _until_held(stand)
    shops[1].report("staging", django="5.2.19", stripe="14.0.1")
    settle(stand, shops, 120)
    outcome = judge(stand, "two-beats", shops)
    outcome.note = f"lock held again after {held_again:.0f} s, taken over after {taken_over:.0f} s"
    outcome.problems += problems
    outcome.at_most("nobody had the lock for", max(held_again, taken_over), TAKEN_OVER_S, "s")
    twice = stand.sql("SELECT task FROM paritycheck_periodrun GROUP BY task, period_start HAVING count(*) > 1")
    outcome.holds("tasks that ran twice in a period", [f"{row[0]} ran twice in a period" for row in twice])
    return outcome


def _working(stand: Stand, beats: list[int]) -> list[int]:
    """The beats that have sent something."""
    return [pid for pid in beats if "Scheduler: Sending" in stand.log_of(pid)]


def _until_held(stand: Stand) -> float:
    began = time.monotonic()
    statement = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND granted"
    stand.until(lambda: stand.count(statement, LOCK), 2 * TAKEN_OVER_S)
    return time.monotonic() - began
