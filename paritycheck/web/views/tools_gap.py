"""The tools page: how far each environment is from the baseline, by section."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from paritycheck.core.bands import tools_band
from paritycheck.core.labels import capital, counted
from paritycheck.core.parity import Parity
from paritycheck.core.support_dates import CHECKED
from paritycheck.models import Project
from paritycheck.selectors.liveness import version_of
from paritycheck.selectors.policies import refused_policy
from paritycheck.selectors.tools_gap import Tools, tools_of
from paritycheck.web import words
from paritycheck.web.access import of_project
from paritycheck.web.apartness import SEVERITIES, bars_of, ends_of, rows_of, sections_of
from paritycheck.web.notices import notices_of, waiting_for
from paritycheck.web.squares import population_of


@require_safe
@of_project
def tools(request: HttpRequest, project: Project) -> HttpResponse:
    """Parities with the baseline, distances, ends of support, and laptops as one population."""
    version = version_of([project.id])
    now = timezone.now()
    found = tools_of(project, now)
    bars, ticks = bars_of(found)
    ends = ends_of(found, now.date())
    context = {
        "project": project,
        "tab": "tools",
        "version": version,
        "matrix": found.matrix,
        "notices": notices_of(found.matrix, refused_policy(project)),
        "base": found.matrix.baseline,
        "sections": sections_of(found),
        "rows": rows_of(found),
        "bars": bars,
        "ticks": ticks,
        "counted": any(bar.counts is not None for bar in bars),
        "ends": [end for end in ends if not end.quiet],
        "quiet": [end for end in ends if end.quiet],
        "checked": CHECKED,
        "populations": [population_of(cohort) for cohort in found.cohorts],
        "waiting": waiting_for(found.matrix),
        "public_url": settings.PUBLIC_URL,
        **_answer(found),
    }
    return render(request, "web/tools/page.html", context)


def _answer(found: Tools) -> dict[str, Any]:
    """The page's answer in one sentence, and what stands beside it."""
    if not found.matrix.comparable:
        return {"headline": waiting_for(found.matrix).title, "band": "", "below": ""}
    drifts = {name: sum(each.drifts.get(name, 0) for each in found.distances) for name in SEVERITIES}
    lowest = min((each.parity.coverage for each in found.distances), default=0.0)
    far = found.farthest
    stand = far.parity if far else Parity(None, lowest)
    return {
        "headline": _headline(found),
        "band": tools_band(stand, [name for name, count in drifts.items() if count]).value,
        "below": _below(drifts, lowest, len(found.distances)),
    }


def _headline(found: Tools) -> str:
    base = found.matrix.baseline.slug if found.matrix.baseline else "the baseline"
    far = found.farthest
    if far is None or far.parity.value is None:
        return f"How far the environments are from {base} is not known"
    if far.parity.value == 1:
        what = "Every environment is" if len(found.distances) > 1 else f"{capital(far.column.slug)} is"
        return f"{what} as {base} is, parity {words.percent(1)}"
    if len(found.distances) == 1:
        return capital(f"{far.column.slug} has parity {words.percent(far.parity.value)} with {base}")
    return capital(f"{far.column.slug} is furthest from {base}, parity {words.percent(far.parity.value)}")


def _below(drifts: dict[str, int], coverage: float, environments: int) -> str:
    said = counted(drifts) or "No drift"
    verb = "is" if sum(drifts.values()) <= 1 else "are"
    where = words.plural(environments, "environment")
    return f"{said} {verb} open in {where}. Coverage {words.percent(coverage)} where it is lowest."
