"""F30: `kill -9` of everything at once, PostgreSQL too, and then a boot. All of it drains by itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.chaos.checks import judge
from tests.chaos.shops import make_shops

if TYPE_CHECKING:
    from tests.chaos.outcome import Outcome
    from tests.chaos.stand import Stand

CUTS = 2
SHOPS, PEOPLE = 6, 20
DRAINED_S = 120


def run(stand: Stand) -> Outcome:
    shops = make_shops(SHOPS, [f"person-{number}@example.com" for number in range(PEOPLE)])
    per_cut = SHOPS // (CUTS + 1)
    began = time.monotonic()
    for number in range(CUTS + 1):
        stand.start("beat")
        stand.ready(*stand.start("worker", "sender"))
        for shop in shops[number * per_cut : (number + 1) * per_cut]:
            shop.report("staging", django="5.2.19", stripe="14.0.1")
        if number < CUTS:
            stand.until(lambda: stand.count("SELECT count(*) FROM paritycheck_delivery WHERE lease_until > now()"), 40)
            stand.power_cut()
            stand.tend()
            began = time.monotonic()
    stand.until(
        lambda: stand.count("SELECT count(*) FROM paritycheck_delivery WHERE state = 'sent'") >= SHOPS * PEOPLE, 150
    )
    took = time.monotonic() - began
    outcome = judge(stand, "power-cut", shops)
    outcome.note = f"drained {took:.0f} s after the last cut"
    if outcome.sent != SHOPS * PEOPLE:
        outcome.problems.append(f"{outcome.sent} deliveries for {SHOPS * PEOPLE} alerts")
    outcome.at_most("drained after the last cut", took, DRAINED_S, "s")
    # One cut kills a sender of eight threads, each of which may have been about to mark a message.
    return outcome
