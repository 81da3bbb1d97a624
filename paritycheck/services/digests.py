"""Daily digests: one for each project in which something happened, however often beat asks."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction

from paritycheck.core.digests import Day, Standing, digest
from paritycheck.core.message import Row
from paritycheck.core.rows import OPEN, Step, row
from paritycheck.models import Drift, DriftEvent, Pair, PeriodRun, Project
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.recipients import recipients_of
from paritycheck.services.outbox import put_out
from paritycheck.services.telling import drift_link, project_link, subject_of

log = structlog.get_logger(__name__)
HOUR_UTC: Final = 7
PERIOD: Final = timedelta(days=1)
TREND_DAYS: Final = 7
OPENING: Final = frozenset({"opened", "reopened"})
RESOLVED: Final = "resolved"


def prepare_digests(*, now: datetime) -> None:
    """Put out the digest of the period that ended last, for each project that did not have it yet.

    A project is claimed by a unique row of its own, so two beats are one and a project that fails does not keep the
    others from theirs; it is tried again with the next call.
    """
    until = period_end(now)
    claimed = PeriodRun.objects.filter(period_start=until).values_list("task", flat=True)
    done = set(claimed)
    for project in Project.objects.filter(created_at__lt=until).order_by("slug"):
        if _task(project.pk) not in done:
            _try(project, until)


def period_end(now: datetime) -> datetime:
    """The last 07:00 UTC."""
    today = now.replace(hour=HOUR_UTC, minute=0, second=0, microsecond=0)
    return today if today <= now else today - PERIOD


def _task(project_id: UUID) -> str:
    return f"digest:{project_id}"


def _try(project: Project, until: datetime) -> None:
    try:
        with transaction.atomic():
            _prepare(project, until)
    except Exception:
        log.exception("digest failed", project=str(project.pk))


def _prepare(project: Project, until: datetime) -> None:
    """Claim the period, then write the digest. Of two at once the second waits for the first and finds it claimed."""
    before = PeriodRun.objects.filter(task=_task(project.pk), period_start__lt=until).order_by("-period_start").first()
    _, ours = PeriodRun.objects.get_or_create(task=_task(project.pk), period_start=until)
    since = before.period_start if before else max(project.created_at, until - PERIOD)
    if not ours or not DriftEvent.objects.filter(project=project, at__gte=since, at__lt=until).exists():
        return
    message = digest(day_of(project, since, until))
    dedupe = f"digest:{until:%Y-%m-%dT%H:%MZ}"
    count = put_out(project_id=project.pk, message=message, recipients=recipients_of(project.pk), dedupe=dedupe)
    log.info("digest prepared", project=str(project.pk), deliveries=count)


@dataclass(frozen=True, slots=True)
class _Happened:
    """Kinds of events by drift: in the period, and after its end (a digest may be late)."""

    during: Mapping[str, frozenset[str]]
    after: Mapping[str, frozenset[str]]


def day_of(project: Project, since: datetime, until: datetime) -> Day:
    """The digest's content, from what is open now and what happened in the period."""
    drifts = list(
        Drift.objects.filter(project=project).exclude(state=DriftState.WAIVED).select_related("left", "right")
    )
    happened = _happened(project, since, until)
    shown = [drift for drift in drifts if not happened.after.get(drift.id, frozenset()) & OPENING]
    rows: dict[str, list[Row]] = defaultdict(list)
    for drift in shown:
        what = _what(drift, happened.during.get(drift.id, frozenset()))
        if what:
            rows[what].append(_row(project, drift, what))
    open_drifts = [drift for drift in shown if drift.state == DriftState.OPEN]
    counts = _Counts(project, drifts, since, until)
    return Day(
        project=project.slug,
        url=project_link(project.slug),
        since=since,
        until=until,
        before=counts.before(),
        opened=rows["opened"],
        changed=rows["worsened"],
        resolved=rows[RESOLVED],
        still=rows[OPEN],
        standings=_standings(project, open_drifts, counts),
    )


