"""F22: beat is dead. Administrators are told within three minutes and a half; on its return nothing comes twice.

The three minutes are spent by moving what was last seen, not by waiting.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.chaos.checks import judge
from tests.chaos.shops import make_shops
from tests.chaos.stand import OPERATOR

if TYPE_CHECKING:
    from tests.chaos.outcome import Outcome
    from tests.chaos.stand import Stand

LOOK_S = 45
PERIODIC = "SELECT count(*) FROM paritycheck_periodrun WHERE task LIKE 'paritycheck.%%'"


def run(stand: Stand) -> Outcome:
    [shop] = make_shops(1, [f"{OPERATOR}example.com", "ann@example.com"])
    stand.ready(*stand.start("worker", "sender"))
    [beat] = stand.start("beat")
    stand.until(lambda: stand.count("SELECT count(*) FROM paritycheck_processbeat WHERE name = 'beat'"), 60)
    stand.kill(beat)
    stand.sql("UPDATE paritycheck_processbeat SET seen_at = seen_at - interval '3 minutes' WHERE name = 'beat'")
    stand.sql(
        "UPDATE paritycheck_periodrun SET ran_at = ran_at - interval '3 hours',"
        " period_start = period_start - interval '3 hours'"
    )
    began = time.monotonic()
    stand.until(stand.told_operator, 2 * LOOK_S)
    told_after = time.monotonic() - began
    stand.until(lambda: False, LOOK_S)
    told, before = stand.told_operator(), stand.count(PERIODIC)
    stand.start("beat")
    stand.until(lambda: stand.count(PERIODIC) > before, 60)
    stand.until(lambda: False, 20)
    runs = stand.sql(
        "SELECT task, count(*) FROM paritycheck_periodrun WHERE ran_at > now() - interval '5 minutes' GROUP BY task"
    )
    outcome = judge(stand, "beat-dead")
    outcome.note = f"told {told_after:.0f} s after the three minutes, {len(runs)} tasks made up for"
    outcome.exactly("mails to administrators of a beat that is dead", told, 1)
    outcome.at_most("told after three minutes and", told_after, LOOK_S, "s")
    outcome.at_most("runs of one periodic task on its return", max((count for _, count in runs), default=0), 1)
    outcome.problems += [] if runs else ["nothing was made up for"]
    outcome.problems += [] if shop.acked else ["no report"]
    return outcome
