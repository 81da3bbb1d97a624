"""F3, P2: senders and the broker are killed again and again while a thousand alerts go out.

Nothing is lost, and at most one message is sent again for each kill, under the same id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.checks import judge
from tests.chaos.shops import make_shops

if TYPE_CHECKING:
    from tests.chaos.outcome import Outcome
    from tests.chaos.stand import Stand

SENDERS = 2
AHEAD = 4
# One in so many kills is of the broker's connections, one in many more of all of PostgreSQL.
BROKER, DATABASE = 6, 60
LEASE_S = 30
DUE = "SELECT count(*) FROM paritycheck_job WHERE state = 'due' AND due_at < now()"


def run(
    stand: Stand, *, alerts: int = 1_000, kills: int = 200, people: int = 10, hooks: int = 10, patient: bool = True
) -> Outcome:
    """`patient` waits for the leases of the killed to end; else what thirty seconds do is done at once."""
    addresses = [f"person-{number}@example.com" for number in range(people)]
    shops = make_shops(alerts // (people + hooks), addresses, hooks=hooks, hook_port=stand.hook_port)
    stand.ready(*stand.start("worker"))
    stand.start("beat")
    stand.until(lambda: not stand.count(DUE), 120)
    senders = stand.ready(*stand.start(*["sender"] * SENDERS))
    reported = 0
    while stand.kills < kills:
        # Alerts are called for as kills go on, and a few ahead: there is always something on its way.
        while reported < len(shops) and reported * kills <= (stand.kills + max(kills // 8, AHEAD)) * len(shops):
            shops[reported].report("staging", django="5.2.19", stripe="14.0.1")
            reported += 1
        _wait_for_work(stand)
        if stand.server is not None and stand.kills % DATABASE == DATABASE - 1:
            stand.restart_postgres()
        elif stand.kills % BROKER == BROKER - 1:
            cut_broker(stand)
        else:
            stand.kill(senders.pop(stand.chance.randrange(len(senders))))
            senders = stand.ready(*senders, *stand.start("sender"))
        if not patient:
            _end_leases(stand)
    for shop in shops[reported:]:
        shop.report("staging", django="5.2.19", stripe="14.0.1")
    stand.until(lambda: _all_sent(stand, alerts, patient=patient), 4 * LEASE_S + 60)
    outcome = judge(stand, "senders", shops)
    outcome.note = f"{_crashed(stand)} attempts died with their sender"
    outcome.exactly("deliveries", outcome.sent, alerts)
    return outcome


def _wait_for_work(stand: Stand) -> None:
    """Until one more message has arrived, so that others are on their way, and then for a moment by chance."""
    before = len(stand.arrived())
    stand.until(lambda: len(stand.arrived()) > before, 3)
    stand.until(lambda: False, stand.chance.random() * 0.2)


def _crashed(stand: Stand) -> int:
    """Every attempt is counted before it is made, and has a row when it ended by itself."""
    begun = stand.count("SELECT coalesce(sum(attempts), 0) FROM paritycheck_delivery")
    return begun - stand.count("SELECT count(*) FROM paritycheck_deliveryattempt")


def cut_broker(stand: Stand) -> None:
    """Every connection of the queue's client ends, as if its server had."""
    stand.kills += 1
    stand.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        " AND (query ILIKE '%%pgmq%%' OR query ILIKE 'listen%%')"
    )


def _end_leases(stand: Stand) -> None:
    stand.sql("UPDATE paritycheck_delivery SET lease_until = now() WHERE lease_until > now() AND state = 'due'")


def _all_sent(stand: Stand, alerts: int, *, patient: bool) -> bool:
    if not patient:
        _end_leases(stand)
    return stand.count("SELECT count(*) FROM paritycheck_delivery WHERE state <> 'due'") >= alerts
