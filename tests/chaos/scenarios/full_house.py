"""F7: others hold every connection of PostgreSQL. Who needs one is refused with a time to come back, no more."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import psycopg

from tests.chaos.callers import Callers, start_web
from tests.chaos.checks import judge, settle
from tests.chaos.database import libpq
from tests.chaos.shops import make_shops

if TYPE_CHECKING:
    from tests.chaos.outcome import Outcome
    from tests.chaos.stand import Stand

FULL_S = 20
BACK_S = 10
FILLED_S = 60
IN_A_ROW = 20
PAGE = "/api/v1/projects"
_END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE backend_type = 'client backend' AND pid <> ALL(%s) AND datname = current_database()"
)


def run(stand: Stand) -> Outcome:
    [shop] = make_shops(1, ["ann@example.com", "bo@example.com"])
    stand.start("beat")
    stand.ready(*stand.start("worker", "sender"))
    with Callers(start_web(stand), ("/readyz", PAGE), each=4, token=shop.personal_token()) as callers:
        shop.report("staging", django="5.2.19", stripe="14.0.1")
        with ExitStack() as stack:
            held = _fill(stand, stack)
            stand.until(lambda: False, FULL_S)
        back = time.monotonic()
        stand.until(lambda: callers.good_at > back, 60)
        took = time.monotonic() - back
    shop.report("staging", django="5.2.19", stripe="14.0.2")
    settle(stand, [shop], 120)
    outcome = judge(stand, "full-house", [shop])
    outcome.note = f"{held} connections held; {callers.told()}; back after {took:.1f} s"
    outcome.holds("answers but 200 and 503", callers.problems(), callers.told())
    outcome.problems += [] if callers.answers[503] else ["nobody was refused: the house was not full"]
    outcome.at_most("ready after there was room", took, BACK_S, "s")
    return outcome


def _fill(stand: Stand, stack: ExitStack) -> int:
    """Take every connection there is, then those of everybody else; how many are held."""
    held: list[psycopg.Connection[Any]] = []
    refused, deadline = 0, time.monotonic() + FILLED_S
    while refused < IN_A_ROW and time.monotonic() < deadline:
        try:
            held.append(stack.enter_context(psycopg.connect(libpq(stand.url), autocommit=True)))
            refused = 0
        except psycopg.OperationalError:
            refused += 1
            held[0].execute(_END_OTHERS, [[session.info.backend_pid for session in held]])
    assert refused == IN_A_ROW, "there was always one more connection"
    return len(held)
