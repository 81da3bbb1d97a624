"""Environments: the list, and one of them."""

from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from paritycheck.core.freshness import Pulse, fresh
from paritycheck.models import Drift, Environment, Instance, Project, Snapshot
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.columns import Column, columns_of
from paritycheck.selectors.history import bars, recent, section_states
from paritycheck.selectors.liveness import version_of
from paritycheck.selectors.states import read_times, side_of
from paritycheck.web import words
from paritycheck.web.access import of_project
from paritycheck.web.bars import drawn
from paritycheck.web.gaps import lag_of
from paritycheck.web.heads import who
from paritycheck.web.visible import visible

MOST_INSTANCES = 100
ORDER = ("release", "runtime", "services", "dependencies", "config", "processes", "migrations")


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


@dataclass(frozen=True, slots=True)
class Reporter:
    """One instance; `state` is reports, silent or retired."""

    instance: Instance
    state: str
    every: str


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


def _reporters(environment: Environment, now: datetime) -> list[Reporter]:
    """Those that report first, then by name."""
    rows = list(environment.instances.order_by("retired_at", "key")[:MOST_INSTANCES])
    live = [row for row in rows if row.retired_at is None]
    keys = fresh([Pulse(row.key, row.kind, row.last_seen, row.interval_s) for row in live], now)
    return [Reporter(row, _reporting(row, keys), _every(row)) for row in rows]


def _reporting(row: Instance, keys: frozenset[str]) -> str:
    if row.retired_at is not None:
        return "retired"
    return "reports" if row.key in keys else "silent"


def _every(row: Instance) -> str:
    return words.duration(row.interval_s) if row.interval_s else "once"


@require_safe
@of_project
def environment(request: HttpRequest, project: Project, environment_slug: str) -> HttpResponse:
    """Who reports, how fresh each section is, and its history."""
    version = version_of([project.id])
    found = environment_of(project, environment_slug)
    snapshots = recent(found)
    history = bars(found, snapshots)
    reporters = _reporters(found, timezone.now())
    order = {name: at for at, name in enumerate(ORDER)}
    sections = section_states(snapshots, read_times(found))
    latest = snapshots[0] if snapshots else None
    context = {
        "project": project,
        "tab": "environments",
        "version": version,
        "environment": found,
        "reporters": reporters,
        "reporting": sum(reporter.state == "reports" for reporter in reporters),
        "sections": sorted(sections, key=lambda state: (order.get(state.name, 99), state.name)),
        "bars": drawn(project.slug, found.slug, history, latest.number if latest else 0),
        "history": history[::-1][:12],
        "latest": latest,
        "oldest": history[0].snapshot if history else None,
        "release": _release(found, latest),
    }
    return render(request, "web/environment/page.html", context)


def _release(environment: Environment, snapshot: Snapshot | None) -> dict[str, str]:
    """Commit, branch and tag as the release section tells them."""
    if snapshot is None:
        return {}
    section = side_of(snapshot, environment).section("release")
    told = {name: visible(section.look_up(name).value or "") for name in ("commit", "branch", "tag", "dirty")}
    return {**told, "label": told["tag"] or told["branch"]}
