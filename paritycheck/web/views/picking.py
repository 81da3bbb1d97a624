"""Rows of the matrix waived together: what was ticked, and one form for all of it."""

from dataclasses import replace

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from paritycheck.core.waiver_terms import MOST_DRIFTS
from paritycheck.models import Drift, Project
from paritycheck.selectors.access import may_waive
from paritycheck.selectors.drifts import open_of, picked_of
from paritycheck.web import words
from paritycheck.web.access import of_project
from paritycheck.web.undoing import way_back
from paritycheck.web.views.waivers import UNPROCESSABLE, page_of_waivers
from paritycheck.web.visible import visible
from paritycheck.web.waiving import WaiveForm, fresh_form, name_of, picked_idents, previewed

SHOWN = 8


@require_POST
@of_project
def pick(request: HttpRequest, project: Project) -> HttpResponse:
    """The form for what was ticked: in a dialog over the matrix, or as a page. Nothing is kept yet."""
    if not may_waive(request.user, project):
        raise PermissionDenied
    drifts = _ticked(request, project)
    form = _form(request, project, drifts)
    if not getattr(request, "htmx", False):
        return page_of_waivers(request, project, form, status=UNPROCESSABLE if form.fault else 200)
    context = {
        "project": project,
        "form": form,
        "names": [f"{one.left.slug}..{one.right.slug} {visible(name_of(one))}" for one in drifts[:SHOWN]],
        "more": max(0, len(drifts) - SHOWN),
        "facts": len({(one.section, one.name) for one in drifts}),
    }
    return render(request, "web/waiver/picked.html", context)


def _ticked(request: HttpRequest, project: Project) -> list[Drift]:
    """The open drifts of the rows that were ticked, or those that are named one by one."""
    rows = [row.partition("/")[::2] for row in request.POST.getlist("row")[:MOST_DRIFTS]]
    return [*open_of(project, rows), *picked_of(project, picked_idents(request.POST.get("drifts", "")))]


def _form(request: HttpRequest, project: Project, drifts: list[Drift]) -> WaiveForm:
    idents = tuple(dict.fromkeys(one.id for one in drifts))
    form = replace(
        fresh_form(request), drifts=idents, next=way_back(request, reverse("web:matrix", args=[project.slug]))
    )
    if not idents:
        return replace(form, fault="Nothing is open in what was picked")
    if len(idents) > MOST_DRIFTS:
        asked = words.number(len(idents))
        return replace(form, drifts=(), fault=f"A waiver takes at most {MOST_DRIFTS} drifts, and these are {asked}")
    return previewed(project, form, None)
