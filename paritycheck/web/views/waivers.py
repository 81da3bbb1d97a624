"""Waiving: from a drift's page, and the page of all waivers."""

from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from paritycheck.models import Drift, Project, Waiver
from paritycheck.selectors.access import may_waive
from paritycheck.selectors.drifts import find_drift, picked_of
from paritycheck.selectors.liveness import version_of
from paritycheck.selectors.waivers import Stand, find_waiver, standing
from paritycheck.services.errors import Refused
from paritycheck.services.waivers import end_waiver
from paritycheck.web import words
from paritycheck.web.access import of_project
from paritycheck.web.undoing import say, say_waived, way_back
from paritycheck.web.views.drift import page_of
from paritycheck.web.visible import visible
from paritycheck.web.waiving import Shown, WaiveForm, fresh_form, name_of, previewed, saved, sent_form, shown

SHOWS = {"": "All", "ending": "Ending soon", "unused": "Unused", "mine": "Mine"}
UNPROCESSABLE = 422


@dataclass(frozen=True, slots=True)
class Row:
    """One waiver in the list."""

    waiver: Shown
    hides: int
    ending: bool
    unused: bool
    mine: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One part of the list."""

    name: str
    title: str
    count: int
    chosen: bool


@require_POST
@of_project
def waive(request: HttpRequest, project: Project, prefix: str) -> HttpResponse:
    """Waive from a drift's page; `preview` says beforehand what that would hide."""
    drift = find_drift(project, prefix)
    if drift is None:
        raise Http404
    form = sent_form(request)
    if "preview" in request.POST or getattr(request, "htmx", False):
        return _preview(request, project, form, drift)
    made = _made(request, project, form, drift)
    if isinstance(made, Waiver):
        say_waived(request, made)
        return HttpResponseRedirect(reverse("web:drift", args=[project.slug, drift.id[:10]]))
    return page_of(request, project, drift, made, status=UNPROCESSABLE)


def _preview(request: HttpRequest, project: Project, form: WaiveForm, drift: Drift) -> HttpResponse:
    if not may_waive(request.user, project):
        raise PermissionDenied
    form = previewed(project, form, drift)
    if getattr(request, "htmx", False):
        return _preview_alone(request, form)
    return page_of(request, project, drift, form)


def _made(request: HttpRequest, project: Project, form: WaiveForm, drift: Drift | None) -> Waiver | WaiveForm:
    try:
        return saved(request, project, form, drift)
    except Refused:
        raise PermissionDenied from None


@require_POST
@of_project
def end(request: HttpRequest, project: Project, waiver_id: UUID) -> HttpResponse:
    """End a waiver, or take it back, and go back to the page it was done on."""
    waiver = find_waiver(project, str(waiver_id))
    if waiver is None:
        raise Http404
    try:
        end_waiver(waiver=waiver, user=request.user, now=timezone.now())  # type: ignore[arg-type]  # signed in
    except Refused:
        raise PermissionDenied from None
    say(request, "Waiver ended. What it hid counts again.")
    return HttpResponseRedirect(way_back(request, reverse("web:waivers", args=[project.slug])))


@require_safe
@of_project
def waivers(request: HttpRequest, project: Project) -> HttpResponse:
    """What is accepted, until when, and whether it still hides anything."""
    return page_of_waivers(request, project, fresh_form(request))


@require_POST
@of_project
def new_waiver(request: HttpRequest, project: Project) -> HttpResponse:
    """Waive by pattern, accept all of today, or waive what was picked in the matrix and go back to it."""
    form, partly = sent_form(request), request.headers.get("HX-Request") == "true"
    if "preview" in request.POST or (partly and request.headers.get("HX-Target") == "waive-preview"):
        if not may_waive(request.user, project):
            raise PermissionDenied
        form = previewed(project, form, None)
        return _preview_alone(request, form) if partly else page_of_waivers(request, project, form)
    made = _made(request, project, form, None)
    if isinstance(made, Waiver):
        say_waived(request, made)
        target = way_back(request, reverse("web:waivers", args=[project.slug]))
        return HttpResponseClientRedirect(target) if partly else HttpResponseRedirect(target)
    if partly:  # by 200: a script that asked hears by the text, and a browser's console is for what went wrong
        return _preview_alone(request, made)
    return page_of_waivers(request, project, made, status=UNPROCESSABLE)


def _preview_alone(request: HttpRequest, form: WaiveForm) -> HttpResponse:
    return render(request, "web/waiver/preview.html", {"form": form})


def page_of_waivers(request: HttpRequest, project: Project, form: WaiveForm, status: int = 200) -> HttpResponse:
    """The list with a form beside it."""
    version = version_of([project.id])
    rows = sorted((_row(request, stand) for stand in standing(project, timezone.now())), key=_order)
    asked = request.GET.get("show", "")
    chosen = asked if asked in SHOWS else ""
    context = {
        "project": project,
        "tab": "waivers",
        "here": reverse("web:waivers", args=[project.slug]),
        "version": version,
        "headline": _headline(rows),
        "rows": [row for row in rows if _in(row, chosen)],
        "choices": [Choice(key, SHOWS[key], sum(_in(row, key) for row in rows), key == chosen) for key in SHOWS],
        "form": form,
        "picked": [
            f"{one.left.slug}..{one.right.slug} {visible(name_of(one))}" for one in picked_of(project, form.drifts)
        ],
        "may_waive": may_waive(request.user, project),
        "pairs": [f"{left}..{right}" for left, right in _pairs(project)],
    }
    return render(request, "web/waiver/list.html", context, status=status)


def _pairs(project: Project) -> list[tuple[str, str]]:
    rows = project.pairs.exclude(left_id=project.baseline_id).filter(right_id=project.baseline_id)
    return sorted(rows.values_list("left__slug", "right__slug"))


def _row(request: HttpRequest, stand: Stand) -> Row:
    email = getattr(request.user, "email", "")
    mine = email in {stand.document["owner"], stand.document["made_by"]}
    return Row(shown(stand.document), stand.covers, stand.ending, stand.unused, mine)


def _order(row: Row) -> tuple[bool, bool, str]:
    return (not row.ending, not row.unused, row.waiver.covers)


def _in(row: Row, show: str) -> bool:
    return not show or bool(getattr(row, show))


def _headline(rows: list[Row]) -> str:
    """The page's answer in one sentence."""
    if not rows:
        return "Nothing is waived"
    hides, ending, unused = sum(row.hides for row in rows), sum(row.ending for row in rows), sum(r.unused for r in rows)
    verb = "hides" if len(rows) == 1 else "hide"
    told = f"{words.plural(len(rows), 'waiver')} {verb} {words.plural(hides, 'drift')}"
    rest = [f"{ending} {'ends' if ending == 1 else 'end'} within 14 days"] if ending else []
    rest += [f"{unused} {'hides' if unused == 1 else 'hide'} nothing"] if unused else []
    return f"{told}, {', '.join(rest)}" if rest else told
