"""F16: the disk of the database's tables is full for a while.

What would be written is refused with a time to come back, and waits in the agents' spools; what is read is answered;
and once there is room all goes on by itself. A disk without room for the log of transactions is another matter:
PostgreSQL itself then stops (PANIC), which is F5 for as long as it lasts.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING

from tests.chaos.agents import LONGEST_S, Agent
from tests.chaos.callers import Callers, start_web
from tests.chaos.checks import judge, settle
from tests.chaos.disks import Disk
from tests.chaos.shops import make_shops

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.outcome import Outcome
    from tests.chaos.shops import Shop
    from tests.chaos.stand import Stand

MIB = 48
AGENTS = 2
PACKAGES = 400
FULL_S = 90
REFUSED_S = 120
BACK_S = 90
PAGE = "/api/v1/projects"


def run(stand: Stand) -> Outcome:
    assert stand.server is not None
    with Disk(MIB, stand.server.paths.account) as disk:
        _move(stand, disk)
        [shop] = make_shops(1, ["ann@example.com", "bo@example.com"])
        try:
            return _run(stand, shop, disk)
        finally:
            stand.end_all()
            stand.move_back()


def _move(stand: Stand, disk: Disk) -> None:
    """All tables and what finds their rows; the catalogue and the log of transactions stay where they are."""
    stand.sql(f"CREATE TABLESPACE small LOCATION '{disk.place}'")
    for what in ("TABLE", "INDEX"):
        stand.sql(f"ALTER {what} ALL IN TABLESPACE pg_default SET TABLESPACE small")


def _run(stand: Stand, shop: Shop, disk: Disk) -> Outcome:
    stand.start("beat")
    stand.ready(*stand.start("worker", "sender"))
    url = start_web(stand)
    agents = [Agent(stand, shop, "staging", f"agent-{number}") for number in range(AGENTS)]
    assert all(agent.report(django="5.2.19", stripe="14.0.1") for agent in agents)
    with Callers(url, ("/readyz", "/sign-in", PAGE), token=shop.personal_token()) as callers:
        disk.fill()
        began = time.monotonic()
        refused = _until_refused(stand, agents)
        stand.until(lambda: False, FULL_S - (time.monotonic() - began))
        disk.free()
        back = time.monotonic()
        waiting = [agent for agent in agents if not stand.until(_takes(agent), BACK_S)]
        took = time.monotonic() - back
    settle(stand, [shop], 120)
    outcome = judge(stand, "disk-full", [shop])
    outcome.note = f"{refused} reports refused; looks {callers.told()}"
    outcome.holds("looks that were not answered", callers.problems([HTTPStatus.OK]), callers.told())
    outcome.holds("agents that were never refused", [] if refused else ["the disk was not full"], f"{refused} refused")
    outcome.holds("agents whose reports still wait", [agent.instance for agent in waiting])
    outcome.holds("reports that wait in a spool", [agent.instance for agent in agents if agent.spooled()])
    outcome.holds("failures without a word", _bugs(stand))
    outcome.at_most("all reports taken, after there was room", took, BACK_S, "s")
    return outcome


def _until_refused(stand: Stand, agents: list[Agent]) -> int:
    """Report something new again and again, all at once, until there is no room for it; how many were refused."""
    numbers = count()

    def refused() -> int:
        version = f"1.{next(numbers)}"
        running = [
            agent.start(django="5.2.19", **{f"{agent.instance}-{each}": version for each in range(PACKAGES)})
            for agent in agents
        ]
        return sum(process.wait(LONGEST_S) != 0 for process in running)

    return stand.until(refused, REFUSED_S)


def _takes(agent: Agent) -> Callable[[], bool]:
    return lambda: agent.report(django="5.2.19", stripe="15.0.0")


def _bugs(stand: Stand) -> list[str]:
    """Answers of 500, which say that nobody had thought of it."""
    return [line[:200] for line in stand.logs().splitlines() if '"code": "internal-error"' in line]
