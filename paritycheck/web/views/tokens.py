"""Tokens of a project: who reports and who asks, for its maintainers."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from paritycheck.models import Project, Token
from paritycheck.selectors.tokens import enrolled_in, find_token, handed_out
from paritycheck.services.errors import Refused
from paritycheck.services.handing_out import Bounds, make_project_token
from paritycheck.services.token_places import change_places
from paritycheck.services.tokens import revoke_token
from paritycheck.services.trusts import add_trust, remove_trust
from paritycheck.web import trusting
from paritycheck.web.access import maintainer_of, of_project
from paritycheck.web.headlines import of_tokens
from paritycheck.web.tokening import Row, networks_in, number_in, row_of

LONGEST_FROM = 1200
MOST_SHOWN = 200
FORM = ("kind", "for", "name", "days", "hours", "uses", "from")


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands beside the list: the form, what is wrong with it, or a secret, this once."""

    form: dict[str, str] = field(default_factory=dict)
    fault: str = ""
    secret: str = ""
    changing: str = ""
    places: str = ""
    places_fault: str = ""
    made: Token | None = None
    trust_form: dict[str, str] = field(default_factory=dict)
    trust_fault: str = ""
    status: int = 200


@require_safe
@of_project
def tokens(request: HttpRequest, project: Project) -> HttpResponse:
    """Those that still work, and the form of a new one; `revoke` asks once more before one ends."""
    maintainer_of(request, project)
    return _page(request, project, Shown())


@require_POST
@of_project
def new_token(request: HttpRequest, project: Project) -> HttpResponse:
    """Make one; its secret stands in this answer alone."""
    user = maintainer_of(request, project)
    form = {name: request.POST.get(name, "").strip()[:LONGEST_FROM] for name in FORM}
    kind = "enroll" if form["kind"] == "enroll" else "report" if form["for"] else "gate"
    try:
        made, text = make_project_token(
            project=project,
            kind=kind,
            name=form["name"],
            environment=form["for"],
            bounds=Bounds(*(number_in(form[name]) for name in ("days", "hours", "uses"))),
            networks=networks_in(form["from"]),
            by=user,
            now=timezone.now(),
        )
    except Refused as error:
        return _page(request, project, Shown(form, f"Not made: {error.detail}", status=error.status))
    return _page(request, project, Shown(secret=text, made=made))


@require_POST
@of_project
def change_from(request: HttpRequest, project: Project, token_id: str) -> HttpResponse:
    """Say from where one may be used."""
    user, token = maintainer_of(request, project), find_token(project, token_id)
    if token is None:
        raise Http404
    said = request.POST.get("from", "")[:LONGEST_FROM]
    try:
        change_places(token=token, networks=networks_in(said), by=user)
    except Refused as error:
        shown = Shown(changing=token_id, places=said, places_fault=f"Not changed: {error.detail}", status=error.status)
        return _page(request, project, shown)
    return HttpResponseRedirect(reverse("web:tokens", args=[project.slug]))


@require_POST
@of_project
def revoke(request: HttpRequest, project: Project, token_id: str) -> HttpResponse:
    """End one."""
    user, token = maintainer_of(request, project), find_token(project, token_id)
    if token is None:
        raise Http404
    revoke_token(token=token, by=user)
    return HttpResponseRedirect(reverse("web:tokens", args=[project.slug]))


@require_POST
@of_project
def new_trust(request: HttpRequest, project: Project) -> HttpResponse:
    """Let a pipeline sign in by what its CI says of it."""
    user, form = maintainer_of(request, project), trusting.sent(request.POST)
    try:
        add_trust(project=project, terms=trusting.terms_of(form), by=user, now=timezone.now())
    except Refused as error:
        shown = Shown(trust_form=form, trust_fault=f"Not trusted: {error.detail}", status=error.status)
        return _page(request, project, shown)
    return HttpResponseRedirect(f"{reverse('web:tokens', args=[project.slug])}#trusts")


@require_POST
@of_project
def end_trust(request: HttpRequest, project: Project, trust_id: UUID) -> HttpResponse:
    """Take no more of its id tokens."""
    user = maintainer_of(request, project)
    trust = project.trusts.select_related("project").filter(pk=trust_id).first()
    if trust is None:
        raise Http404
    remove_trust(trust=trust, by=user)
    return HttpResponseRedirect(f"{reverse('web:tokens', args=[project.slug])}#trusts")


def _page(request: HttpRequest, project: Project, shown: Shown) -> HttpResponse:
    now, asked = timezone.now(), request.GET.get("revoke", "")
    changing = shown.changing or request.GET.get("from", "")

    def rows_of(found: Iterable[Token]) -> list[Row]:
        return [row_of(each, now, asked, reverse("web:revoke-token", args=[project.slug, each.pk])) for each in found]

    rows = rows_of(handed_out(project))
    enrolled = rows_of(enrolled_in(project)[: MOST_SHOWN + 1])
    trusts = [trusting.row_of(trust) for trust in project.trusts.order_by("made_at", "id")]
    context: dict[str, Any] = {
        "project": project,
        "headline": of_tokens(len(rows), sum(row.soon for row in rows), len(trusts)),
        "tab": "settings",
        "part": "tokens",
        "version": "",
        "may_maintain": True,
        "here": reverse("web:tokens", args=[project.slug]),
        "rows": rows,
        "enrolled": enrolled[:MOST_SHOWN],
        "more_enrolled": len(enrolled) > MOST_SHOWN,
        "environments": [each.slug for each in project.environments.order_by("slug")],
        "form": shown.form,
        "fault": shown.fault,
        "secret": shown.secret,
        "changing": changing,
        "places": shown.places,
        "places_fault": shown.places_fault,
        "made": shown.made,
        "trusts": trusts,
        "trust": trusting.form_of(shown.trust_form, request.GET.get("trust", "")),
        "trust_fault": shown.trust_fault,
    }
    response = render(request, "web/settings/tokens.html", context, status=shown.status)
    if shown.secret:
        response.headers["Cache-Control"] = "no-store"
    return response
