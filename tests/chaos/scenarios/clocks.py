"""F18: the clocks of web, worker, sender, beat and agents jump by hours and by years as they run. PostgreSQL's stays.

Nobody is taken for silent, nothing is taken for resolved, no lease is stuck and no token ends; what is new is told.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.chaos.agents import Agent
from tests.chaos.callers import get, start_web
from tests.chaos.checks import judge, settle
from tests.chaos.clocks import Clock
from tests.chaos.shops import make_shops

if TYPE_CHECKING:
    from tests.chaos.outcome import Outcome
    from tests.chaos.stand import Stand

HOUR_S = 3_600
JUMPS = {"+2h": 2 * HOUR_S, "-2h": -2 * HOUR_S, "+5y": 5 * 365 * 24 * HOUR_S, "right again": 0}
LOOK_S = 45
TOLD_S = 120
PERSONAL = "/api/v1/projects"
LOOKS = "SELECT count(*) FROM paritycheck_periodrun WHERE task = 'paritycheck.note_silence' AND ended_at IS NOT NULL"
RESOLVED = "SELECT count(*) FROM paritycheck_driftevent WHERE kind = 'resolved'"


def run(stand: Stand) -> Outcome:
    [shop] = make_shops(1, ["ann@example.com", "bo@example.com"])
    clock = Clock(stand.place)
    stand.environment |= clock.environment
    stand.start("beat")
    stand.ready(*stand.start("worker", "sender"))
    url = start_web(stand)
    agent, token = Agent(stand, shop, "staging", "agent-1"), shop.personal_token()
    refused: list[str] = []
    slowest = 0.0
    packages = {"django": "5.2.19"}
    for number, (ahead, seconds) in enumerate(JUMPS.items()):
        shop.report("production", django="5.2.19", stripe="13.2.0")
        clock.set(seconds)
        packages[f"only-{number}"] = "1.0"
        before = time.monotonic()
        refused += [] if agent.report(**packages) else [f"{ahead}: an agent's report was refused"]
        status, _ = get(url + PERSONAL, token)
        refused += [] if status == HTTPStatus.OK else [f"{ahead}: a person's token was answered {status}"]
        stand.until(lambda number=number: _opened(stand) >= number + 2, TOLD_S)  # type: ignore[misc]  # a default
        slowest = max(slowest, time.monotonic() - before)
        _let_it_look(stand)
    settle(stand, [shop], TOLD_S)
    outcome = judge(stand, "clocks", [shop])
    outcome.note = f"jumps: {', '.join(JUMPS)}"
    outcome.holds("refusals of agents and people", refused)
    outcome.exactly("agents taken for silent", _notices(stand), 0)
    outcome.exactly("drifts taken for resolved", stand.count(RESOLVED), 0)
    outcome.exactly("leases that last beyond a minute", _leases(stand), 0)
    outcome.exactly("differences found", _opened(stand), len(JUMPS) + 1)
    outcome.at_most("a difference found after a jump", slowest, TOLD_S, "s")
    outcome.exactly("mails to administrators", stand.told_operator(), 0)
    return outcome


def _let_it_look(stand: Stand) -> None:
    """Have somebody look for silent agents, as if all had been watched for ten minutes and were due each minute."""
    stand.sql("UPDATE paritycheck_instance SET interval_s = 60, last_seen = now()")
    looked = stand.count(LOOKS)

    def seen() -> bool:
        stand.revive()
        stand.sql(
            "UPDATE paritycheck_processbeat SET seen_at = now() - interval '10 minutes' WHERE name = 'silence-since'"
            " AND seen_at NOT BETWEEN now() - interval '11 minutes' AND now() - interval '5 minutes'"
        )
        return stand.count(LOOKS) > looked + 1

    stand.until(seen, 2 * LOOK_S)


def _notices(stand: Stand) -> int:
    return stand.count("SELECT count(*) FROM paritycheck_notice WHERE kind = 'silent'")


def _leases(stand: Stand) -> int:
    return stand.count("SELECT count(*) FROM paritycheck_delivery WHERE lease_until > now() + interval '1 minute'")


def _opened(stand: Stand) -> int:
    return stand.count("SELECT count(*) FROM paritycheck_drift WHERE state = 'open'")
