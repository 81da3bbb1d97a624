"""What has to hold after every scenario, whatever was killed: the invariants of a queue of record.

Reads the database by SQL and the sink's file, never the service's own functions: those are what is judged.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.chaos.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.chaos.shops import Shop
    from tests.chaos.stand import Stand

STUCK_S = 120
NOBODY = "never"
"""Addresses that the mail server refuses for good begin so: what is for them never arrives."""


def judge(stand: Stand, name: str, shops: Sequence[Shop] = ()) -> Outcome:
    """Count what is in the outbox against what arrived, and look for everything that must not be."""
    outbox = {str(row[0]): row[1] for row in stand.sql("SELECT id, recipient FROM paritycheck_delivery")}
    counted = Counter(stand.arrived())
    lost = [ident for ident, to in outbox.items() if not counted[ident] and not to.startswith(NOBODY)]
    again = sum(counted.values()) - len(counted)
    problems = [
        *(f"{ident} arrived and is in no outbox" for ident in counted if ident not in outbox),
        *(
            f"{ident} arrived {n} times, with {stand.kills} kills"
            for ident, n in counted.items()
            if n - 1 > stand.kills
        ),
        *([f"{again} duplicates, with {stand.kills} kills"] if again > stand.kills else []),
        *_unfinished(stand),
        *_unheard(stand, shops),
        *strays(stand),
    ]
    return Outcome(name, len(outbox), len(counted), stand.kills, len(lost), again, problems=problems)


def settle(stand: Stand, shops: Sequence[Shop], within_s: float) -> None:
    """Wait until all work is done and everybody was told of what is open, or until the time is over."""

    def settled() -> bool:
        stand.revive()
        waiting = stand.count(
            "SELECT (SELECT count(*) FROM paritycheck_job WHERE state = 'due' AND due_at < now())"
            " + (SELECT count(*) FROM paritycheck_driftevent WHERE routed_at IS NULL AND kind <> 'resolved')"
            " + (SELECT count(*) FROM paritycheck_delivery WHERE state = 'due')"
        )
        return not waiting and not any(_untold(stand, shop) for shop in shops)

    stand.until(settled, within_s)


def _unfinished(stand: Stand) -> list[str]:
    """Work that nobody does any more, and work that was given up."""
    stuck = stand.count(
        "SELECT count(*) FROM paritycheck_delivery WHERE state = 'due' AND due_at < now() - make_interval(secs => %s)"
        " AND (lease_until IS NULL OR lease_until < now())",
        STUCK_S,
    )
    jobs = stand.count(
        "SELECT count(*) FROM paritycheck_job WHERE state = 'due' AND due_at < now() - make_interval(secs => %s)",
        STUCK_S,
    )
    dead = stand.count("SELECT count(*) FROM paritycheck_job WHERE state = 'dead'")
    unrouted = stand.count(
        "SELECT count(*) FROM paritycheck_driftevent WHERE routed_at IS NULL AND kind <> 'resolved'"
        " AND at < now() - interval '1 minute'"
    )
    found = {"deliveries stuck": stuck, "jobs stuck": jobs, "jobs dead": dead, "events unrouted": unrouted}
    return [f"{count} {what}" for what, count in found.items() if count]


def _unheard(stand: Stand, shops: Sequence[Shop]) -> list[str]:
    """Reports that were taken and are not there, and open drifts that somebody was not told of."""
    problems = []
    for shop in shops:
        newest: dict[str, int] = {}
        for slug, seq in shop.acked:
            newest[slug] = max(seq, newest.get(slug, 0))
        for slug, seq in newest.items():
            found = stand.sql(
                "SELECT i.seq FROM paritycheck_instance i JOIN paritycheck_environment e ON e.id = i.environment_id"
                " WHERE e.project_id = %s AND e.slug = %s", shop.project.pk, slug,
            )  # fmt: skip
            if not found or found[0][0] < seq:
                problems.append(f"{shop.project.slug}: report {seq} of {slug} was acknowledged and is gone")
        problems += _untold(stand, shop)
    return problems


def _untold(stand: Stand, shop: Shop) -> list[str]:
    project = shop.project.pk
    opened = stand.count(
        "SELECT count(*) FROM paritycheck_drift WHERE project_id = %s AND state = 'open' AND severity = 'error'",
        project,
    )
    told = stand.count(
        "SELECT count(DISTINCT (channel, recipient)) FROM paritycheck_delivery"
        " WHERE project_id = %s AND kind = 'alert' AND state IN ('sent', 'due')",
        project,
    )
    if shop.differs and not opened:
        return [f"{shop.project.slug}: staging differs and no drift is open"]
    if opened and told < shop.recipients:
        return [f"{shop.project.slug}: {told} of {shop.recipients} were told of {opened} open drifts"]
    return []


def strays(stand: Stand) -> list[str]:
    """Rows whose parent belongs to another project."""
    pairs = {
        "deliveries of channels": "paritycheck_delivery c JOIN paritycheck_channel p ON p.id = c.target_id",
        "events": "paritycheck_driftevent c JOIN paritycheck_drift p ON p.id = c.drift_id",
        "attempts": "paritycheck_deliveryattempt c JOIN paritycheck_delivery p ON p.id = c.delivery_id",
        "jobs": "paritycheck_job c JOIN paritycheck_environment p ON p.id = c.environment_id",
    }
    found = {
        what: stand.count(f"SELECT count(*) FROM {join} WHERE c.project_id <> p.project_id")  # noqa: S608  our own words
        for what, join in pairs.items()
    }
    return [f"{count} {what} of another project" for what, count in found.items() if count]
