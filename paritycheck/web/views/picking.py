"""Rows of the matrix waived or assigned together: what was ticked, and one form for all of it."""

from dataclasses import replace
from typing import cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from paritycheck.core.waiver_terms import MOST_DRIFTS
from paritycheck.models import Drift, Project, User
from paritycheck.selectors.access import may_waive
from paritycheck.selectors.drifts import open_of, picked_of
from paritycheck.services.errors import Refused
from paritycheck.services.owners import assign_drifts
from paritycheck.web import words
from paritycheck.web.access import of_project
from paritycheck.web.undoing import say, way_back
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


@require_POST
@of_project
def assign(request: HttpRequest, project: Project) -> HttpResponse:
    """Give drifts to an owner, without waiving them: those of the form, or the one that the address names."""
    idents = picked_idents(request.POST.get("drifts", "") or request.GET.get("drifts", ""))
    drifts, user = picked_of(project, idents), cast("User", request.user)
    if not drifts:
        raise Http404
    try:
        owner = assign_drifts(project=project, drifts=drifts, owner=request.POST.get("owner", ""), user=user)
    except Refused:
        raise PermissionDenied from None
    what = words.plural(len(drifts), "drift")
    say(request, f"{what} assigned to {visible(owner)}." if owner else f"{what} back with whom the policy says.")
    here = reverse("web:drift", args=[project.slug, drifts[0].id[:10]])
    target = way_back(request, here if len(drifts) == 1 else reverse("web:matrix", args=[project.slug]))
    partly = request.headers.get("HX-Request") == "true"
    return HttpResponseClientRedirect(target) if partly else HttpResponseRedirect(target)


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
