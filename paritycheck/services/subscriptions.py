"""Who is told what, and when: made, changed and ended; what a new member begins with."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from paritycheck.core.cron import next_after
from paritycheck.core.subscriptions import DEFAULTS, DIGEST, Fault, SubscriptionTerms, faults
from paritycheck.models import Channel, Delivery, Membership, Project, Subscription, User
from paritycheck.models.deliveries import DeliveryState
from paritycheck.selectors.recipients import terms_of
from paritycheck.services.audit import record
from paritycheck.services.errors import Refused
from paritycheck.services.kinds import KINDS

MOST = 50
"""Subscriptions of one member or channel in one project that have not ended."""
UNSUBSCRIBED = "unsubscribed"
BY_HAND = "hand"


@transaction.atomic
def add_subscription(
    *, project: Project, user: User | None, channel: Channel | None, terms: SubscriptionTerms, by: User, now: datetime
) -> Subscription:
    """Subscribe a member or a channel of the project. Raises Refused(invalid-subscription)."""
    if (user is None) == (channel is None):
        raise _refused([Fault("user", "a subscription is of a member or of a channel, not of both")])
    if user is not None and not Membership.objects.filter(project=project, user=user).exists():
        raise _refused([Fault("user", "this person is no member of the project")])
    if channel is not None and channel.project_id != project.pk:
        raise _refused([Fault("channel", "this project has no such channel")])
    _check(terms, channel)
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if Subscription.objects.filter(project=project, user=user, channel=channel, ended_at=None).count() >= MOST:
        raise _refused([Fault("when", f"at most {MOST} subscriptions at a time")])
    row = Subscription(project=project, user=user, channel=channel, made_by=by.email, made_at=now)
    _note("subscription.added", _store(row, terms, now), by)
    return row


@transaction.atomic
def change_subscription(
    *, subscription: Subscription, terms: SubscriptionTerms, by: User, now: datetime
) -> Subscription:
    """Give it other terms; a digest whose schedule stays keeps its moment. Raises Refused(invalid-subscription)."""
    row = Subscription.objects.select_for_update(of=("self",)).select_related("channel").get(pk=subscription.pk)
    if row.ended_at is not None:
        raise _refused([Fault("when", "this subscription has ended; make a new one")])
    _check(terms, row.channel)
    _note("subscription.changed", _store(row, terms, now), by)
    return row


@transaction.atomic
def end_subscription(*, subscription: Subscription, why: str, now: datetime, by: User | None = None) -> None:
    """End it, once; `why` is a word such as `unsubscribed`. What waits in the outbox for it is not sent."""
    living = Subscription.objects.filter(pk=subscription.pk, ended_at=None)
    if living.update(ended_at=now, ended_why=why, due_at=None):
        _drop_waiting(subscription)
        _note("subscription.ended", subscription, by)
    subscription.refresh_from_db()


def _note(action: str, row: Subscription, by: User | None) -> None:
    """What somebody does to their own mail is nobody's question; that of channels and of others is."""
    if row.user_id is not None and (by is None or row.user_id == by.pk):
        return
    target = row.user.email if row.user else row.channel.name if row.channel else ""
    detail = {"id": str(row.pk), "when": row.when}
    record(action=action, by=by, project=row.project, target=target, detail=detail)


def _drop_waiting(ended: Subscription) -> None:
    """What waits for its quiet hours to end goes with it, unless another one of the same reader asks for such things:
    a message may be by several, and names one of them.
    """
    others = Subscription.objects.filter(
        project_id=ended.project_id, user=ended.user, channel=ended.channel, when=ended.when, ended_at=None
    )
    if not others.exists():
        waiting = Delivery.objects.filter(subscription_id=ended.pk, state=DeliveryState.DUE, lease_until=None)
        waiting.update(state=DeliveryState.DROPPED, error=UNSUBSCRIBED, held_for="")


def give_defaults(*, project: Project, user: User, now: datetime) -> None:
    """What a member begins with, unless they ever had a subscription here."""
    if Subscription.objects.filter(project=project, user=user).exists():
        return
    for terms in DEFAULTS:
        _store(Subscription(project=project, user=user, made_by=user.email, made_at=now), terms, now)


def _check(terms: SubscriptionTerms, channel: Channel | None) -> None:
    found = list(faults(terms))
    if terms.only_owned and channel is not None:
        found.append(Fault("only_owned", "a channel owns nothing; only a member's own subscription can ask for this"))
    if terms.when == DIGEST and channel is not None and not KINDS[channel.kind].digests:
        found.append(Fault("when", f"a digest has no form in {KINDS[channel.kind].label}; choose at once"))
    if found:
        raise _refused(found)


def _refused(found: Iterable[Fault]) -> Refused:
    places = [
        {"pointer": f"/{fault.member}", "code": "invalid-subscription", "detail": fault.detail} for fault in found
    ]
    return Refused("invalid-subscription", 422, str(places[0]["detail"]), errors=places)


def _store(row: Subscription, terms: SubscriptionTerms, now: datetime) -> Subscription:
    """Write the terms; a digest gets its next moment, what is sent at once has none."""
    before = terms_of(row)
    stays = (before.when, before.cron, before.timezone) == (terms.when, terms.cron, terms.timezone)
    for member, value in asdict(terms).items():
        setattr(row, member, list(value) if isinstance(value, tuple) else value)
    if terms.when != DIGEST:
        row.due_at = None
    elif row.due_at is None or not stays:
        row.due_at = next_after(terms.cron, terms.timezone, now)
    row.save()
    return row
