"""All projects: which one needs a look, and why."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from paritycheck.core.labels import capital
from paritycheck.models import Drift, Environment
from paritycheck.selectors.access import projects_of
from paritycheck.selectors.liveness import version_of
from paritycheck.selectors.overview import Standing, standings
from paritycheck.selectors.trend import open_by_day
from paritycheck.web import words
from paritycheck.web.gaps import Line, lines_of
from paritycheck.web.sentences import marked, subject_of

NEEDS = ("error", "warning")


@dataclass(frozen=True, slots=True)
class Row:
    """One project as the page shows it; `look` is the icon of its worst finding."""

    slug: str
    environments: tuple[Environment, ...]
    look: str
    finding: SafeString | str
    note: str
    since: datetime | None
    gaps: tuple[Line, ...]
    seen: datetime | None
    errors: int
    warnings: int
    silent: bool


def _row(standing: Standing, now: datetime, trend: tuple[int, ...]) -> Row:
    look, finding, note, since = _worst(standing, now)
    return Row(
        slug=standing.project.slug,
        environments=tuple(standing.environments),
        look=look,
        finding=finding,
        note=note,
        since=since,
        gaps=lines_of(standing.counts, standing.pairs, standing.headline, trend),
        seen=standing.seen,
        errors=standing.counts.get("error", 0),
        warnings=standing.counts.get("warning", 0),
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


def _totals(rows: list[Row]) -> str:
    counts = {"error": sum(row.errors for row in rows), "warning": sum(row.warnings for row in rows)}
    told = " and ".join(words.plural(count, word) for word, count in counts.items() if count)
    return f"Worst first. {told} open." if told else "No errors and no warnings are open."


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
    shown = [row for row in rows if text.casefold() in row.slug]
    context = {
        "version": version,
        "rows": shown,
        "text": text,
        "headline": _headline(rows) if rows else "No project yet",
        "totals": _totals(rows) if rows else "",
    }
    return render(request, "web/projects.html", context)
