"""F10: Redis has no memory left for a message, and then takes no writes at all.

Reports are taken all the time, beat does what nobody is woken for, and the administrator is told.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.chaos.checks import judge, settle
from tests.chaos.shops import make_shops
from tests.chaos.stand import OPERATOR

if TYPE_CHECKING:
    from tests.chaos.brokers import Redis
    from tests.chaos.outcome import Outcome
    from tests.chaos.shops import Shop
    from tests.chaos.stand import Stand

PEOPLE = 5
DRAINED_S = 60
TOLD_S = 60


def run(stand: Stand, redis: Redis) -> Outcome:
    shops = make_shops(4, [f"person-{number}@example.com" for number in range(PEOPLE)])
    appoint_operator()
    stand.start("beat")
    stand.ready(*stand.start("worker", "sender"))
    stand.until(lambda: stand.count("SELECT count(*) FROM paritycheck_processbeat WHERE name = 'worker'"), 90)
    hurts = {
        "well": ("PING",),
        "out of memory": ("CONFIG SET maxmemory 1",),
        "read-only": ("CONFIG SET maxmemory 0", "REPLICAOF 127.0.0.1 1"),
        "well again": ("REPLICAOF NO ONE",),
    }
    times, told = {}, 0
    for shop, (name, words) in zip(shops, hurts.items(), strict=True):
        for each in words:
            assert redis.say(each).startswith("+"), each
        times[name] = _told(stand, shop)
        if name == "read-only":
            told = _operator_told(stand)
    settle(stand, shops, 120)
    outcome = judge(stand, "redis-full", shops)
    for name, took in times.items():
        outcome.at_most(f"everybody told, Redis {name}", took, DRAINED_S, "s")
    outcome.holds("an administrator who is not told", [] if told else ["nobody was told"], f"{told} mails")
    return outcome


def appoint_operator() -> None:
    """Somebody of no project is the administrator, so that what is told to them is no project's message."""
    from paritycheck.models import User

    User.objects.update(is_superuser=False)
    User.objects.create_superuser(f"{OPERATOR}example.com", "a password of some length")


def _told(stand: Stand, shop: Shop) -> float:
    """Seconds until everybody was told of the shop's drift."""
    began = time.monotonic()
    shop.report("staging", django="5.2.19", stripe="14.0.1")
    statement = "SELECT count(*) FROM paritycheck_delivery WHERE project_id = %s AND state = 'sent'"

    def all_told() -> bool:
        stand.revive()
        return stand.count(statement, shop.project.pk) >= PEOPLE

    stand.until(all_told, 2 * DRAINED_S)
    return time.monotonic() - began


def _operator_told(stand: Stand) -> int:
    """Mails to the administrator, where three minutes without a sign of life have passed."""
    stand.sql("UPDATE paritycheck_processbeat SET seen_at = seen_at - interval '3 minutes' WHERE name = 'worker'")
    return stand.until(stand.told_operator, TOLD_S)
