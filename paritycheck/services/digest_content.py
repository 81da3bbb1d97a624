"""What a digest says: where a project stands, and what happened in a period, of what somebody wants to see."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from paritycheck.core.decisions import Ending, Quiet
from paritycheck.core.digests import Day, Standing
from paritycheck.core.message import Row
from paritycheck.core.rows import OPEN, Step, row
from paritycheck.core.subscriptions import TOOLS, Facts
from paritycheck.models import Drift, DriftEvent, Pair, Project
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.columns import is_silent, pulses_of
from paritycheck.selectors.courses import Courses
from paritycheck.selectors.trend import open_at
from paritycheck.services.endings import endings_of
from paritycheck.services.telling import drift_link, project_link, subject_of

TREND_DAYS: Final = 7
LONGEST_TREND: Final = 8
"""Ends of days: a week and the day that it is compared with."""
A_DAY: Final = timedelta(days=1)
OPENING: Final = frozenset({"opened", "reopened"})
RESOLVED: Final = "resolved"
Wanted = Callable[[Facts], bool]


@dataclass(frozen=True, slots=True)
class _Happened:
    """Kinds of events by drift: in the period, and after its end (a digest may be late)."""

    during: Mapping[str, frozenset[str]]
    after: Mapping[str, frozenset[str]]


def day_of(project: Project, since: datetime, until: datetime, wanted: Wanted) -> Day:
    """The digest's content, from what is open now and what happened in the period, of what is wanted."""
    rows = Drift.objects.filter(project=project).select_related("left", "right")
    every = [drift for drift in rows if wanted(facts_of(drift))]
    drifts = [drift for drift in every if drift.state != DriftState.WAIVED]
    happened = _happened(project, since, until)
    shown = [drift for drift in drifts if not happened.after.get(drift.id, frozenset()) & OPENING]
    told: dict[str, list[Row]] = defaultdict(list)
    for drift in shown:
        what = _what(drift, happened.during.get(drift.id, frozenset()))
        if what:
            told[what].append(_row(project, drift, what))
    open_drifts = [drift for drift in shown if drift.state == DriftState.OPEN]
    counts = _Counts(project, every, since, until)
    return Day(
        project=project.slug,
        url=project_link(project.slug),
        since=since,
        until=until,
        before=counts.before(),
        opened=told["opened"],
        changed=told["worsened"],
        resolved=told[RESOLVED],
        still=told[OPEN],
        standings=_standings(project, open_drifts, counts, wanted),
        waivers_ending=_endings(project, until, wanted),
        silent=_silent(project, until, wanted),
    )


def _endings(project: Project, until: datetime, wanted: Wanted) -> list[Ending]:
    """Waivers of something wanted that end within a week."""
    return [
        Ending(
            name=one.document["title"],
            pair=" and ".join(dict.fromkeys((one.document["pair"] or "").split(".."))),
            ends_at=one.until,
            owner=one.document["owner"],
            reason=one.document["reason"],
            url=f"{project_link(project.slug)}/waivers",
        )
        for one in endings_of(project, until)
        if any(wanted(facts_of(drift)) for drift in one.hides)
    ]


def _silent(project: Project, until: datetime, wanted: Wanted) -> list[Quiet]:
    """Environments of which nobody was heard for too long."""
    pulses = pulses_of([project.pk])
    return [
        Quiet(each.slug, pulses[each.pk].seen, f"{project_link(project.slug)}/environments/{each.slug}")
        for each in project.environments.order_by("slug")
        if is_silent(each, pulses.get(each.pk), until) and wanted(Facts("", "error", each.slug, each.slug))
    ]


def facts_of(drift: Drift) -> Facts:
    """What is matched of a drift as it is now."""
    left, right = drift.left.slug, drift.right.slug
    return Facts(TOOLS, drift.severity, left, right, drift.section, drift.name, drift.owner)


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
    """How many of these drifts were open, and not waived, when the period began and at the ends of the last days."""

    def __init__(self, project: Project, drifts: Sequence[Drift], since: datetime, until: datetime) -> None:
        ends = [until - A_DAY * back for back in range(LONGEST_TREND if until - since > A_DAY else TREND_DAYS)][::-1]
        self.ends = [end for end in ends if end >= project.created_at]
        pairs = {drift.id: (drift.left_id, drift.right_id) for drift in drifts}
        instants = sorted({since, *self.ends})
        found = open_at(project.pk, instants)
        counted = [Counter(pairs[drift] for drift in standing if drift in pairs) for standing in found]
        self._at = dict(zip(instants, counted, strict=True))
        self._since = since

    def before(self) -> int:
        """In all pairs when the period began."""
        return self._at[self._since].total()

    def trend(self, pair: tuple[UUID, UUID]) -> tuple[int, ...]:
        """One pair's number at the end of each of the last days, oldest first."""
        return tuple(self._at[end][pair] for end in self.ends)


def _standings(project: Project, open_drifts: Sequence[Drift], counts: _Counts, wanted: Wanted) -> list[Standing]:
    """Every evaluated pair of environments that are wanted; a look inside one only where something is open."""
    severities: dict[tuple[UUID, UUID], Counter[str]] = defaultdict(Counter)
    for drift in open_drifts:
        severities[drift.left_id, drift.right_id][drift.severity] += 1
    pairs = Pair.objects.filter(project=project).select_related("left", "right")
    courses = Courses(project, counts.ends)
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
            time_trend=courses.time(pair.left, pair.right) if pair.left_id != pair.right_id else (),
            personnel_trend=courses.personnel(pair.right) if pair.left_id != pair.right_id else (),
        )
        for pair in pairs
        if severities[pair.left_id, pair.right_id] or _shown(pair, wanted)
    ]


def _shown(pair: Pair, wanted: Wanted) -> bool:
    """Whether a pair in which nothing is open stands there: two environments that the reader asked for."""
    return pair.left_id != pair.right_id and wanted(Facts("", "error", pair.left.slug, pair.right.slug))
