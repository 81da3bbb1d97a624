"""F28, P9: 500 agents find their server again after an hour in which nobody answered.

When each comes is what its own schedule says, played on a clock that takes no time. What comes is sent to a real web
process, four times as fast as it would come.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from paritycheck_agent.runner.schedule import Schedule
from tests.chaos.callers import start_web
from tests.chaos.checks import judge, settle
from tests.chaos.reporters import Reporters
from tests.chaos.shops import make_shops

if TYPE_CHECKING:
    from tests.chaos.outcome import Outcome
    from tests.chaos.stand import Stand

AGENTS = 500
INTERVAL_S = 300
OUTAGE_S = 3_600.0
ROUND_S = 1.0
WINDOW_S = 10
SPREAD_S = 60
MOST_TIMES = 3.0
SPEED = 4
AT_ONCE = 32
BEFORE_AT_ONCE = 8
SHOPS = 5
BACKLOG_S = 600


def run(stand: Stand) -> Outcome:
    shops = make_shops(SHOPS, ["ann@example.com", "bo@example.com"])
    shop = shops[0]
    stand.start("beat")
    stand.ready(*stand.start("worker", "sender"))
    url = start_web(stand)
    of_shops = [Reporters(url, one.report_token("staging")) for one in shops]
    arrivals = _arrivals(stand)
    with ThreadPoolExecutor(BEFORE_AT_ONCE) as pool:
        for number in range(AGENTS):
            pool.submit(of_shops[number % SHOPS].report, f"small-{number}")
    before = sum((reporters.answers for reporters in of_shops), Counter[int]())
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number, at in enumerate(arrivals):
            time.sleep(max(0.0, began + at / SPEED - time.monotonic()))
            pool.submit(_come_back, of_shops[number % SHOPS], f"small-{number}")
    took = time.monotonic() - began
    shop.report("staging", django="5.2.19", stripe="14.0.1")
    settle(stand, [shop], 120)
    outcome = judge(stand, "reconnect", [shop])
    answers = sum((reporters.answers for reporters in of_shops), Counter[int]()) - before
    told = ", ".join(f"{count} x {status}" for status, count in sorted(answers.items()))
    lost = [text for reporters in of_shops for text in reporters.lost(stand)]
    failed = [instance for reporters in of_shops for instance in reporters.failed]
    outcome.note = f"back over {arrivals[-1]:.0f} s; {told}"
    steady = AGENTS / INTERVAL_S
    outcome.at_most("p95 of arrivals, times the steady rate", _p95(arrivals) / steady, MOST_TIMES)
    outcome.holds("an arrival all at once", [] if arrivals[-1] >= SPREAD_S else [f"all within {arrivals[-1]:.0f} s"],
                  f"over {arrivals[-1]:.0f} s")  # fmt: skip
    wrong = [f"{count} x {status}" for status, count in answers.items() if status not in {200, 202, 429}]
    outcome.holds("answers but 200, 202 and 429", wrong, told)
    outcome.holds("reports that were not taken", failed, f"{AGENTS} agents")
    outcome.holds("acknowledged reports that are gone", lost, f"{AGENTS} agents")
    outcome.at_most("all that waited is taken", took, BACKLOG_S, "s")
    return outcome


def _come_back(reporters: Reporters, instance: str) -> None:
    """What was kept, and what is now: of a state that did not change the spool holds one report."""
    reporters.report(instance)
    reporters.report(instance)


def _arrivals(stand: Stand) -> list[float]:
    """When each agent first comes after the outage, in seconds from its end, in order."""
    agents = [Schedule(INTERVAL_S, chance=stand.chance.random) for _ in range(AGENTS)]
    queue = [(stand.chance.random() * INTERVAL_S, number) for number in range(AGENTS)]
    heapq.heapify(queue)
    found = []
    while queue:
        at, number = heapq.heappop(queue)
        if at >= OUTAGE_S:
            found.append(at - OUTAGE_S)
            continue
        agents[number].note({"code": 3, "again": True}, started=at, ended=at + ROUND_S)
        heapq.heappush(queue, (agents[number].due, number))
    return sorted(found)


def _p95(arrivals: list[float]) -> float:
    """Of the arrivals a second, in windows of ten seconds in which all came."""
    windows = Counter(int(at // WINDOW_S) for at in arrivals)
    rates = sorted(windows.get(number, 0) / WINDOW_S for number in range(int(arrivals[-1] // WINDOW_S) + 1))
    return rates[int(len(rates) * 0.95)]
