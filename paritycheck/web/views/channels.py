"""Channels: where alerts go besides members' own mail."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from paritycheck.models import Project
from paritycheck.selectors.access import may_maintain
from paritycheck.selectors.channels import healths_of
from paritycheck.selectors.liveness import version_of
from paritycheck.selectors.subscriptions import members_told
from paritycheck.web.access import of_project
from paritycheck.web.alerting import cards_of


@require_safe
@of_project
def channels(request: HttpRequest, project: Project) -> HttpResponse:
    """Every channel with its health."""
    version = version_of([project.id])
    healths, own = healths_of(project)
    context = {
        "project": project,
        "tab": "alerts",
        "part": "channels",
        "version": version,
        "cards": cards_of(healths, own, members_told(project)),
        "may_maintain": may_maintain(request.user, project),
    }
    return render(request, "web/alerts/channels.html", context)
