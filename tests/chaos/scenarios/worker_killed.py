"""F1: a worker is killed in the middle of an evaluation. Nothing is lost, nothing doubled, and it is done soon."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psycopg

from tests.chaos.checks import judge, settle
from tests.chaos.database import libpq
from tests.chaos.shops import make_shops

if TYPE_CHECKING:
    from tests.chaos.outcome import Outcome
    from tests.chaos.stand import Stand

ROUNDS = 4
LOCK_CLASS = 7_301
"""Of the advisory lock under which an environment is evaluated (services/evaluate.py)."""
DONE_S = 20
"""From the moment that a worker is there again."""


def run(stand: Stand) -> Outcome:
    [shop] = make_shops(1, ["ann@example.com", "bo@example.com"])
    [worker] = stand.ready(*stand.start("worker"))
    stand.ready(*stand.start("sender"))
    stand.start("beat")
    slowest = 0.0
    packages = {"django": "5.2.19"}
    for number in range(ROUNDS):
        with psycopg.connect(libpq(stand.url)) as holder:
            holder.execute("LOCK TABLE paritycheck_drift IN ACCESS EXCLUSIVE MODE")
            packages[f"only-{number}"] = "1.0"
            shop.report("staging", **packages)
            assert stand.until(lambda: evaluating(stand), 30), "no evaluation began"
            stand.kill(worker)
            assert stand.until(lambda: not evaluating(stand), 10), "the statement of the dead still waits"
            holder.rollback()
        [worker] = stand.ready(*stand.start("worker"))
        began = time.monotonic()
        stand.until(lambda number=number: _opened(stand) >= number + 2, 60)  # type: ignore[misc]  # a default argument
        slowest = max(slowest, time.monotonic() - began)
    settle(stand, [shop], 120)
    outcome = judge(stand, "worker-killed", [shop])
    outcome.note = f"done at most {slowest:.0f} s after a worker was back"
    drifts, events = _opened(stand), stand.count("SELECT count(*) FROM paritycheck_driftevent WHERE kind = 'opened'")
    if drifts != ROUNDS + 1 or events != drifts:
        outcome.problems.append(f"{drifts} drifts and {events} events for {ROUNDS + 1} differences")
    outcome.at_most("done after a worker was back", slowest, DONE_S, "s")
    return outcome


def evaluating(stand: Stand) -> int:
    """PostgreSQL's process of an evaluation that waits for the table which the scenario holds; 0 where none does."""
    return stand.count(
        "SELECT coalesce(max(w.pid), 0) FROM pg_locks w JOIN pg_locks alone ON alone.pid = w.pid"
        " WHERE NOT w.granted AND w.relation = 'paritycheck_drift'::regclass AND alone.granted"
        " AND alone.locktype = 'advisory' AND alone.classid = %s"
        " AND w.database = (SELECT oid FROM pg_database WHERE datname = current_database())", LOCK_CLASS,
    )  # fmt: skip


def _opened(stand: Stand) -> int:
    return stand.count("SELECT count(*) FROM paritycheck_drift WHERE state = 'open'")
