"""What a digest tells besides drifts: the course of the other gaps, waivers that end, agents that are silent."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from paritycheck.core.bands import Unknown
from paritycheck.core.decisions import Ending, Quiet
from paritycheck.core.digests import Standing, worst_first
from paritycheck.core.lagseries import Point, lag_series
from paritycheck.core.subscriptions import TOOLS, Facts
from paritycheck.models import Drift, Environment, Notice, Project
from paritycheck.models.notices import NoticeKind
from paritycheck.selectors.deploys import commit_graph, runs_of
from paritycheck.selectors.personnel import personnel_of
from paritycheck.services.endings import endings_of
from paritycheck.services.notice_words import facts_of
from paritycheck.services.telling import project_link

WEEK: Final = timedelta(days=7)
MOST_POINTS: Final = 500
Wanted = Callable[[Facts], bool]


def with_courses(project: Project, standings: Sequence[Standing], ends: Sequence[datetime]) -> list[Standing]:
    """The worst one, which alone is told in full, with what its gaps were at these ends of days."""
    if not standings or not ends:
        return list(standings)
    first, *others = worst_first(standings)
    if first.left == first.right:
        return [first, *others]
    sides = {row.slug: row for row in project.environments.filter(slug__in=(first.left, first.right))}
    left, right = sides[first.left], sides[first.right]
    ages, shares = _ages(left, right, ends), _shares(right, ends)
    return [replace(first, time_trend=_known(ages), personnel_trend=_known(shares)), *others]


def _known(values: Sequence[float | None]) -> tuple[float, ...]:
    """From where it is known without a break; a course with holes would be drawn as one that fell to nothing."""
    last = max((index for index, value in enumerate(values) if value is None), default=-1)
    return tuple(value for value in values[last + 1 :] if value is not None)


def _ages(left: Environment, right: Environment, ends: Sequence[datetime]) -> list[float | None]:
    graph, committed = commit_graph(left.project)
    since = datetime.min.replace(tzinfo=ends[0].tzinfo)
    points = lag_series(graph, runs_of(left), runs_of(right), committed, since=since, most=MOST_POINTS)
    return [_age(points, end) for end in ends]


def _age(points: Sequence[Point], end: datetime) -> float | None:
    """T2 then: after the deploy before it, grown by the time that went by since, if something waited."""
    last = next((point for point in reversed(points) if point.at <= end), None)
    if last is None or isinstance(last.age, Unknown) or isinstance(last.lag, Unknown):
        return None
    return last.age.seconds + ((end - last.at).total_seconds() if last.lag.waiting else 0.0)


def _shares(environment: Environment, ends: Sequence[datetime]) -> list[float | None]:
    found = personnel_of(environment, ends[-1], weeks=1 + (ends[-1] - ends[0]) // WEEK)
    values = [found.gap_at(end).value for end in ends]
    return [None if isinstance(value, Unknown) else value for value in values]


def waivers_ending(project: Project, now: datetime, wanted: Wanted) -> list[Ending]:
    """Those that end within a week and hide something that the reader asked for."""
    url = f"{project_link(project.slug)}/waivers"
    return [
        Ending(
            name=one.document["title"],
            pair=" and ".join(dict.fromkeys((one.document["pair"] or "").split(".."))),
            ends_at=one.until,
            owner=one.document["owner"],
            reason=one.document["reason"],
            url=url,
        )
        for one in endings_of(project, now)
        if any(wanted(_facts(drift)) for drift in one.hides)
    ]


def _facts(drift: Drift) -> Facts:
    return Facts(TOOLS, drift.severity, drift.left.slug, drift.right.slug, drift.section, drift.name, drift.owner)


def silent_now(project: Project, now: datetime, wanted: Wanted) -> list[Quiet]:
    """Whoever fell silent and has not reported since."""
    kinds = (NoticeKind.SILENT, NoticeKind.HEARD)
    rows = Notice.objects.filter(project=project, kind__in=kinds, at__lte=now).select_related("left", "right")
    last = rows.order_by("about", "-at", "-pk").distinct("about")
    return [
        Quiet(
            environment=row.left.slug,
            since=datetime.fromisoformat(row.detail["seen_at"]),
            url=f"{project_link(project.slug)}/environments/{row.left.slug}",
            agent=row.detail["agent"],
        )
        for row in last
        if row.left is not None and row.kind == NoticeKind.SILENT and wanted(facts_of(row))
    ]
