"""Whether something changed since a page was drawn."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from paritycheck.models import Project
from paritycheck.selectors.access import projects_of
from paritycheck.selectors.liveness import version_of
from paritycheck.web.access import of_project

NOTHING_NEW = 204


def _answer(request: HttpRequest, version: str) -> HttpResponse:
    response = HttpResponse(status=NOTHING_NEW)
    if request.GET.get("v") != version:
        response.headers["HX-Trigger"] = "parity:changed"
    return response


@require_safe
@of_project
def live_project(request: HttpRequest, project: Project) -> HttpResponse:
    """For the pages of one project."""
    return _answer(request, version_of([project.id]))


@require_safe
@login_required
def live_projects(request: HttpRequest) -> HttpResponse:
    """For the list of projects."""
    return _answer(request, version_of(projects_of(request.user).values_list("id", flat=True)))
