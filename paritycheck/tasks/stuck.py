"""Ends a worker whose pool has stopped working, so that whoever keeps it running starts a new one.

A child that is killed while it waits for its next task, by a kernel that has no memory left, can take the pool's lock
with it. Celery replaces the child and hands it tasks, and nothing runs any more although every process lives.
"""

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from threading import Event, Thread
from typing import Any

import structlog
from celery.worker import state
from django.conf import settings

log = structlog.get_logger(__name__)
EVERY_S = 5
UNBEGUN_S = 30
"""A worker takes no more tasks than its pool has hands (prefetch 1), so each begins at once."""
OVERTIME_S = 30
"""Beyond the limit at which the pool kills its child."""
EX_SOFTWARE = 70
_never = Event()


class Held:
    """What the pool was given, and since when. `limit_s` is how long a task may run."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._since: dict[str, float] = {}

    def stuck(self, tasks: Iterable[tuple[str, bool]], now: float) -> list[str]:
        """Of the tasks the pool holds now, as (id, whether it began), those it holds too long. Called every few
        seconds; `now` is of a clock that only goes on.
        """
        held = list(tasks)
        self._since = {ident: self._since.get(ident, now) for ident, _ in held}
        longest = {True: self._limit_s + OVERTIME_S, False: UNBEGUN_S}
        return [ident for ident, began in held if now - self._since[ident] > longest[began]]


def start_watch(pool: Any) -> None:
    """Look at Celery's `pool` every five seconds, in a thread of the worker's own process."""
    Thread(target=_watch, args=[pool], name="stuck", daemon=True).start()


def _watch(pool: Any) -> None:
    held = Held(settings.CELERY_TASK_TIME_LIMIT)
    while not _never.wait(EVERY_S):
        with suppress(RuntimeError):  # the worker took a task while it was looked at: next time
            tasks = [(request.id, request.time_start is not None) for request in state.reserved_requests]
            if stuck := held.stuck(tasks, time.monotonic()):
                _end(pool, stuck)


def _end(pool: Any, stuck: list[str]) -> None:
    """No goodbye: that would wait for the same lock. The tasks are rows, and their messages come again."""
    log.critical("the pool has stopped working, this worker ends", tasks=stuck)
    for pid in (pool.info or {}).get("processes", ()):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    os._exit(EX_SOFTWARE)
