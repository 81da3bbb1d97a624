"""Subscriptions: one's own, those of channels, and for maintainers everybody's."""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from paritycheck.core.subscription_words import rule_words
from paritycheck.core.subscriptions import GAPS
from paritycheck.models import Channel, Project, Subscription, User
from paritycheck.selectors.access import may_maintain
from paritycheck.selectors.channels import channels_of, find_channel
from paritycheck.selectors.liveness import version_of
from paritycheck.selectors.recipients import terms_of
from paritycheck.selectors.subscriptions import (
    Rights,
    counts_of,
    find_subscription,
    may_change,
    may_end,
    may_subscribe,
    rights_of,
    subscriptions_of,
)
from paritycheck.services.errors import Refused
from paritycheck.services.subscriptions import add_subscription, change_subscription, end_subscription
from paritycheck.web.access import of_project
from paritycheck.web.alerting import kind_icon
from paritycheck.web.headlines import of_subscriptions
from paritycheck.web.subscribing import (
    DAYS,
    LEAST,
    ZONES,
    RuleForm,
    asked_terms,
    form_of,
    fresh_form,
    next_words,
    refused,
    sent_form,
)
from paritycheck.web.visible import visible

UNPROCESSABLE = 422
HAND = "hand"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule in the list."""

    row: Subscription
    told: str
    to: str
    icon: str
    next: str
    mine: bool
    changes: bool
    ends: bool


@require_safe
@of_project
def subscriptions(request: HttpRequest, project: Project) -> HttpResponse:
    """Every rule that one may see, and beside them the form of a new one or of the one to change."""
    said = request.GET.get("change", "")
    row = _found(request, project, said) if said else None
    return _page(request, project, form_of(row) if row else fresh_form(request), row)


def _found(request: HttpRequest, project: Project, said: str) -> Subscription:
    try:
        row = find_subscription(project, _user(request), UUID(said))
    except ValueError:
        row = None
    if row is None:
        raise Http404
    return row


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


@require_POST
@of_project
def new_subscription(request: HttpRequest, project: Project) -> HttpResponse:
    """A rule of one's own, or as a maintainer of a channel."""
    form, user = sent_form(request.POST), _user(request)
    channel = _channel(project, form.channel)
    if not (may_maintain(user, project) if channel else may_subscribe(user, project)):
        raise PermissionDenied
    try:
        add_subscription(
            project=project,
            user=None if channel else user,
            channel=channel,
            terms=asked_terms(form),
            by=user,
            now=timezone.now(),
        )
    except Refused as error:
        return _page(request, project, refused(form, error), None, UNPROCESSABLE)
    return _back(project)


def _channel(project: Project, said: str) -> Channel | None:
    if not said:
        return None
    try:
        channel = find_channel(project, UUID(said))
    except ValueError:
        channel = None
    if channel is None:
        raise Http404
    return channel


@require_POST
@of_project
def subscription_act(request: HttpRequest, project: Project, subscription_id: str, verb: str) -> HttpResponse:
    """Change a rule, or end it."""
    row, user = _found(request, project, subscription_id), _user(request)
    if not (may_end if verb == "end" else may_change)(row, user):
        raise PermissionDenied
    if verb == "end":
        end_subscription(subscription=row, why=HAND, now=timezone.now(), by=user)
        return _back(project)
    form = sent_form(request.POST)
    try:
        change_subscription(subscription=row, terms=asked_terms(form), by=user, now=timezone.now())
    except Refused as error:
        return _page(request, project, refused(form, error), row, UNPROCESSABLE)
    return _back(project)


def _back(project: Project) -> HttpResponse:
    return HttpResponseRedirect(reverse("web:alert-subscriptions", args=[project.slug]))


def _page(
    request: HttpRequest, project: Project, form: RuleForm, changes: Subscription | None, status: int = 200
) -> HttpResponse:
    version, user = version_of([project.id]), _user(request)
    rights = rights_of(user, project)
    rules = [_rule(row, user, rights) for row in subscriptions_of(project, user).order_by("made_at", "pk")]
    mine, others = [rule for rule in rules if rule.mine], [rule for rule in rules if not rule.mine]
    context = {
        "project": project,
        "headline": of_subscriptions(len(mine), len(others), project.slug),
        "tab": "alerts",
        "counts": counts_of(project, user),
        "here": reverse("web:alert-subscriptions", args=[project.slug]),
        "part": "subscriptions",
        "version": version,
        "mine": mine,
        "others": others,
        "may_maintain": rights.maintains,
        "may_subscribe": rights.subscribes,
        "form": form,
        "changes": changes,
        "changes_to": _to(changes, user) if changes else "",
        "channels": [(str(row.pk), visible(row.name)) for row in channels_of(project)] if rights.maintains else [],
        "gaps": [(gap, gap in form.gaps) for gap in GAPS],
        "days": DAYS.items(),
        "least": LEAST.items(),
        "zones": ZONES,
    }
    return render(request, "web/alerts/subscriptions.html", context, status=status)


def _rule(row: Subscription, user: User, rights: Rights) -> Rule:
    mine = row.user_id == user.pk
    owned = "only what I own" if mine else "only what they own"
    return Rule(
        row=row,
        told=visible(rule_words(terms_of(row), owned)),
        to=_to(row, user),
        icon=kind_icon(row.channel.kind) if row.channel else "mail",
        next=next_words(row) if row.due_at else "",
        mine=mine,
        changes=rights.may_change(row),
        ends=rights.may_end(row),
    )


def _to(row: Subscription, user: User) -> str:
    if row.user_id == user.pk:
        return "you, by mail"
    return visible(row.channel.name if row.channel else row.user.email if row.user else "")
