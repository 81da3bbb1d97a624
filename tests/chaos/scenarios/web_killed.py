"""F4: web is killed in the middle of requests of real agents. What they were told was taken is there, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.agents import Agent
from tests.chaos.callers import start_web
from tests.chaos.checks import judge, settle
from tests.chaos.shops import make_shops

if TYPE_CHECKING:
    from tests.chaos.outcome import Outcome
    from tests.chaos.stand import Stand

ROUNDS = 8
AGENTS = 4
REPORT_S = 3
"""About what a run of an agent takes: the kill comes at any moment of it."""


def run(stand: Stand) -> Outcome:
    [shop] = make_shops(1, ["ann@example.com", "bo@example.com"])
    stand.start("beat")
    stand.ready(*stand.start("worker", "sender"))
    start_web(stand)
    agents = [Agent(stand, shop, "staging", f"agent-{number}") for number in range(AGENTS)]
    taken = sum(_round(stand, agents, number) for number in range(ROUNDS))
    last = {"django": "5.2.19", "stripe": "15.0.0"}
    assert stand.until(lambda: all(agent.report(**last) for agent in agents), 60), "an agent's report is not taken"
    settle(stand, [shop], 120)
    outcome = judge(stand, "web-killed", [shop])
    outcome.note = f"{taken} of {ROUNDS * AGENTS} taken at once, all in the end"
    outcome.holds("reports that are there twice", _twice(stand))
    outcome.holds("agents whose last report is not there", _missing(stand))
    return outcome


def _round(stand: Stand, agents: list[Agent], number: int) -> int:
    """How many reports were taken although web was killed."""
    running = [agent.start(django="5.2.19", stripe=f"14.{number}.0") for agent in agents]
    stand.until(lambda: False, stand.chance.random() * REPORT_S)
    stand.kill(stand.running("web"))
    taken = sum(process.wait(60) == 0 for process in running)
    start_web(stand)
    return taken


def _twice(stand: Stand) -> list[str]:
    found = stand.sql("SELECT report_id FROM paritycheck_report GROUP BY report_id HAVING count(*) > 1")
    return [f"report {row[0]} is there twice" for row in found]


def _missing(stand: Stand) -> list[str]:
    """Agents whose last report is not what the server knows of them: all of them said the same in the end."""
    rows = stand.sql(
        "SELECT count(*), count(DISTINCT sections -> 'dependencies' ->> 'digest') FROM paritycheck_instance"
        " WHERE key LIKE 'agent-_'"
    )
    return [] if rows == [(AGENTS, 1)] else [f"agents that are known, and what they said last: {rows}"]
