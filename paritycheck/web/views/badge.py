"""The badge of a project: everybody in it copies the line, its maintainers make, replace and end it."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from paritycheck.core.badge import markdown
from paritycheck.models import Project
from paritycheck.selectors.access import may_maintain
from paritycheck.selectors.badges import badge_of, headline_of
from paritycheck.services import badges
from paritycheck.web.access import maintainer_of, of_project
from paritycheck.web.visible import visible


@require_safe
@of_project
def badge(request: HttpRequest, project: Project) -> HttpResponse:
    """The image and the line for a README; `ask` asks once more before an address ends."""
    found = badge_of(project)
    context: dict[str, Any] = {
        "project": project,
        "tab": "settings",
        "part": "badge",
        "version": "",
        "here": reverse("web:badge", args=[project.slug]),
        "may_maintain": may_maintain(request.user, project),
        "badge": found,
        "asked": request.GET.get("ask", ""),
    }
    if found is not None:
        pair, address = headline_of(project), badges.address_of(found)
        page = settings.PUBLIC_URL + reverse("web:matrix", args=[project.slug])
        context |= {
            "made_by": visible(found.made_by),
            "address": address,
            "markdown": markdown(address, page),
            "pair": f"{pair.left.slug} against {pair.right.slug}" if pair else "",
        }
    return render(request, "web/settings/badge.html", context)


@require_POST
@of_project
def make_badge(request: HttpRequest, project: Project) -> HttpResponse:
    """Give it an address; the one it had ends."""
    badges.make_badge(project=project, by=maintainer_of(request, project), now=timezone.now())
    return HttpResponseRedirect(reverse("web:badge", args=[project.slug]))


@require_POST
@of_project
def end_badge(request: HttpRequest, project: Project) -> HttpResponse:
    """Its address shows nothing more."""
    user, found = maintainer_of(request, project), badge_of(project)
    if found is None:
        raise Http404
    badges.end_badge(badge=found, by=user)
    return HttpResponseRedirect(reverse("web:badge", args=[project.slug]))
