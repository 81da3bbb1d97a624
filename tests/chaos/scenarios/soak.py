"""F31: faults at random, one after the other, while agents of three projects report and people look.

What must hold is looked at every minute: nothing acknowledged is gone, nothing is in another project, no message came
more often than something was killed.
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import ExitStack
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

from tests.chaos.callers import Callers, get, start_web
from tests.chaos.checks import judge, settle, strays
from tests.chaos.clocks import Clock
from tests.chaos.reporters import Reporters
from tests.chaos.scenarios.senders import cut_broker
from tests.chaos.shops import make_shops

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.outcome import Outcome
    from tests.chaos.shops import Shop
    from tests.chaos.stand import Stand

SHOPS = 3
PEOPLE = ("ann@example.com", "later-bo@example.com", "slow-cy@example.com")
JUMPS_S = (7_200, -7_200, 0)
MINUTE_S = 60
BETWEEN_S = 12
UP_S = 90
RATE = 30
ALLOWED = (0, HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


def run(stand: Stand, seconds: float) -> Outcome:
    shops = make_shops(SHOPS, list(PEOPLE), hooks=1, hook_port=stand.hook_port)
    clock = Clock(stand.place)
    stand.environment |= clock.environment
    stand.start("beat")
    stand.ready(*stand.start("worker", "sender"))
    url = start_web(stand)
    faults = _faults(stand, clock)
    done: Counter[str] = Counter()
    broken: list[str] = []
    began = time.monotonic()
    with _Load(url, shops) as load:
        looked = began
        while time.monotonic() - began < seconds:
            name = stand.chance.choice(sorted(faults))
            done[name] += 1
            shop = stand.chance.choice(shops)
            shop.report("staging", django="5.2.19", stripe=f"14.0.{sum(done.values())}")
            faults[name]()
            _bring_back(stand, url)
            stand.until(lambda: False, stand.chance.random() * BETWEEN_S)
            if time.monotonic() - looked > MINUTE_S:
                looked = time.monotonic()
                broken += [*load.lost(stand), *strays(stand)]
    took = time.monotonic() - began
    clock.set(0)
    for shop in shops:
        shop.report("staging", django="5.2.19", stripe="15.0.0")
    settle(stand, shops, 180)
    outcome = judge(stand, "soak", shops)
    answers = sum((reporters.answers for reporters in load.reporters), Counter[int]())
    outcome.note = f"{took / MINUTE_S:.0f} minutes: {', '.join(f'{n} x {name}' for name, n in sorted(done.items()))}"
    outcome.holds("what must hold and did not, minute by minute", broken, f"{took / MINUTE_S:.0f} looks")
    outcome.holds("acknowledged reports that are gone", load.lost(stand), f"{sum(map(len, load.acked()))} instances")
    wrong = [f"{count} x {status}" for status, count in answers.items() if status not in ALLOWED]
    outcome.holds(
        "answers to reports but 202, 429, 503 and none", wrong, f"{sum(answers.values()) / took:.0f} a second"
    )
    outcome.holds("answers to people but 200, 503 and none", load.callers.problems(ALLOWED), load.callers.told())
    return outcome


class _Load:
    """Agents of each project, and people, from entry to exit."""

    def __init__(self, url: str, shops: list[Shop]) -> None:
        self._stack = ExitStack()
        self.callers = Callers(url)
        self.reporters = [
            Reporters(url, shop.report_token("staging"), threads=2, each=60, between_s=2 * SHOPS / RATE,
                      name=f"small-{number}")
            for number, shop in enumerate(shops)
        ]  # fmt: skip

    def __enter__(self) -> Self:
        self._stack.enter_context(self.callers)
        for reporters in self.reporters:
            self._stack.enter_context(reporters)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def acked(self) -> list[dict[str, int]]:
        return [reporters.acked for reporters in self.reporters]

    def lost(self, stand: Stand) -> list[str]:
        return [text for reporters in self.reporters for text in reporters.lost(stand)]


def _faults(stand: Stand, clock: Clock) -> dict[str, Callable[[], None]]:
    """By the rows that they are of. Mail that is slow or refused for now (F11) is there all the time."""
    return {
        "F1 worker killed": lambda: stand.kill(stand.running("worker")),
        "F3 sender killed": lambda: stand.kill(stand.running("sender")),
        "F4 web killed": lambda: stand.kill(stand.running("web")),
        "F5 PostgreSQL restarted": stand.restart_postgres,
        "F8 broker cut": partial(cut_broker, stand),
        "F18 clock set": lambda: clock.set(stand.chance.choice(JUMPS_S)),
    }


def _bring_back(stand: Stand, url: str) -> None:
    """What a supervisor does: start what ended, and what was killed."""
    stand.revive()
    for name in ("worker", "sender"):
        if not stand.runs(name):
            stand.start(name)
    if not stand.runs("web"):
        stand.start("web")
        stand.until(lambda: get(f"{url}/readyz")[0] == HTTPStatus.OK, UP_S)
