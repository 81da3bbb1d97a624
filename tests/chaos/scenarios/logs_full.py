"""F17: there is no room for logs. Everybody writes to the standard output only, and goes on without it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.chaos.agents import Agent
from tests.chaos.callers import Callers, start_web
from tests.chaos.checks import judge, settle
from tests.chaos.disks import Disk
from tests.chaos.reporters import Reporters
from tests.chaos.shops import make_shops

if TYPE_CHECKING:
    from tests.chaos.outcome import Outcome
    from tests.chaos.stand import Stand

FULL_S = 40
PAGE = "/api/v1/projects"


def run(stand: Stand) -> Outcome:
    [shop] = make_shops(1, ["ann@example.com", "bo@example.com"])
    with Disk(2) as disk:
        stand.logs_at = disk.place
        stand.start("beat")
        stand.ready(*stand.start("worker", "sender"))
        url = start_web(stand)
        agent = Agent(stand, shop, "staging", "agent-1")
        disk.fill()
        with (
            Callers(url, ("/readyz", "/sign-in", PAGE, "/not/there"), token=shop.personal_token()) as callers,
            Reporters(url, shop.report_token("staging")) as reporters,
        ):
            taken = agent.report(django="5.2.19", stripe="14.0.1")
            stand.until(lambda: False, FULL_S)
        settle(stand, [shop], 120)
        outcome = judge(stand, "logs-full", [shop])
        outcome.note = f"looks {callers.told()}; reports {reporters.told()}"
        allowed = [HTTPStatus.OK, HTTPStatus.NOT_FOUND]
        outcome.holds("looks that were not answered", callers.problems(allowed), callers.told())
        outcome.holds("reports that were not taken", reporters.failed, reporters.told())
        outcome.holds("agents that were refused", [] if taken else [agent.instance])
        outcome.holds("processes that ended", [str(pid) for pid in stand.revive()])
        outcome.at_most("room for logs meanwhile", disk.room, 0, "bytes")
        stand.end_all()
    return outcome
