"""Turns drift events into messages, once the group window of their pair has closed."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q

from paritycheck.core.alerts import Place
from paritycheck.core.damping import ALERTED, HELD, LOOK_BACK, QUIET, RESOLVED, Event, Plan, Told, plan
from paritycheck.core.message import Row
from paritycheck.core.rows import Origin, Step, row
from paritycheck.core.subscriptions import TOOLS, Facts
from paritycheck.models import Drift, DriftEvent, Notice
from paritycheck.models.drifts import DriftState
from paritycheck.services.jobs import ROUTE, note
from paritycheck.services.origins import origins_of
from paritycheck.services.settle import HAND, UNWAIVED
from paritycheck.services.tell import Line, tell_drifts
from paritycheck.services.tell_notices import tell_notices
from paritycheck.services.telling import drift_link, project_link, subject_of

log = structlog.get_logger(__name__)
# However the clocks of two hosts differ, no wake-up of ours lies further ahead than the longest window.
LONGEST_WAIT_S = 30
MOST_PROJECTS = 100
REOPENED = "reopened"
_READ = ("drift_id", "kind", "why", "at", "routed_at")


def projects_due(now: datetime) -> list[UUID]:
    """Projects with events or notices that may be told now, longest waiting first. A resolution is left alone while it
    is held.
    """
    held = Q(kind=RESOLVED, at__gt=now - HELD)
    waiting = Q(routed_at__isnull=True, at__lte=now - QUIET)
    events = DriftEvent.objects.filter(waiting).exclude(held).values_list("at", "project_id")
    notices = Notice.objects.filter(waiting).values_list("at", "project_id")
    found = sorted([*events.order_by("at"), *notices.order_by("at")])
    return list(dict.fromkeys(project for _, project in found))[:MOST_PROJECTS]


def route_project(*, project_id: UUID, now: datetime) -> None:
    """Tell, drop or leave waiting each event of the project that was not routed yet, in one transaction, and tell its
    notices in another.

    Two that run at once share the work: the second one waits for the rows of the first and finds them routed.
    """
    _route_events(project_id, now)
    with transaction.atomic():
        tell_notices(project_id=project_id, now=now)


def _route_events(project_id: UUID, now: datetime) -> None:
    with transaction.atomic():
        pending = _lock(project_id)
        if not pending:
            return
        drifts = _drifts(pending)
        done = [event.ident for event in pending if drifts[event.drift].state == DriftState.WAIVED]
        for events in _by_pair(_with_history(pending, drifts), drifts):
            planned = plan(events, now)
            done += planned.routed
            _tell(planned, drifts, now)
            _wake_again(project_id, planned, now)
        DriftEvent.objects.filter(pk__in=done).update(routed_at=now)


def _lock(project_id: UUID) -> list[Event]:
    rows = DriftEvent.objects.select_for_update(no_key=True).filter(project_id=project_id, routed_at__isnull=True)
    return [_event(row) for row in rows.only(*_READ).order_by("id")]


def _event(row: DriftEvent) -> Event:
    """A drift whose waiver ended is back, for readers; not where somebody ended it, who knows."""
    back = row.kind == UNWAIVED and row.why != HAND
    return Event(row.pk, row.drift_id, REOPENED if back else row.kind, row.at, row.routed_at is not None)


def _drifts(events: Sequence[Event]) -> dict[str, Drift]:
    rows = Drift.objects.select_related("project__policy", "left", "right").defer("left_side", "right_side", "also")
    return {row.id: row for row in rows.filter(pk__in={event.drift for event in events})}


def _with_history(pending: Sequence[Event], drifts: Mapping[str, Drift]) -> list[Event]:
    """The pending events of drifts that are not waived, and what of these drifts was routed before."""
    told = {ident for ident, drift in drifts.items() if drift.state != DriftState.WAIVED}
    since = min(event.at for event in pending) - LOOK_BACK
    kinds = (*ALERTED, UNWAIVED)
    rows = DriftEvent.objects.filter(drift_id__in=told, kind__in=kinds, at__gte=since, routed_at__isnull=False)
    history = [_event(row) for row in rows.only(*_READ)]
    return [*(event for event in pending if event.drift in told), *history]


def _by_pair(events: Iterable[Event], drifts: Mapping[str, Drift]) -> list[list[Event]]:
    pairs: dict[tuple[UUID, UUID], list[Event]] = defaultdict(list)
    for event in events:
        drift = drifts[event.drift]
        pairs[drift.left_id, drift.right_id].append(event)
    return [pairs[key] for key in sorted(pairs)]


def _tell(planned: Plan, drifts: Mapping[str, Drift], now: datetime) -> None:
    """One message to each listener of the pair, of the lines that they asked for."""
    if not planned.told:
        return
    events = DriftEvent.objects.in_bulk([told.ident for told in planned.told])
    origins = origins_of(drifts[told.drift] for told in planned.told)
    lines = [_line(told, events[told.ident], drifts[told.drift], origins.get(told.drift)) for told in planned.told]
    first = drifts[planned.told[0].drift]
    place = Place(first.project.slug, first.left.slug, first.right.slug, project_link(first.project.slug))
    count = tell_drifts(project=first.project, place=place, lines=lines, dedupe=f"alert:{min(planned.routed)}", now=now)
    log.info("alert routed", project=str(first.project_id), drifts=len(lines), deliveries=count)


def _line(told: Told, event: DriftEvent, drift: Drift, origin: Origin | None) -> Line:
    facts = Facts(TOOLS, event.severity, drift.left.slug, drift.right.slug, drift.section, drift.name, drift.owner)
    return Line(drift.id, _row(told, event, drift, origin), facts, event.initial)


def _row(told: Told, event: DriftEvent, drift: Drift, origin: Origin | None) -> Row:
    step = Step(
        change=told.change,
        at=event.at,
        opened_at=drift.opened_at,
        severity=event.severity,
        is_open=event.kind != RESOLVED,
        changes=told.changes,
        owner=drift.owner,
        origin=origin,
    )
    return row(subject_of(drift, event), step, drift_link(drift.project.slug, drift.id))


def _wake_again(project_id: UUID, planned: Plan, now: datetime) -> None:
    """Route's own wake-up for the end of the group window; the sweeper has the row if it is lost."""
    if planned.window_ends is not None:
        wait = math.ceil((planned.window_ends - now).total_seconds())
        note(ROUTE, project_id, countdown=min(max(wait, 1), LONGEST_WAIT_S))
