"""Brings the drifts of a pair to open or waived as its waivers say now, and writes an event for each that turns."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from paritycheck.core.policy import Policy
from paritycheck.core.waivers import Grant, Ruling, rule_on
from paritycheck.models import Drift, DriftEvent, Pair, Waiver
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.waivers import Granted, granted, held

WAIVED = "waived"
UNWAIVED = "unwaived"
HAND = "hand"
"""Why a drift counts again when a person ended its waiver."""


@dataclass(frozen=True, slots=True)
class By:
    """Who turned what, where a person did; `why` replaces the word that the ruling has for it."""

    actor: str = ""
    why: str = ""


def settle_waivers(*, pair: Pair, policy: Policy, now: datetime, by: By | None = None) -> timedelta | None:
    """Settle a pair whose row is locked. Returns how long until one of the waivers that cover something ends."""
    rows = list(
        Drift.objects.select_for_update(of=("self",))
        .filter(project_id=pair.project_id, left_id=pair.left_id, right_id=pair.right_id)
        .exclude(state=DriftState.RESOLVED)
        .select_related("left", "right")
        .order_by("id")
    )
    if not rows:
        return None
    found = {each.grant.key: each for each in granted(pair.project, policy)}
    grants = [each.grant for each in found.values()]
    rulings = [(row, rule_on(held(row), grants, now)) for row in rows]
    before = [(row.state, row.waiver, row.accepted) for row in rows]
    events = [event for row, ruling in rulings for event in _turn(row, ruling, found, now, by or By())]
    changed = [row for row, was in zip(rows, before, strict=True) if was != (row.state, row.waiver, row.accepted)]
    if changed:
        Drift.objects.bulk_update(changed, ["state", "waiver", "accepted"])
    DriftEvent.objects.bulk_create(events)
    return _next_end([ruling.grant for _, ruling in rulings], now)


def _next_end(covering: list[Grant | None], now: datetime) -> timedelta | None:
    ends = [grant.until - now for grant in covering if grant is not None and grant.until is not None]
    return min(ends, default=None)


def _turn(drift: Drift, ruling: Ruling, found: dict[str, Granted], now: datetime, by: By) -> list[DriftEvent]:
    before = drift.waiver or {}
    drift.accepted = {key: list(taken) for key, taken in ruling.accepted.items()} or None
    if ruling.grant is not None:
        document = found[ruling.grant.key].document
        drift.state, drift.waiver = DriftState.WAIVED, document
        if before.get("key") == document["key"]:
            return []
        actor = by.actor or document["made_by"] or ""
        return [_event(drift, WAIVED, now, By(actor, document["reason"]))]
    if drift.state != DriftState.WAIVED:
        return []
    drift.state, drift.waiver = DriftState.OPEN, None
    return [_event(drift, UNWAIVED, now, _over(str(before.get("key", "")), ruling, by))]


def _over(key: str, ruling: Ruling, by: By) -> By:
    """Why a waiver covers a drift no more: what the ruling says, or what ended the waiver itself."""
    if key in ruling.why:
        return By(by.actor, ruling.why[key])
    kind, _, ident = key.partition(":")
    if kind != "person":
        return By(by.actor, "removed")
    ended = Waiver.objects.filter(pk=ident).first()
    return By(ended.ended_by, ended.ended_why) if ended is not None else By(by.actor, "removed")


def _event(drift: Drift, kind: str, now: datetime, by: By) -> DriftEvent:
    return DriftEvent(
        project_id=drift.project_id,
        drift=drift,
        kind=kind,
        severity=drift.severity,
        left_side=drift.left_side,
        right_side=drift.right_side,
        actor=by.actor,
        why=by.why,
        at=now,
    )