def _drifts(project: Project, since: datetime) -> list[Drift]:
    """What is open, and what was resolved since."""
    rows = Drift.objects.filter(project=project).exclude(state=DriftState.WAIVED)
    return list(rows.exclude(state=DriftState.RESOLVED, resolved_at__lt=since).select_related("left", "right"))


def _happened(project: Project, since: datetime, until: datetime) -> _Happened:
    events = DriftEvent.objects.filter(project=project, at__gte=since).values_list("drift_id", "kind", "at")
    during: dict[str, set[str]] = defaultdict(set)
    after: dict[str, set[str]] = defaultdict(set)
    for drift, kind, at in events:
        (during if at < until else after)[drift].add(kind)
    return _Happened(
        {drift: frozenset(kinds) for drift, kinds in during.items()},
        {drift: frozenset(kinds) for drift, kinds in after.items()},
    )


def _what(drift: Drift, kinds: frozenset[str]) -> str:
    """Under which heading it goes; nothing for what was resolved before the period."""
    if drift.state == DriftState.RESOLVED:
        return RESOLVED if RESOLVED in kinds else ""
    if kinds & OPENING:
        return "opened"
    return "worsened" if kinds else OPEN


def _row(project: Project, drift: Drift, what: str) -> Row:
    step = Step(
        change=what,
        at=drift.resolved_at or drift.changed_at,
        opened_at=drift.opened_at,
        severity=drift.severity,
        owner=drift.owner,
    )
    return row(subject_of(drift, drift), step, drift_link(project.slug, drift.id))


class _Counts:
    """How many drifts were open at an instant: what is open now, walked back by what happened since."""

    def __init__(self, project: Project, drifts: Sequence[Drift], since: datetime, until: datetime) -> None:
        self._since = since
        ends = [until - PERIOD * back for back in reversed(range(TREND_DAYS))]
        self._ends = [end for end in ends if end >= project.created_at]
        self._now = Counter((drift.left_id, drift.right_id) for drift in drifts if drift.state == DriftState.OPEN)
        events = DriftEvent.objects.filter(project=project, at__gte=min([since, *self._ends]))
        moving = events.filter(kind__in=[*OPENING, RESOLVED]).exclude(drift__state=DriftState.WAIVED)
        self._steps = list(moving.values_list("drift__left_id", "drift__right_id", "kind", "at"))

    def before(self) -> int:
        """In all pairs when the period began."""
        return sum(self._at(pair, self._since) for pair in {*self._now, *((step[0], step[1]) for step in self._steps)})

    def trend(self, pair: tuple[UUID, UUID]) -> tuple[int, ...]:
        """One pair's number at the end of each of the last days, oldest first."""
        return tuple(self._at(pair, end) for end in self._ends)

    def _at(self, pair: tuple[UUID, UUID], instant: datetime) -> int:
        later = [kind for left, right, kind, at in self._steps if (left, right) == pair and at >= instant]
        opened = sum(1 for kind in later if kind in OPENING)
        return max(0, self._now[pair] - opened + (len(later) - opened))


def _standings(project: Project, open_drifts: Sequence[Drift], counts: _Counts) -> list[Standing]:
    """Every evaluated pair; a look inside one environment only where something is open."""
    severities: dict[tuple[UUID, UUID], Counter[str]] = defaultdict(Counter)
    for drift in open_drifts:
        severities[drift.left_id, drift.right_id][drift.severity] += 1
    pairs = Pair.objects.filter(project=project).select_related("left", "right")
    return [
        Standing(
            left=pair.left.slug,
            right=pair.right.slug,
            time=pair.time,
            personnel=pair.personnel,
            parity=pair.parity,
            coverage=pair.coverage,
            severities=severities[pair.left_id, pair.right_id],
            trend=counts.trend((pair.left_id, pair.right_id)),
        )
        for pair in pairs
        if pair.left_id != pair.right_id or severities[pair.left_id, pair.right_id]
    ]
