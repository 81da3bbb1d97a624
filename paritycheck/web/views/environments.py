"""Environments: the list of a project, and finding one of them."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from paritycheck.models import Drift, Environment, Project
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.columns import Column, columns_of
from paritycheck.selectors.liveness import version_of
from paritycheck.web.access import of_project
from paritycheck.web.gaps import lag_of
from paritycheck.web.heads import who


@dataclass(frozen=True, slots=True)
class Entry:
    """One environment in the list."""

    column: Column
    who: str
    lag: str
    lag_band: str
    parity: float | None
    coverage: float
    drifts: int


def _open_by_left(project: Project) -> dict[object, int]:
    found: dict[object, int] = {}
    for left in Drift.objects.filter(project=project, state=DriftState.OPEN).values_list("left_id", flat=True):
        found[left] = found.get(left, 0) + 1
    return found


@require_safe
@of_project
def environments(request: HttpRequest, project: Project) -> HttpResponse:
    """All of them in order of promotion."""
    version = version_of([project.id])
    counts = _open_by_left(project)
    entries = [
        Entry(
            column,
            who(column),
            *(lag_of(column.pair) if column.pair else ("", "")),
            column.pair.parity if column.pair else None,
            column.pair.coverage if column.pair else 0.0,
            counts.get(column.environment.id, 0),
        )
        for column in columns_of(project, timezone.now())
    ]
    context = {
        "project": project,
        "tab": "environments",
        "version": version,
        "entries": entries,
        "open_drifts": sum(counts.values()),
    }
    return render(request, "web/environment/list.html", context)


def environment_of(project: Project, slug: str) -> Environment:
    """The project's environment of this name; 404 without one."""
    try:
        found = Environment.objects.select_related("latest").get(project=project, slug=slug)
    except Environment.DoesNotExist:
        raise Http404 from None
    found.project = project
    return found
