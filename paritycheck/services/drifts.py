"""Writes the steps of drifts, and an event for each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from paritycheck.core.facts import Fact, State
from paritycheck.core.lifecycle import Change, Known, Transition
from paritycheck.core.waivers import converged
from paritycheck.models import Drift, DriftEvent, Environment, Pair
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.states import disagreement, evidence_of, looked_in, read_times
from paritycheck.selectors.waivers import accepted_of

SHOWN_MEMBERS = (
    "shape", "plain", "scope", "declared", "locked", "via", "variant", "keys", "length", "host", "scheme", "support",
    "support_source",
)  # fmt: skip


def known_drifts(pair: Pair) -> dict[str, Known]:
    """The pair's drifts by identity, their rows locked."""
    rows = Drift.objects.select_for_update().filter(project=pair.project, left=pair.left, right=pair.right)
    return {row.id: known_of(row) for row in rows.order_by("id")}


def known_of(row: Drift) -> Known:
    """A stored drift as `core` follows it."""
    return Known(
        row.id, row.section, row.name, row.rule, row.state, row.severity, row.distance, row.content, row.reopened
    )


def write_steps(*, pair: Pair, steps: Sequence[Transition], owners: dict[str, str], now: datetime) -> None:
    """Apply the steps to the pair's drifts in one go: rows first, then an event each.

    `owners` gives the policy's owner by drift identity; an owner assigned by hand is never overwritten.
    """
    if not steps:
        return
    sides = _Sides(pair.left), _Sides(pair.right)
    rows = {row.id: row for row in Drift.objects.filter(pk__in=[step.identity for step in steps])}
    made = [_open(pair, step, sides, owners, now) for step in steps if step.identity not in rows]
    Drift.objects.bulk_create(made)
    old = [_move(rows[step.identity], step, sides, now) for step in steps if step.identity in rows]
    if old:
        Drift.objects.bulk_update(old, _MOVING)
    rows |= {row.id: row for row in made}
    DriftEvent.objects.bulk_create(_event(rows[step.identity], step, now) for step in steps)


_MOVING = [
    "severity", "distance", "expectation", "content", "state", "also", "left_side", "right_side", "changed_at",
    "resolved_at", "reopened", "initial", "waiver", "accepted",
]  # fmt: skip


class _Sides:
    """One environment's words for a drift: what it showed, where that was read, and when."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self._times = read_times(environment)
        self._evidence: dict[str, dict[str, dict[str, Any]]] = {}

    def document(self, section: str, fact: Fact) -> dict[str, Any]:
        snapshot = self.environment.latest
        if snapshot is None:
            return {"environment": self.environment.slug, "state": "unknown", "reason": "not-collected"}
        if section not in self._evidence:
            self._evidence[section] = evidence_of(snapshot, section)
        evidence, at = self._evidence[section], self._times.get(section)
        sources = evidence.get(fact.name, {}).get("sources", [])
        if not sources and fact.state is State.ABSENT:
            sources = looked_in(evidence, section, fact.name)
        said = disagreement(self.environment, section, fact.name) if fact.reason == "skew" else []
        return side_document(
            fact,
            environment=self.environment.slug,
            snapshot=f"{self.environment.slug}#{snapshot.number}",
            sources=sources,
            read_at=at.isoformat() if at else None,
            **({"said": said} if said else {}),
        )


def side_document(fact: Fact, **where: Any) -> dict[str, Any]:
    """A fact as drifts and verdicts show it; `value` is a list where several values hold at once."""
    said: dict[str, Any] = {"name": fact.name, "state": fact.state.value, "kind": fact.kind, "reason": fact.reason}
    said["value"] = fact.value if len(fact.values) < 2 else list(fact.values)  # noqa: PLR2004  one or several
    shown = {key: fact.members[key] for key in SHOWN_MEMBERS if fact.members.get(key)}
    return {**{key: value for key, value in said.items() if value is not None}, **shown, **where}


def _open(pair: Pair, step: Transition, sides: tuple[_Sides, _Sides], owners: dict[str, str], now: datetime) -> Drift:
    drift = Drift(
        id=step.identity,
        project=pair.project,
        left=pair.left,
        right=pair.right,
        section=step.section,
        name=step.name,
        rule=step.rule,
        opened_at=now,
        owner=owners.get(step.identity, ""),
    )
    return _move(drift, step, sides, now)


def _move(drift: Drift, step: Transition, sides: tuple[_Sides, _Sides], now: datetime) -> Drift:
    drift.changed_at = now
    finding = step.finding
    if finding is None:
        drift.state, drift.resolved_at, drift.waiver = DriftState.RESOLVED, now, None
        drift.accepted = {key: list(taken) for key, taken in converged(accepted_of(drift)).items()} or None
        return drift
    drift.severity, drift.distance, drift.expectation = finding.severity, finding.distance, finding.expectation
    drift.content, drift.also, drift.reopened = finding.content, list(finding.also), step.reopened
    drift.left_side = sides[0].document(step.section, finding.left)
    drift.right_side = sides[1].document(step.section, finding.right)
    drift.resolved_at = None
    if step.kind in {Change.OPENED, Change.REOPENED}:
        drift.state, drift.initial = DriftState.OPEN, step.initial
    return drift


def _event(drift: Drift, step: Transition, now: datetime) -> DriftEvent:
    return DriftEvent(
        project_id=drift.project_id,
        drift=drift,
        kind=step.kind.value,
        initial=step.initial,
        severity=drift.severity,
        left_side=drift.left_side,
        right_side=drift.right_side,
        at=now,
    )


def end_quietly(*, of: Q, why: str, now: datetime) -> int:
    """Resolve the drifts of these pairs without a message, because nothing is compared there any more, and forget the
    pairs. How many; the caller is in a transaction.
    """
    living = Drift.objects.select_for_update().filter(of).exclude(state=DriftState.RESOLVED)
    drifts = list(living.order_by("id"))
    DriftEvent.objects.bulk_create(_ended(drift, why, now) for drift in drifts)
    Drift.objects.filter(pk__in=[drift.pk for drift in drifts]).update(
        state=DriftState.RESOLVED, resolved_at=now, changed_at=now, waiver=None
    )
    Pair.objects.filter(of).delete()
    return len(drifts)


def _ended(drift: Drift, why: str, now: datetime) -> DriftEvent:
    return DriftEvent(
        project_id=drift.project_id,
        drift=drift,
        kind="resolved",
        severity=drift.severity,
        left_side=drift.left_side,
        right_side=drift.right_side,
        why=why,
        at=now,
        routed_at=now,
    )
