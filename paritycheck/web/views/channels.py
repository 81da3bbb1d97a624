"""Channels: where alerts go besides members' own mail; made, changed, tried, switched and removed by maintainers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from paritycheck.models import Channel, Project, User
from paritycheck.models.channels import ChannelState
from paritycheck.selectors.access import may_maintain
from paritycheck.selectors.channels import Health, find_channel, healths_of
from paritycheck.selectors.liveness import version_of
from paritycheck.selectors.subscriptions import counts_of, members_told
from paritycheck.services.channels import (
    add_channel,
    change_channel,
    made_secret,
    remove_channel,
    rotate_secret,
    send_test,
    switch_off,
    switch_on,
)
from paritycheck.services.errors import Refused
from paritycheck.web.access import maintainer_of, of_project
from paritycheck.web.alerting import Card, cards_of, kind_icon, kind_name
from paritycheck.web.channeling import ChannelForm, filled, fresh_form, given, kinds, refused, uuid_of
from paritycheck.web.headlines import of_channels
from paritycheck.web.visible import visible

BY_HAND = "switched off by hand"


@dataclass(frozen=True, slots=True)
class Row:
    """One channel in the list."""

    channel: Channel
    shown: str
    card: Card
    rules: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands beside the list: a form, what is wrong, or a secret, this once."""

    form: ChannelForm
    changes: Channel | None = None
    fault: str = ""
    secret: str = ""
    secret_of: str = ""
    status: int = 200


@require_safe
@of_project
def channels(request: HttpRequest, project: Project) -> HttpResponse:
    """Every channel with its health, and beside them the form of a new one or of the one to change."""
    said = request.GET.get("change", "")
    if not said:
        return _page(request, project, Shown(fresh_form(request.GET.get("kind", ""))))
    channel = _found(project, said)
    return _page(request, project, Shown(fresh_form(channel.kind, channel.name), channel))


def _found(project: Project, said: str) -> Channel:
    ident = uuid_of(said)
    channel = find_channel(project, ident) if ident else None
    if channel is None:
        raise Http404
    return channel


@require_POST
@of_project
def new_channel(request: HttpRequest, project: Project) -> HttpResponse:
    """Make one, and go on to what it shall be told; a secret that was made for it is shown first, and never again."""
    user, form = maintainer_of(request, project), filled(request.POST)
    try:
        channel = add_channel(
            project=project, kind=form.kind, name=form.name, settings=given(form), by=user, now=timezone.now()
        )
    except Refused as error:
        return _page(request, project, Shown(refused(form, error), status=error.status))
    secret = made_secret(channel)
    if secret:
        return _page(request, project, Shown(fresh_form(""), secret=secret, secret_of=channel.name))
    address = reverse("web:alert-subscriptions", args=[project.slug])
    return HttpResponseRedirect(f"{address}?for={channel.pk}#rule")


@require_POST
@of_project
def channel_act(request: HttpRequest, project: Project, channel_id: str, verb: str) -> HttpResponse:
    """Change one, rotate its secret, try it, switch it off or on, remove it."""
    user, channel = maintainer_of(request, project), _found(project, channel_id)
    try:
        return VERBS[verb](request, channel, user)
    except Refused as error:
        form = refused(filled(request.POST, channel), error) if verb == "change" else fresh_form("")
        fault = "" if verb == "change" else f"Nothing changed: {error.detail}"
        changes = channel if verb == "change" else None
        return _page(request, project, Shown(form, changes, fault, status=error.status))


def _change(request: HttpRequest, channel: Channel, user: User) -> HttpResponse:
    form = filled(request.POST, channel)
    change_channel(channel=channel, by=user, now=timezone.now(), name=form.name, settings=given(form) or None)
    return _back(channel.project)


def _rotate(request: HttpRequest, channel: Channel, user: User) -> HttpResponse:
    secret = rotate_secret(channel=channel, now=timezone.now(), by=user)
    return _page(request, channel.project, Shown(fresh_form(""), secret=secret, secret_of=channel.name))


def _test(request: HttpRequest, channel: Channel, user: User) -> HttpResponse:
    """Its delivery shows how it fares."""
    del request
    row = send_test(channel=channel, by=user, now=timezone.now())
    address = reverse("web:alerts", args=[channel.project.slug])
    return HttpResponseRedirect(f"{address}?open={row.pk}#d-{row.pk}")


def _off(request: HttpRequest, channel: Channel, user: User) -> HttpResponse:
    del request
    switch_off(channel=channel, reason=BY_HAND, now=timezone.now(), by=user)
    return _back(channel.project)


def _on(request: HttpRequest, channel: Channel, user: User) -> HttpResponse:
    del request
    switch_on(channel=channel, now=timezone.now(), by=user)
    return _back(channel.project)


def _remove(request: HttpRequest, channel: Channel, user: User) -> HttpResponse:
    del request
    project = channel.project
    remove_channel(channel=channel, by=user, now=timezone.now())
    return _back(project)


VERBS: dict[str, Callable[[HttpRequest, Channel, User], HttpResponse]] = {
    "change": _change,
    "rotate": _rotate,
    "test": _test,
    "off": _off,
    "on": _on,
    "remove": _remove,
}


def _back(project: Project) -> HttpResponse:
    return HttpResponseRedirect(reverse("web:alert-channels", args=[project.slug]))


def _page(request: HttpRequest, project: Project, shown: Shown) -> HttpResponse:
    version = version_of([project.id])
    healths, own = healths_of(project)
    own_card, *cards = cards_of(healths, own, members_told(project))
    context: dict[str, Any] = {
        "project": project,
        "tab": "alerts",
        "counts": counts_of(project, request.user),  # type: ignore[arg-type]  # signed in: of_project
        "here": reverse("web:alert-channels", args=[project.slug]),
        "part": "channels",
        "version": version,
        "headline": of_channels(healths),
        "own": own_card,
        "rows": [_row(health, card) for health, card in zip(healths, cards, strict=True)],
        "may_maintain": may_maintain(request.user, project),
        "has_mail": bool(settings.EMAIL_URL),
        "has_key": bool(settings.FIELD_KEY),
        "kinds": kinds(shown.form.kind),
        "form": shown.form,
        "icon_of": kind_icon(shown.form.kind),
        "changes": shown.changes,
        "changes_name": visible(shown.changes.name) if shown.changes else "",
        "is_off": shown.changes is not None and shown.changes.state == ChannelState.OFF,
        "fault": shown.fault,
        "secret": shown.secret,
        "secret_of": visible(shown.secret_of),
    }
    response = render(request, "web/alerts/channels.html", context, status=shown.status)
    if shown.secret:
        response.headers["Cache-Control"] = "no-store"
    return response


def _row(health: Health, card: Card) -> Row:
    return Row(health.channel, visible(health.channel.shown) or kind_name(health.channel.kind), card, health.rules)
