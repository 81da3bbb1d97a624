"""The sweeper: every 15 s it wakes whoever has due work, and does the work itself where waking fails."""

from threading import Event

import psycopg
import structlog
from django.db import close_old_connections, connection
from django.utils import timezone

from paritycheck.services.drain import work_due, work_off
from paritycheck.services.jobs import take_noted
from paritycheck.services.waivers import end_due_waivers
from paritycheck.services.watch import note_process
from paritycheck.tasks.wake import publish

log = structlog.get_logger(__name__)
EVERY_S = 15
BEAT_LOCK = 7_301_001


def sweep_until(stop: Event) -> None:
    """Sweep every 15 s until `stop` is set; an error of the database waits for the next round."""
    while not stop.wait(EVERY_S):
        try:
            sweep()
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


def the_only_beat() -> psycopg.Connection[tuple[object, ...]] | None:
    """A connection of its own that holds the beat's lock as long as it lives; None where another beat holds it."""
    params = connection.get_connection_params()
    keep = {
        key: value for key, value in params.items() if key not in {"cursor_factory", "context", "prepare_threshold"}
    }
    session = psycopg.connect(**keep, autocommit=True)
    row = session.execute("SELECT pg_try_advisory_lock(%s)", [BEAT_LOCK]).fetchone()
    if row and row[0]:
        return session
    session.close()
    return None
