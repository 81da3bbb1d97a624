"""The sweeper: every 15 s it wakes whoever has due work, and does the work itself where waking fails."""

import os
import signal
import time
from threading import Event

import structlog
from django.db import close_old_connections, connection

from paritycheck.selectors import clock
from paritycheck.services.drain import work_due, work_off
from paritycheck.services.jobs import take_noted
from paritycheck.services.operators import tell_of_dead_jobs, tell_of_silence
from paritycheck.services.revocations import write_missing
from paritycheck.services.waivers import end_due_waivers
from paritycheck.services.watch import note_process
from paritycheck.tasks.holding import Hold
from paritycheck.tasks.periods import catch_up
from paritycheck.tasks.wake import publish

log = structlog.get_logger(__name__)
EVERY_S = 15
SET_S = 60
ALONE_S, ALONE_FOR_S = 3, 60
"""Between rounds while the broker is away, and for a minute after: a report is three rounds from its message."""


def sweep_until(stop: Event, hold: Hold) -> None:
    """Sweep every 15 s until `stop` is set; an error of the database waits for the next round.

    A beat that finds its lock with another one ends itself: its supervisor starts it, and it waits for its turn. So
    does one whose clock was set back: its schedule would wait until the clock is where it was.
    """
    alone_until, kept, clock_ahead = 0.0, 0, _ahead()
    while not stop.wait(ALONE_S if time.monotonic() < alone_until else EVERY_S):
        if not hold.is_kept():
            log.error("another beat has the lock, this one ends")
            os.kill(os.getpid(), signal.SIGTERM)
            return
        if abs(_ahead() - clock_ahead) > SET_S:
            log.error("the clock was set, this beat begins anew", by_s=round(_ahead() - clock_ahead))
            os.kill(os.getpid(), signal.SIGTERM)
            return
        try:
            if not sweep():
                alone_until = time.monotonic() + ALONE_FOR_S
            catch_up()
            tell_of_silence(names=("worker", "sender"))
            tell_of_dead_jobs()
            kept = write_missing(after=kept)
        except Exception:
            log.exception("sweep failed")
            connection.close()


def _ahead() -> float:
    """By how much the clock on the wall is ahead of the one that only goes on: it changes where somebody sets it."""
    return time.time() - time.monotonic()


def sweep() -> bool:
    """One round; whether the broker took what there was to send."""
    close_old_connections()
    note_process(name="beat")
    end_due_waivers(now=clock.now())
    take_noted()
    wakes = work_due()
    if publish(wakes):
        return True
    work_off(wakes)
    publish(take_noted())
    return False
