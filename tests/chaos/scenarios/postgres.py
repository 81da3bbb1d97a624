"""F5: PostgreSQL is restarted without a goodbye while agents report and people look.

Nobody sees a 500, a refusal says when to come back, and ten seconds after PostgreSQL everything works again.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.chaos.callers import Callers, start_web
from tests.chaos.checks import judge, settle
from tests.chaos.shops import make_shops

if TYPE_CHECKING:
    from tests.chaos.outcome import Outcome
    from tests.chaos.shops import Shop
    from tests.chaos.stand import Stand

RESTARTS = 4
AGENTS = 3
BETWEEN_S = 6
BACK_S = 10


def run(stand: Stand) -> Outcome:
    shops = make_shops(AGENTS, ["ann@example.com", "bo@example.com"])
    stand.start("beat")
    stand.ready(*stand.start("worker", "sender"))
    with Callers(start_web(stand)) as callers:
        slowest = max(_restart(stand, callers, shops, number) for number in range(RESTARTS))
    settle(stand, shops, 120)
    outcome = judge(stand, "postgres", shops)
    outcome.note = f"back {slowest:.1f} s after PostgreSQL; {callers.told()}"
    outcome.holds("answers but 200 and 503", callers.problems(), callers.told())
    outcome.at_most("ready after PostgreSQL", slowest, BACK_S, "s")
    return outcome


def _restart(stand: Stand, callers: Callers, shops: list[Shop], number: int) -> float:
    """Seconds from PostgreSQL's return to the first good answer."""
    for shop in shops:
        shop.report("staging", django="5.2.19", stripe=f"14.0.{number}")
    stand.until(lambda: False, stand.chance.random() * 2)
    stand.restart_postgres()
    back = time.monotonic()
    stand.until(lambda: callers.good_at > back, 60)
    took = time.monotonic() - back
    stand.until(lambda: False, BETWEEN_S)  # a server that lives shorter is not started again by its keeper
    return took
