"""F5: PostgreSQL is restarted without a goodbye while agents report and people look.

Nobody sees a 500, a refusal says when to come back, and ten seconds after PostgreSQL everything works again.
"""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.chaos.checks import Outcome, judge, settle
from tests.chaos.shops import make_shops

if TYPE_CHECKING:
    from tests.chaos.shops import Shop
    from tests.chaos.stand import Stand

RESTARTS = 4
AGENTS = 3
BETWEEN_S = 6
BACK_S = 10


class Callers:
    """Those who ask the web process all the time; `answers` counts what they got, by status."""

    def __init__(self, url: str) -> None:
        self.answers: Counter[int] = Counter()
        self.unsaid = 0
        self.good_at = 0.0
        self._url = url
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=[path]) for path in ("/readyz", "/sign-in", "/docs")]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def _ask(self, path: str) -> None:
        while not self._stop.wait(0.1):
            status, retry_after = _get(self._url + path)
            self.answers[status] += 1
            self.unsaid += status == HTTPStatus.SERVICE_UNAVAILABLE and not retry_after
            if path == "/readyz" and status == HTTPStatus.OK:
                self.good_at = time.monotonic()


def run(stand: Stand) -> Outcome:
    shops = make_shops(AGENTS, ["ann@example.com", "bo@example.com"])
    stand.start("web", "beat")
    stand.ready(*stand.start("worker", "sender"))
    url = f"http://127.0.0.1:{stand.port}"
    assert stand.until(lambda: _get(f"{url}/readyz")[0] == HTTPStatus.OK, 60), "web does not come up"
    callers = Callers(url)
    callers.start()
    try:
        slowest = max(_restart(stand, callers, shops, number) for number in range(RESTARTS))
    finally:
        callers.stop()
    settle(stand, shops, 120)
    outcome = judge(stand, "postgres", shops)
    told = ", ".join(f"{count} x {status}" for status, count in sorted(callers.answers.items()))
    outcome.note = f"back {slowest:.1f} s after PostgreSQL; {told}"
    outcome.problems += [f"answered {status}" for status in callers.answers if status not in {200, 503}]
    outcome.problems += [f"{callers.unsaid} refusals without Retry-After"] if callers.unsaid else []
    outcome.problems += [f"ready {slowest:.0f} s after PostgreSQL"] if slowest > BACK_S else []
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


def _get(url: str) -> tuple[int, str]:
    """Status and Retry-After; 0 where nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=15) as answer:
            answer.read()
            return answer.status, ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get("Retry-After", "")
    except OSError:
        return 0, ""
