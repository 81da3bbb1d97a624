"""A project's settings: what the others are compared with, its environments, and where the rest is set."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from paritycheck.models import Environment, Project
from paritycheck.models.projects import EnvironmentKind, Tier
from paritycheck.selectors.access import may_maintain
from paritycheck.selectors.arrivals import environments_in_order
from paritycheck.selectors.tokens import tokens_of
from paritycheck.services.environments import change_environment, choose_baseline
from paritycheck.services.errors import Refused
from paritycheck.services.projects import EnvironmentPlan, ensure_baseline, make_environment
from paritycheck.web import planning, words
from paritycheck.web.access import maintainer_of, of_project
from paritycheck.web.shown import Shown
from paritycheck.web.views.environments import environment_of


@require_safe
@of_project
def settings_page(request: HttpRequest, project: Project) -> HttpResponse:
    """All of it, for everybody of the project; its forms are for maintainers."""
    return _page(request, project, Shown())


@require_POST
@of_project
def set_baseline(request: HttpRequest, project: Project) -> HttpResponse:
    """Compare the others with another one."""
    user = maintainer_of(request, project)
    environment = environment_of(project, request.POST.get("environment", ""))
    if environment.pk != project.baseline_id:
        choose_baseline(project=project, environment=environment, by=user, now=timezone.now())
    return _back(project)


@require_POST
@of_project
def set_environment(request: HttpRequest, project: Project, environment_slug: str) -> HttpResponse:
    """Say what an environment is."""
    user, environment = maintainer_of(request, project), environment_of(project, environment_slug)
    tier = planning.one_of(request.POST.get("tier", ""), Tier.values, environment.tier)
    kind = planning.one_of(request.POST.get("kind", ""), EnvironmentKind.values, environment.kind)
    if (tier, kind) != (environment.tier, environment.kind):
        change_environment(environment=environment, tier=tier, kind=kind, by=user)
    return _back(project)


@require_POST
@of_project
def new_environment(request: HttpRequest, project: Project) -> HttpResponse:
    """Make one; its command is the next page."""
    user = maintainer_of(request, project)
    form = {name: request.POST.get(name, "").strip()[: planning.LONGEST] for name in ("name", "tier", "kind")}
    plan = EnvironmentPlan(
        planning.slug_of(form["name"]),
        planning.one_of(form["tier"], Tier.values, Tier.OTHER),
        planning.one_of(form["kind"], EnvironmentKind.values, EnvironmentKind.PERSISTENT),
    )
    if not plan.slug:
        return _page(request, project, Shown(form, "its name needs a letter from a to z, or a figure", status=422))
    try:
        made = make_environment(project=project, plan=plan, by=user)
    except Refused as error:
        return _page(request, project, Shown(form, error.detail, status=error.status))
    ensure_baseline(project=project, by=user)
    return HttpResponseRedirect(f"{reverse('web:start', args=[project.slug])}?environment={made.slug}")


def _back(project: Project) -> HttpResponse:
    return HttpResponseRedirect(reverse("web:settings", args=[project.slug]))


def _page(request: HttpRequest, project: Project, shown: Shown) -> HttpResponse:
    environments, may = environments_in_order(project), may_maintain(request.user, project)
    context: dict[str, Any] = {
        "project": project,
        "tab": "settings",
        "part": "project",
        "version": "",
        "here": reverse("web:settings", args=[project.slug]),
        "may_maintain": may,
        "environments": environments,
        "headline": _headline(project, environments),
        "tiers": planning.TIERS,
        "kinds": planning.KINDS,
        "form": shown.form,
        "fault": shown.fault,
        "members": project.memberships.count(),
        "tokens": tokens_of(project).count() if may else 0,
    }
    return render(request, "web/settings/project.html", context, status=shown.status)


def _headline(project: Project, environments: list[Environment]) -> str:
    """`4 environments, compared with production`."""
    if not environments:
        return "No environment yet"
    told = words.plural(len(environments), "environment")
    return f"{told}, compared with {project.baseline.slug}" if project.baseline else f"{told}, and no baseline"
