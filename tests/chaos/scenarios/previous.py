"""F25: after an upgrade the release before runs again, on the new tables, while agents of the new one report.

Web, worker, sender and beat of the release before take reports, compare and send; then web of this one goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.agents import Agent
from tests.chaos.callers import Callers, start_web
from tests.chaos.checks import judge, settle
from tests.chaos.previous import Previous, revision
from tests.chaos.shops import make_shops

if TYPE_CHECKING:
    from tests.chaos.outcome import Outcome
    from tests.chaos.shops import Shop
    from tests.chaos.stand import Stand

AGENTS = 3


def run(stand: Stand) -> Outcome:
    with Previous(stand.place / "previous", stand.url, stand.environment, server=stand.server) as before:
        shops = make_shops(AGENTS, ["ann@example.com", "bo@example.com"])
        before.start("beat")
        before.ready(*before.start("worker", "sender"))
        with Callers(start_web(before)) as callers:
            agents = [Agent(before, shop, "staging", f"host-{number}") for number, shop in enumerate(shops)]
            refused = sum(not agent.report(django="5.2.19", stripe="14.0.0") for agent in agents)
            _work(before, shops)
        outcome = judge(before, "previous", shops)
        problems = outcome.problems + callers.problems()
    kept = _reports(stand)
    again = _forward(stand, shops, refused)
    outcome.note = f"{revision()} on the new tables: {callers.told()}; {kept} reports, {again} after the way forward"
    outcome.problems = problems + ([f"{refused} agents were refused"] if refused else [])
    outcome.problems += [f"{kept} reports before, {again} after"] if again != kept + AGENTS else []
    return outcome


def _work(stand: Stand, shops: list[Shop]) -> None:
    """Drifts are found and told by the release before."""
    for shop in shops:
        shop.report("staging", django="5.2.19", stripe="14.0.1")
    settle(stand, shops, 90)


def _forward(stand: Stand, shops: list[Shop], refused: int) -> int:
    """The same agents report to this release; how many reports there are then."""
    start_web(stand)
    agents = [Agent(stand, shop, "staging", f"later-{number}") for number, shop in enumerate(shops)]
    assert not refused
    for agent in agents:
        agent.report(django="5.2.19", stripe="14.0.2")
    return _reports(stand)


def _reports(stand: Stand) -> int:
    return stand.count("SELECT count(*) FROM paritycheck_report")
