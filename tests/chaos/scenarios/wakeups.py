"""F20: every wake-up comes five times. It has one effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.checks import judge, settle
from tests.chaos.shops import make_shops

if TYPE_CHECKING:
    from tests.chaos.outcome import Outcome
    from tests.chaos.stand import Stand

TIMES = 5
PEOPLE = 20
SHOPS = 4


def run(stand: Stand) -> Outcome:
    shops = make_shops(SHOPS, [f"person-{number}@example.com" for number in range(PEOPLE)])
    stand.start("beat")
    stand.ready(*stand.start("worker", "worker", "sender", "sender"))
    for shop in shops:
        shop.report("staging", django="5.2.19", stripe="14.0.1")
        environments = stand.sql("SELECT id FROM paritycheck_environment WHERE project_id = %s", shop.project.pk)
        _wake("paritycheck.evaluate_environment", [row[0] for row in environments])
    for _ in range(30):
        _wake("paritycheck.route_events", [shop.project.pk for shop in shops])
        _wake(
            "paritycheck.deliver_message",
            [row[0] for row in stand.sql("SELECT id FROM paritycheck_delivery WHERE state = 'due'")],
        )
        if stand.count("SELECT count(*) FROM paritycheck_delivery WHERE state = 'sent'") >= SHOPS * PEOPLE:
            break
        stand.until(lambda: False, 1)
    _wake("paritycheck.deliver_message", [row[0] for row in stand.sql("SELECT id FROM paritycheck_delivery")])
    stand.until(lambda: False, 5)
    settle(stand, shops, 120)
    outcome = judge(stand, "wakeups", shops)
    outcome.exactly("deliveries", outcome.sent, SHOPS * PEOPLE)
    outcome.exactly("events", stand.count("SELECT count(*) FROM paritycheck_driftevent"), SHOPS)
    return outcome


def _wake(task: str, idents: list[object]) -> None:
    from celery import current_app

    for ident in idents:
        for _ in range(TIMES):
            current_app.send_task(task, args=[str(ident)])
