"""Where a project begins: the command of each place with a token in it, and the wait for the first report."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from paritycheck.models import Environment, Project
from paritycheck.selectors.access import may_maintain
from paritycheck.selectors.arrivals import Arrival, arrival_of, environments_in_order, first_to_connect
from paritycheck.services.errors import Refused
from paritycheck.services.handing_out import make_first_token
from paritycheck.web.access import maintainer_of, of_project
from paritycheck.web.agentfile import given
from paritycheck.web.arriving import next_to_connect, waiting_of
from paritycheck.web.places import places, usual
from paritycheck.web.shown import Shown

NOTHING_NEW = 204


@require_safe
@of_project
def start(request: HttpRequest, project: Project) -> HttpResponse:
    """`environment` and `where` of the address choose; the first that has not reported, and its usual place else."""
    return _page(request, project, Shown())


@require_POST
@of_project
def start_token(request: HttpRequest, project: Project) -> HttpResponse:
    """Make the token; its secret stands in the commands of this answer alone."""
    by = maintainer_of(request, project)
    environment = first_to_connect(environments_in_order(project), request.POST.get("environment", ""))
    if environment is None:
        raise Http404
    try:
        _, text = make_first_token(project=project, environment=environment, by=by, now=timezone.now())
    except Refused as error:
        return _page(request, project, Shown(fault=error.detail, status=error.status))
    return _page(request, project, Shown(secret=text))


@require_safe
@of_project
def start_waiting(request: HttpRequest, project: Project) -> HttpResponse:
    """The page's side, drawn anew; 204 where nothing has changed since `v`."""
    environments = environments_in_order(project)
    environment = next((each for each in environments if each.slug == request.GET.get("environment")), None)
    if environment is None:
        raise Http404
    context = _side(request, project, arrival_of(project, environment, environments), environments)
    if request.GET.get("v") == context["waiting"].version:
        return HttpResponse(status=NOTHING_NEW)
    return render(request, "web/start/waiting.html", context)


def _page(request: HttpRequest, project: Project, shown: Shown) -> HttpResponse:
    environments = environments_in_order(project)
    asked = request.POST if request.method == "POST" else request.GET
    environment = first_to_connect(environments, asked.get("environment", ""))
    context: dict[str, Any] = {
        "project": project,
        "tab": "start",
        "version": "",
        "environment": environment,
        "may_maintain": may_maintain(request.user, project),
    }
    if environment is None:
        return render(request, "web/start/none.html", context)
    arrival = arrival_of(project, environment, environments)
    context |= {
        "environments": environments,
        "first": not any(each.latest_id for each in environments),
        "secret": shown.secret,
        "fault": shown.fault,
        "sha256": given("parity.pyz").sha256,
        "places": places(settings.PUBLIC_URL, shown.secret),
        **_side(request, project, arrival, environments),
    }
    response = render(request, "web/start/page.html", context, status=shown.status)
    if shown.secret:
        response.headers["Cache-Control"] = "no-store"
    return response


def _side(request: HttpRequest, project: Project, arrival: Arrival, environments: list[Environment]) -> dict[str, Any]:
    asked = (request.POST if request.method == "POST" else request.GET).get("where", "")
    known = {place.slug: place for place in places(settings.PUBLIC_URL, "")}
    place = known.get(asked) or known[usual(arrival.environment)]
    here = reverse("web:start", args=[project.slug])
    return {
        "project": project,
        "environment": arrival.environment,
        "arrival": arrival,
        "place": place,
        "public_host": urlsplit(settings.PUBLIC_URL).netloc,
        "here": f"{here}?environment={arrival.environment.slug}&where={place.slug}",
        "waiting": waiting_of(arrival, timezone.now(), place.slug),
        "next": next_to_connect(arrival, environments),
    }
