"""Alerts: where they go, what was sent, what waits and why, and the digest that comes next."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from paritycheck.models import Delivery, Project
from paritycheck.selectors.access import may_maintain
from paritycheck.selectors.channels import healths_of
from paritycheck.selectors.deliveries import (
    PARAMETERS,
    DeliveryFilter,
    attempts_of,
    deliveries_of,
    find_delivery,
    may_see_recipient,
    sums_of,
)
from paritycheck.selectors.filters import FilterError
from paritycheck.selectors.liveness import version_of
from paritycheck.selectors.subscriptions import counts_of, members_told
from paritycheck.services.deliveries import give_up, send_now
from paritycheck.services.errors import Refused
from paritycheck.web.access import of_project
from paritycheck.web.alerting import STATES, Line, act_words, cards_of, line_of, tries_of
from paritycheck.web.digesting import next_digest
from paritycheck.web.headlines import of_deliveries
from paritycheck.web.middleware import POLICY
from paritycheck.web.visible import visible

SHOWN = 30
FRAMING = f"{POLICY}; frame-src 'self'"
"""The preview of a digest stands in a frame."""
VERBS = {"send": send_now, "give-up": give_up}


@dataclass(frozen=True, slots=True)
class Choice:
    """One state to choose."""

    value: str
    title: str
    chosen: bool


@require_safe
@of_project
def alerts(request: HttpRequest, project: Project) -> HttpResponse:
    """Channels with their health, deliveries, and beside them the next digest."""
    return page_of(request, project)


def page_of(request: HttpRequest, project: Project, fault: str = "", status: int = 200) -> HttpResponse:
    """The page; `fault` is what the last form could not do."""
    version, now = version_of([project.id]), timezone.now()
    try:
        asked = DeliveryFilter.read(request.GET.dict())
    except FilterError as error:
        raise BadRequest(str(error)) from None
    maintains = may_maintain(request.user, project)
    rows, more = _rows(project, asked, request.GET.get("before", ""))
    lines = [_line(request, row, maintains=maintains) for row in rows]
    healths, own = healths_of(project)
    context = {
        "project": project,
        "tab": "alerts",
        "counts": counts_of(project, request.user),  # type: ignore[arg-type]  # signed in: of_project
        "here": reverse("web:alerts", args=[project.slug]),
        "part": "deliveries",
        "version": version,
        "cards": cards_of(healths, own, members_told(project)),
        "lines": lines,
        "more": more,
        "headline": of_deliveries(sums_of(project, now), healths),
        "asked": asked,
        "filtered": any((asked.state, asked.channel, asked.q)),
        "states": [Choice(value, title, value == asked.state) for value, title in STATES.items()],
        "channels": [(str(health.channel.pk), visible(health.channel.name)) for health in healths],
        "may_maintain": maintains,
        "fault": fault,
        **_opened(lines),
        **next_digest(request, project),
    }
    response = render(request, "web/alerts/page.html", context, status=status)
    response.headers["Content-Security-Policy"] = FRAMING
    return response


def _rows(project: Project, asked: DeliveryFilter, before: str) -> tuple[list[Delivery], str]:
    """A page of deliveries, newest first, and the one that the next page begins behind."""
    found = list(_older(project, deliveries_of(project, asked), before).order_by("-created_at", "-pk")[: SHOWN + 1])
    return found[:SHOWN], str(found[SHOWN - 1].pk) if len(found) > SHOWN else ""


def _older(project: Project, rows: QuerySet[Delivery], before: str) -> QuerySet[Delivery]:
    if not before:
        return rows
    try:
        last = Delivery.objects.only("created_at").filter(project=project, pk=UUID(before)).first()
    except ValueError:
        raise BadRequest("before is a delivery's id") from None
    if last is None:
        raise Http404
    return rows.filter(Q(created_at__lt=last.created_at) | Q(created_at=last.created_at, pk__lt=last.pk))


def _line(request: HttpRequest, row: Delivery, *, maintains: bool) -> Line:
    reader: Any = request.user
    shown = row.target.name if row.target else row.recipient
    may_know = row.target is not None or may_see_recipient(row, reader, maintains=maintains)
    hidden = not may_know and not row.recipient.startswith("channel:")
    return line_of(row, None if hidden else shown, request.GET.get("open", ""), timezone.now())


def _opened(lines: list[Line]) -> dict[str, Any]:
    line = next((line for line in lines if line.opened), None)
    if line is None:
        return {}
    return {"tries": tries_of(line.row, attempts_of(line.row), timezone.now()), "act": act_words(line.row)}


@require_POST
@of_project
def delivery_act(request: HttpRequest, project: Project, delivery_id: str, verb: str) -> HttpResponse:
    """Send one now, or give it up, and go back to it."""
    row = find_delivery(project, UUID(delivery_id))
    if row is None:
        raise Http404
    try:
        VERBS[verb](delivery=row, by=request.user)  # type: ignore[arg-type]  # signed in: of_project
    except Refused as error:
        if error.code == "forbidden":
            raise PermissionDenied from None
        return page_of(request, project, f"Nothing changed: {error.detail}", status=error.status)
    kept = {name: request.GET[name] for name in PARAMETERS & request.GET.keys()}
    query = "&".join(f"{name}={value}" for name, value in {**kept, "open": str(row.pk)}.items())
    return HttpResponseRedirect(f"{reverse('web:alerts', args=[project.slug])}?{query}#d-{row.pk}")
