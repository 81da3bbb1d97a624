"""The sweeper: every 15 s it wakes whoever has due work, and does the work itself where waking fails."""

import os
import signal
from threading import Event

import structlog
from django.db import close_old_connections, connection
from django.utils import timezone

from paritycheck.services.drain import work_due, work_off
from paritycheck.services.jobs import take_noted
from paritycheck.services.operators import tell_of_silence
from paritycheck.services.waivers import end_due_waivers
from paritycheck.services.watch import note_process
from paritycheck.tasks.holding import Hold
from paritycheck.tasks.periods import catch_up
from paritycheck.tasks.wake import publish

log = structlog.get_logger(__name__)
EVERY_S = 15


def sweep_until(stop: Event, hold: Hold) -> None:
    """Sweep every 15 s until `stop` is set; an error of the database waits for the next round.

    A beat that finds its lock with another one ends itself: its supervisor starts it, and it waits for its turn.
    """
    while not stop.wait(EVERY_S):
        if not hold.is_kept():
            log.error("another beat has the lock, this one ends")
            os.kill(os.getpid(), signal.SIGTERM)
            return
        try:
            sweep()
            catch_up()
            tell_of_silence(names=("worker", "sender"))
        except Exception:
            log.exception("sweep failed")
            connection.close()


def sweep() -> None:
    """One round."""
    close_old_connections()
    note_process(name="beat")
    end_due_waivers(now=timezone.now())
    take_noted()
    wakes = work_due()
    if wakes and not publish(wakes):
        work_off(wakes)
        publish(take_noted())
