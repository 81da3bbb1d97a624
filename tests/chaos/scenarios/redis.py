"""F8, F9: Redis is killed, comes back empty, is away for a while, and is emptied under way.

Reports are taken all the time, the sweeper finds what Redis forgot, and a minute later everybody was told.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.chaos.checks import judge
from tests.chaos.shops import make_shops

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.brokers import Redis
    from tests.chaos.outcome import Outcome
    from tests.chaos.shops import Shop
    from tests.chaos.stand import Stand

DRAINED_S = 60
PEOPLE = 10


def run(stand: Stand, redis: Redis) -> Outcome:
    hurts: dict[str, tuple[Callable[[], object], ...]] = {
        "killed and back": (redis.kill, redis.start),
        "away": (redis.kill,),
        "back and emptied": (redis.start, lambda: redis.say("FLUSHALL")),
    }
    shops = make_shops(len(hurts) + 1, [f"person-{number}@example.com" for number in range(PEOPLE)])
    stand.start("beat")
    stand.ready(*stand.start("worker", "sender"))
    times = {"unhurt": _told(stand, shops[0])}
    for shop, (name, hurt) in zip(shops[1:], hurts.items(), strict=True):
        _report(shop)
        for step in hurt:
            step()
        stand.kills += 1
        times[name] = _wait(stand, shop)
    outcome = judge(stand, "redis", shops)
    outcome.note = "told after " + ", ".join(f"{seconds:.0f} s ({name})" for name, seconds in times.items())
    for name, took in times.items():
        outcome.at_most(f"everybody told, Redis {name}", took, DRAINED_S, "s")
    return outcome


def _told(stand: Stand, shop: Shop) -> float:
    _report(shop)
    return _wait(stand, shop)


def _report(shop: Shop) -> None:
    shop.report("staging", django="5.2.19", stripe="14.0.1")


def _wait(stand: Stand, shop: Shop) -> float:
    """Seconds until everybody was told of the shop's drift."""
    began = time.monotonic()
    statement = "SELECT count(*) FROM paritycheck_delivery WHERE project_id = %s AND state = 'sent'"
    stand.until(lambda: stand.count(statement, shop.project.pk) >= PEOPLE, 2 * DRAINED_S)
    return time.monotonic() - began
