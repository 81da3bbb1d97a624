"""Ends a worker to which nothing comes any more, so that whoever keeps it running starts a new one.

A connection to the broker can die without a word, at a firewall that forgot it or in a client that lost its place. The
worker then waits for ever, its process lives, and wake-ups that others send with success are never taken.
"""

import os
import time
from datetime import timedelta
from threading import Event, Thread
from typing import Final

import structlog
from celery import current_app
from celery.worker import state
from django.db import connections

from paritycheck.services.watch import seen_within

log = structlog.get_logger(__name__)
EVERY_S: Final = 5
SILENT_S: Final = 120
"""Beat sends each kind of process a sign of life every 30 s, so four in a row did not come."""
CONNECT_S: Final = 4
EX_SOFTWARE: Final = 70
_never = Event()


class Heard:
    """What a worker has taken, and since when it is no more. `now` is of a clock that only goes on."""

    def __init__(self, now: float) -> None:
        self._taken, self._since = 0, now

    def silent(self, taken: int, now: float) -> bool:
        """Whether nothing was taken for SILENT_S; `taken` counts all that ever was."""
        if taken != self._taken:
            self._taken, self._since = taken, now
        return now - self._since >= SILENT_S


def start_watch(name: str) -> None:
    """Look every five seconds, in a thread of a worker's own process; `name` is "worker" or "sender".

    It asks the database and the broker only where nothing has come for two minutes, and so at a time in which no
    process of a pool is forked.
    """
    Thread(target=_watch, args=[name], name="deaf", daemon=True).start()


def _watch(name: str) -> None:
    heard = Heard(time.monotonic())
    while not _never.wait(EVERY_S):
        if heard.silent(state.all_total_count[0], time.monotonic()) and is_deaf(name):
            log.critical("nothing comes from the broker any more, this worker ends", process=name)
            os._exit(EX_SOFTWARE)


def is_deaf(name: str) -> bool:
    """Whether signs of life are sent and none of this kind comes back, though a new connection to the broker works."""
    try:
        lately = timedelta(seconds=SILENT_S)
        return seen_within(name="beat", span=lately) and not seen_within(name=name, span=lately) and _broker_answers()
    except Exception as error:  # noqa: BLE001  who does not answer is no reason to end: next time
        log.warning("cannot tell whether this worker is deaf", error=type(error).__name__)
        return False
    finally:
        connections.close_all()


def _broker_answers() -> bool:
    with current_app.connection_for_read(connect_timeout=CONNECT_S) as connection:
        connection.ensure_connection(max_retries=1, timeout=CONNECT_S)
        return bool(connection.connected)
