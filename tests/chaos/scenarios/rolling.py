"""F24, P17: a deploy replaces every process, one after the other, while people look and agents report.

SIGTERM ends each in time, nobody's question fails, and nothing that was acknowledged is lost.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.chaos.callers import Callers, get
from tests.chaos.checks import judge, settle
from tests.chaos.proxy import Proxy
from tests.chaos.reporters import Reporters
from tests.chaos.shops import make_shops

if TYPE_CHECKING:
    from tests.chaos.outcome import Outcome
    from tests.chaos.stand import Stand

ROUNDS = 2
WEB_S, WORKER_S = 15, 30
UP_S = 90


def run(stand: Stand) -> Outcome:
    [shop] = make_shops(1, ["ann@example.com", "bo@example.com"])
    stand.start("beat")
    stand.ready(*stand.start("worker", "sender"))
    for name in stand.ports:
        _start_web(stand, name)
    took: dict[str, list[float]] = {}
    with (
        Proxy(stand) as proxy,
        Callers(proxy.url, ("/readyz", "/sign-in")) as callers,
        Reporters(proxy.url, shop.report_token("staging"), between_s=0.1) as reporters,
    ):
        for number in range(ROUNDS):
            shop.report("staging", django="5.2.19", stripe=f"14.0.{number}")
            for name in (*stand.ports, "worker", "sender", "beat"):
                took.setdefault(name, []).append(_replace(stand, name))
    settle(stand, [shop], 120)
    outcome = judge(stand, "rolling", [shop])
    outcome.note = f"looks {callers.told()}; reports {reporters.told()}"
    outcome.holds("looks that failed", callers.problems([HTTPStatus.OK]), callers.told())
    outcome.holds("reports that were not taken", reporters.failed, reporters.told())
    outcome.holds("acknowledged reports that are gone", reporters.lost(stand), f"{len(reporters.acked)} instances")
    for name, times in took.items():
        outcome.at_most(f"{name} ends after SIGTERM", max(times), WEB_S if name in stand.ports else WORKER_S, "s")
    return outcome


def _replace(stand: Stand, name: str) -> float:
    """Seconds that the old one took to end. A web process is replaced while the other one serves."""
    took = stand.terminate(stand.running(name))
    if name in stand.ports:
        _start_web(stand, name)
    elif name == "beat":
        stand.start(name)
    else:
        stand.ready(*stand.start(name))
    return took


def _start_web(stand: Stand, name: str) -> None:
    stand.start(name)
    url = f"http://127.0.0.1:{stand.ports[name]}/readyz"
    assert stand.until(lambda: get(url)[0] == HTTPStatus.OK, UP_S), f"{name} does not come up"
