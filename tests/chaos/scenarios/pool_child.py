"""F2: the process of the pool that evaluates is killed, as by the kernel that has no memory left.

Its work is taken up again: at once by its successor, and where the killed ones took the pool's lock with them, by the
worker that follows the one which ends itself for it. What kills its process every time is given up after five attempts,
the operator is told, and the next news is a new beginning.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg

from tests.chaos.checks import judge, settle
from tests.chaos.database import children, libpq
from tests.chaos.scenarios.worker_killed import evaluating
from tests.chaos.shops import make_shops
from tests.chaos.stand import OPERATOR

if TYPE_CHECKING:
    from tests.chaos.outcome import Outcome
    from tests.chaos.shops import Shop
    from tests.chaos.stand import Stand

ROUNDS = 3
AGAIN_S = 60
ATTEMPTS = 5


def run(stand: Stand) -> Outcome:
    [shop] = make_shops(1, ["ann@example.com", "bo@example.com"])
    _appoint_operator()
    stand.start("beat")
    stand.ready(*stand.start("worker", "sender"))
    slowest = max(_once(stand, shop, number) for number in range(ROUNDS))
    settle(stand, [shop], 60)
    runs = _always(stand, shop)
    told = stand.until(stand.told_operator, 60)
    shop.report("staging", django="5.2.19", stripe="15.0.0")
    settle(stand, [shop], 120)
    outcome = judge(stand, "pool-child", [shop])
    outcome.note = f"taken up after {slowest:.0f} s at most; given up after {runs} runs, {told} mails to the operator"
    outcome.at_most("taken up again after", slowest, AGAIN_S, "s")
    outcome.at_most("runs of what always kills its process", runs, ATTEMPTS)
    outcome.exactly("mails to the operator of what was given up", told, 1)
    return outcome


def _appoint_operator() -> None:
    """Somebody of no project is the administrator, so that what is told to them is no project's message."""
    from paritycheck.models import User

    User.objects.update(is_superuser=False)
    User.objects.create_superuser(f"{OPERATOR}example.com", "a password of some length")


def _once(stand: Stand, shop: Shop, number: int) -> float:
    """Seconds from the kill to the next attempt."""
    with psycopg.connect(libpq(stand.url)) as holder:
        holder.execute("LOCK TABLE paritycheck_drift IN ACCESS EXCLUSIVE MODE")
        shop.report("staging", django="5.2.19", stripe=f"14.0.{number}")
        _kill_children(stand)
        began = time.monotonic()
        assert stand.until(lambda: _at_work(stand), 120), "it is not taken up again"
        holder.rollback()
    return time.monotonic() - began


def _always(stand: Stand, shop: Shop) -> int:
    """How often it ran until it was given up."""
    runs = 0
    with psycopg.connect(libpq(stand.url)) as holder:
        holder.execute("LOCK TABLE paritycheck_drift IN ACCESS EXCLUSIVE MODE")
        shop.report("staging", django="5.2.19", stripe="14.9.9")
        while runs <= ATTEMPTS and stand.until(lambda: _at_work(stand) or _dead(stand), 120) and not _dead(stand):
            _kill_children(stand)
            runs += 1
        holder.rollback()
    return runs


def _kill_children(stand: Stand) -> None:
    """`kill -9` of the processes of the pool while one of them waits in an evaluation."""
    backend = stand.until(lambda: _at_work(stand), 120)
    assert backend, "no evaluation began"
    stand.kills += 1
    for pid in children(stand.running("worker")):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert stand.until(lambda: evaluating(stand) != backend, 10), "the statement of the dead still waits"


def _at_work(stand: Stand) -> int:
    """What evaluates, where a worker that ended is started again."""
    stand.revive()
    return evaluating(stand)


def _dead(stand: Stand) -> int:
    return stand.count("SELECT count(*) FROM paritycheck_job WHERE state = 'dead'")
