"""F29: what a report brought cannot be compared: the evaluation of its environment fails, every time.

It is given up after five attempts and the operator is told; the last good state stays, others notice nothing, and the
next report that brings something new is a new beginning.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.chaos.checks import judge, settle
from tests.chaos.scenarios.redis_full import appoint_operator
from tests.chaos.shops import make_shops

if TYPE_CHECKING:
    from tests.chaos.outcome import Outcome
    from tests.chaos.shops import Shop
    from tests.chaos.stand import Stand

ATTEMPTS = 5
GIVEN_UP_S = 150
OTHERS_S = 60


def run(stand: Stand) -> Outcome:
    poisoned, well = make_shops(2, ["ann@example.com", "bo@example.com"])
    appoint_operator()
    stand.start("beat")
    stand.ready(*stand.start("worker", "sender"))
    poisoned.report("staging", django="5.2.19", stripe="14.0.1")
    settle(stand, [poisoned], 90)
    good = _state(stand, poisoned)
    _poison(stand, poisoned)
    began = time.monotonic()
    well.report("staging", django="5.2.19", stripe="14.0.1")
    settle_of(stand, well)
    others = time.monotonic() - began
    stand.until(lambda: _dead(stand), GIVEN_UP_S)
    attempts = stand.count("SELECT coalesce(max(attempts), 0) FROM paritycheck_job WHERE state = 'dead'")
    kept, told = _state(stand, poisoned) == good, stand.until(stand.told_operator, 60)
    stand.sql("DROP FUNCTION poison CASCADE")
    poisoned.report("staging", django="5.2.19", stripe="15.0.0")
    settle(stand, [poisoned, well], 120)
    outcome = judge(stand, "poison", [poisoned, well])
    outcome.exactly("attempts until it is given up", attempts, ATTEMPTS)
    outcome.exactly("mails to the operator", told, 1)
    outcome.at_most("another project told meanwhile", others, OTHERS_S, "s")
    outcome.holds("changes of the last good state", [] if kept else ["it is another one"])
    return outcome


def _poison(stand: Stand, shop: Shop) -> None:
    """What compares the environment fails from now on, in the midst of its work, as a bug of ours would."""
    stand.sql(
        "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN IF NEW.project_id = '{shop.project.pk}' THEN RAISE EXCEPTION 'poison'; END IF; RETURN NEW; END $$"
    )
    stand.sql(
        "CREATE TRIGGER poison BEFORE INSERT OR UPDATE ON paritycheck_drift FOR EACH ROW EXECUTE FUNCTION poison()"
    )
    shop.report("staging", django="5.2.19", stripe="14.0.1", poison="1.0")


def settle_of(stand: Stand, shop: Shop) -> None:
    """Until everybody was told of the drift of this one."""
    statement = "SELECT count(*) FROM paritycheck_delivery WHERE project_id = %s AND state = 'sent'"
    stand.until(lambda: stand.count(statement, shop.project.pk) >= shop.recipients, OTHERS_S * 2)


def _state(stand: Stand, shop: Shop) -> list[tuple[object, ...]]:
    return stand.sql("SELECT id, state FROM paritycheck_drift WHERE project_id = %s ORDER BY id", shop.project.pk)


def _dead(stand: Stand) -> int:
    return stand.count("SELECT count(*) FROM paritycheck_job WHERE state = 'dead'")
