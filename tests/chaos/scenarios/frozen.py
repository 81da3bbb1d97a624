"""F6: PostgreSQL hangs and says nothing: every process of it is stopped for a minute.

A request that waits for it ends with a refusal in time, so that the process stays able to answer: /livez lives, /readyz
says no. Once PostgreSQL goes on, so does everything.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.chaos.callers import Callers, get, start_web
from tests.chaos.checks import judge, settle
from tests.chaos.shops import make_shops

if TYPE_CHECKING:
    from tests.chaos.outcome import Outcome
    from tests.chaos.stand import Stand

FROZEN_S = 60
PATIENCE_S = 6
BACK_S = 10
ALIVE_S = 1
EACH = 8
PAGE = "/api/v1/projects"


def run(stand: Stand) -> Outcome:
    [shop] = make_shops(1, ["ann@example.com", "bo@example.com"])
    stand.start("beat")
    stand.ready(*stand.start("worker", "sender"))
    url = start_web(stand)
    shop.report("staging", django="5.2.19", stripe="14.0.1")
    settle(stand, [shop], 60)
    askers = Callers(url, ("/readyz", "/sign-in", PAGE), each=EACH, token=shop.personal_token())
    with askers, Callers(url, ("/livez",)) as living:
        stand.freeze_postgres()
        stand.until(lambda: False, FROZEN_S)
        ready, _ = get(f"{url}/readyz")
        stand.thaw_postgres()
        back = time.monotonic()
        stand.until(lambda: askers.good_at > back, 60)
        took = time.monotonic() - back
    shop.report("staging", django="5.2.19", stripe="14.0.2")
    settle(stand, [shop], 120)
    outcome = judge(stand, "frozen", [shop])
    slowest = {path: _p99(waits) for path, waits in (askers.waits | living.waits).items()}
    outcome.note = f"{askers.told()}; p99 {', '.join(f'{path} {wait:.1f} s' for path, wait in slowest.items())}"
    outcome.holds("answers but 200 and 503", [*askers.problems(), *living.problems([HTTPStatus.OK])], askers.told())
    if ready != HTTPStatus.SERVICE_UNAVAILABLE:
        outcome.problems.append(f"/readyz said {ready} while PostgreSQL hung")
    outcome.at_most("p99 of answers while PostgreSQL hangs", max(slowest.values()), PATIENCE_S, "s")
    outcome.at_most("p99 of /livez meanwhile", slowest["/livez"], ALIVE_S, "s")
    outcome.at_most("ready after PostgreSQL", took, BACK_S, "s")
    return outcome


def _p99(waits: list[float]) -> float:
    return sorted(waits)[int(len(waits) * 0.99)] if waits else float("inf")
