"""Finds the work that is due in the database, and works it off without a broker where it has to."""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final
from uuid import UUID

import structlog
from django.db import connection

from paritycheck.selectors import clock
from paritycheck.services.backtest_runs import backtests_due, run_backtest
from paritycheck.services.deliver import deliver, deliveries_due
from paritycheck.services.evaluate import evaluate_environment
from paritycheck.services.jobs import BACKTEST, DELIVER, EVALUATE, ROUTE, Wake, jobs_due, take_noted
from paritycheck.services.route import projects_due, route_project

log = structlog.get_logger(__name__)
MOST_SENDERS: Final = 8
WAIT_S: Final = 10.0


def work_due() -> tuple[Wake, ...]:
    """Every wake-up that a row in the database asks for now."""
    return (
        *(Wake(EVALUATE, str(ident)) for ident in jobs_due()),
        *(Wake(ROUTE, str(ident)) for ident in projects_due(clock.now())),
        *(Wake(DELIVER, str(ident)) for ident in deliveries_due()),
        *(Wake(BACKTEST, str(ident)) for ident in backtests_due()),
    )


def work_off(wakes: tuple[Wake, ...]) -> None:
    """Do the work here; one that fails does not stop the others, and one that hangs in sending holds up none of them.

    Returns after WAIT_S at the latest; what is still being sent then goes on beside.
    """
    for wake in wakes:
        if wake.task != DELIVER:
            _do(wake)
    _SENDERS.send([UUID(wake.ident) for wake in wakes if wake.task == DELIVER])


def _do(wake: Wake) -> None:
    try:
        _verb(wake)()
    except Exception:
        log.exception("work failed", task=wake.task, ident=wake.ident)


class _Senders:
    """Threads that send, each with a connection of its own: so many in all, however often there is work."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._threads: list[Thread] = []

    def send(self, idents: list[UUID]) -> None:
        """Have them sent; waits for it, but not for ever."""
        work: SimpleQueue[UUID] = SimpleQueue()
        for ident in idents:
            work.put(ident)
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        for _ in range(min(self._most - len(self._threads), len(idents))):
            thread = Thread(target=self._work, args=[work], name="sender", daemon=True)
            thread.start()
            self._threads.append(thread)
        self.wait(WAIT_S)

    def wait(self, longest_s: float) -> None:
        """Wait until all is sent, so long at most."""
        ends = time.monotonic() + longest_s
        for thread in self._threads:
            thread.join(max(0.0, ends - time.monotonic()))

    @staticmethod
    def _work(work: SimpleQueue[UUID]) -> None:
        """Send until there is nothing left, and what sending wakes."""
        try:
            with suppress(Empty):
                while True:
                    _do(Wake(DELIVER, str(work.get_nowait())))
                    for wake in filter(lambda each: each.task == DELIVER, take_noted()):
                        work.put(UUID(wake.ident))
        finally:
            connection.close()


_SENDERS = _Senders(MOST_SENDERS)


def _verb(wake: Wake) -> Callable[[], None]:
    ident = UUID(wake.ident)
    if wake.task == EVALUATE:
        return partial(evaluate_environment, environment_id=ident, now=clock.now())
    if wake.task == ROUTE:
        return partial(route_project, project_id=ident, now=clock.now())
    if wake.task == BACKTEST:
        return partial(run_backtest, run_id=ident, now=clock.now())
    return partial(deliver, delivery_id=ident)
