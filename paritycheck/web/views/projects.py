"""All projects: which one needs a look, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from paritycheck.core.labels import capital
from paritycheck.models import Drift, Environment
from paritycheck.selectors.access import projects_of
from paritycheck.selectors.liveness import version_of
from paritycheck.selectors.overview import Standing, new_and_ending, standings
from paritycheck.selectors.trend import open_by_day
from paritycheck.web import words
from paritycheck.web.gaps import Line, lines_of
from paritycheck.web.sentences import marked, subject_of


@dataclass(frozen=True, slots=True)
class Row:
    """One project as the page shows it; `look` is the icon of its worst finding."""

    slug: str
    environments: tuple[Environment, ...]
    look: str
    href: str
    finding: SafeString | str
    note: str
    since: datetime | None
    gaps: tuple[Line, ...]
    seen: datetime | None
    errors: int
    warnings: int
    notes: int
    silent: bool


WEEK = 7


def _row(standing: Standing, now: datetime, trend: tuple[int, ...]) -> Row:
    look, finding, note, since = _worst(standing, now)
    drift = standing.worst if since else None
    return Row(
        slug=standing.project.slug,
        environments=tuple(standing.environments),
        look=look,
        href=reverse("web:drift", args=[standing.project.slug, drift.id[:10]]) if drift else "",
        finding=finding,
        note=note,
        since=since,
        gaps=lines_of(standing.counts, standing.pairs, standing.headline, trend),
        seen=standing.seen,
        errors=standing.counts.get("error", 0),
        warnings=standing.counts.get("warning", 0),
        notes=standing.counts.get("note", 0),
        silent=bool(standing.silent),
    )


def _worst(standing: Standing, now: datetime) -> tuple[str, SafeString | str, str, datetime | None]:
    """The worst finding: an error, then silence, then the rest."""
    drift = standing.worst
    if drift is not None and (drift.severity == "error" or not standing.silent):
        return _drift(drift)
    if standing.silent:
        environment, seen = standing.silent[0]
        text = f"{capital(environment.slug)} has been silent for {words.duration((now - seen).total_seconds())}"
        return "unknown", text, "its drifts stay as they were", None
    if not standing.pairs:
        return "unknown", "Nothing to compare yet", _waiting(standing), None
    return "ok", "Nothing drifts", "every expectation holds", None


def _drift(drift: Drift) -> tuple[str, SafeString, str, datetime]:
    return drift.severity, marked(subject_of(drift)), "", drift.opened_at


def _waiting(standing: Standing) -> str:
    reported = [each.slug for each in standing.environments if each.latest_id]
    return f"{words.listed(reported)} reports" if reported else "waits for the first report"


def _headline(rows: list[Row]) -> str:
    needing = sum(bool(row.errors or row.warnings or row.silent) for row in rows)
    if not needing:
        return "Nothing needs a look"
    if len(rows) == 1:
        return "This project needs a look"
    verb = "needs" if needing == 1 else "need"
    return f"{words.spelled(needing).capitalize()} of {words.spelled(len(rows))} projects {verb} a look"


def _totals(rows: list[Row], trends: Mapping[UUID, tuple[int, ...]], fresh: int, ending: int) -> str:
    """How many drifts are open, against a week ago, and which of them are new; how many waivers end."""
    count = sum(row.errors + row.warnings + row.notes for row in rows)
    before = _week_ago(trends)
    told = [f"{words.plural(count, 'drift') if count else 'No drift'} {'is' if count < 2 else 'are'} open"]  # noqa: PLR2004  grammar
    told[0] += f" against {words.number(before)} a week ago" if before is not None else ""
    told += [f"{words.number(fresh)} new in 7{words.NBSP}d"] if fresh and before is not None else []
    told += [f"{words.plural(ending, 'waiver')} {'ends' if ending == 1 else 'end'} this week"] if ending else []
    return f"{'Worst first. ' if len(rows) > 1 else ''}{', '.join(told)}."


def _week_ago(trends: Mapping[UUID, tuple[int, ...]]) -> int | None:
    """How many were open a week ago; None before anything is known of then."""
    if all(len(trend) <= WEEK for trend in trends.values()):
        return None
    return sum(trend[-1 - WEEK] for trend in trends.values() if len(trend) > WEEK)


@require_safe
@login_required
def projects(request: HttpRequest) -> HttpResponse:
    """Worst first; `q` narrows by name."""
    mine = projects_of(request.user)
    now = timezone.now()
    version = version_of(mine.values_list("id", flat=True))
    text = request.GET.get("q", "").strip()[:63]
    found = standings(mine.select_related("baseline"), now)
    trends = open_by_day([standing.project.id for standing in found], now)
    rows = [_row(standing, now, trends.get(standing.project.id, ())) for standing in found]
    week = new_and_ending([standing.project.id for standing in found], now)
    shown = [row for row in rows if text.casefold() in row.slug]
    context = {
        "version": version,
        "rows": shown,
        "text": text,
        "headline": _headline(rows) if rows else "No project yet",
        "totals": _totals(rows, trends, *week) if rows else "",
    }
    return render(request, "web/projects.html", context)
