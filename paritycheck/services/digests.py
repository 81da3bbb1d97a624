"""Digests by schedule: one for each subscription and period, however often beat asks and however late."""

from collections.abc import Callable, MutableMapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction

from paritycheck.core.cron import last_before, latest_of, next_after
from paritycheck.core.digests import digest
from paritycheck.core.message import Message
from paritycheck.core.subscription_words import when_words
from paritycheck.core.subscriptions import DIGEST, TOOLS, Facts, SubscriptionTerms, matches
from paritycheck.models import Notice, Subscription
from paritycheck.selectors.recipients import living, mine_of, recipient_of, terms_of
from paritycheck.services.digest_content import day_of
from paritycheck.services.notice_words import facts_of
from paritycheck.services.outbox import Parcel, put_out_parcels

log = structlog.get_logger(__name__)
MOST_DUE: Final = 500
Key = tuple[object, ...]
Made = MutableMapping[Key, tuple[Message, bool]]
"""Messages by whom they are for in all that shapes them, and whether something changed in the period."""


def prepare_digests(*, now: datetime) -> None:
    """Put out every digest that is due, each in a transaction of its own: one that fails keeps no other from theirs,
    and is tried again with the next call. Readers of the same things share one look at the project.
    """
    due = Subscription.objects.filter(when=DIGEST, ended_at=None, due_at__lte=now).order_by("project_id", "due_at")
    made: Made = {}
    for ident in list(due.values_list("pk", flat=True)[:MOST_DUE]):
        try:
            with transaction.atomic():
                _prepare(ident, now, made)
        except Exception:
            log.exception("digest failed", subscription=str(ident))


def preview_digest(*, subscription: Subscription, now: datetime) -> Message:
    """What would be sent if it were due now: the period since the last one, and nothing is kept."""
    terms = terms_of(subscription)
    since = _since(subscription, terms, now)
    return _signed(subscription, terms, _make(subscription, terms, since, now)[0])


def _prepare(ident: UUID, now: datetime, made: Made) -> None:
    """Claim the subscription by its row's lock, write the digest of the period that ended last, and name the next
    moment. Of two at once the second one finds it locked or done.
    """
    rows = Subscription.objects.select_for_update(of=("self",), skip_locked=True)
    due = rows.filter(pk=ident, ended_at=None, due_at__lte=now)
    row = due.select_related("project__policy", "user", "channel").first()
    if row is None or row.due_at is None:
        return
    terms = terms_of(row)
    until = latest_of(terms.cron, terms.timezone, row.due_at, now)
    if living().filter(pk=ident).exists():
        _put(row, terms, until, made)
    row.last_at, row.due_at = until, next_after(terms.cron, terms.timezone, until)
    row.save(update_fields=["last_at", "due_at"])


def _put(row: Subscription, terms: SubscriptionTerms, until: datetime, made: Made) -> None:
    since = _since(row, terms, until)
    key = _key(row, terms, since, until)
    message, changed = made[key] if key in made else made.setdefault(key, _make(row, terms, since, until))
    if terms.skip_unchanged and not changed:
        return
    parcel = Parcel(recipient_of(row), _signed(row, terms, message), row.pk)
    put_out_parcels(project_id=row.project_id, parcels=[parcel], dedupe=f"digest:{row.pk}:{until:%Y-%m-%dT%H:%MZ}")
    log.info("digest prepared", project=str(row.project_id), subscription=str(row.pk))


def _since(row: Subscription, terms: SubscriptionTerms, until: datetime) -> datetime:
    """Where the period begins: with the end of the one before, or as one of its schedule would."""
    if row.last_at is not None:
        return min(row.last_at, until)
    before = last_before(terms.cron, terms.timezone, until)
    return min(max(before, row.project.created_at), until)


def _key(row: Subscription, terms: SubscriptionTerms, since: datetime, until: datetime) -> Key:
    """All that shapes the content."""
    mine = mine_of(row.project, row) if terms.only_owned else frozenset[str]()
    return (row.project_id, since, until, mine, _content_of(terms))


def _content_of(terms: SubscriptionTerms) -> SubscriptionTerms:
    return replace(terms, cron="", timezone="", skip_unchanged=False, quiet_from=None, quiet_to=None)


def _make(row: Subscription, terms: SubscriptionTerms, since: datetime, until: datetime) -> tuple[Message, bool]:
    wanted = partial(_wanted, terms, mine_of(row.project, row))
    day = day_of(row.project, since, until, wanted)
    changed = bool(day.opened or day.changed or day.resolved) or _noticed(row, since, until, wanted)
    return _narrowed(digest(day), terms), changed


def _wanted(terms: SubscriptionTerms, mine: frozenset[str], facts: Facts) -> bool:
    return matches(terms, facts, mine)


def _noticed(row: Subscription, since: datetime, until: datetime, wanted: Callable[[Facts], bool]) -> bool:
    """Whether something else happened in the period that the reader asked for."""
    rows = Notice.objects.filter(project_id=row.project_id, at__gte=since, at__lt=until).select_related("left", "right")
    return any(wanted(facts_of(notice)) for notice in rows)


def _narrowed(message: Message, terms: SubscriptionTerms) -> Message:
    """Of three gaps those that were asked for; without the tools gap the judgement speaks of no drifts."""
    if not terms.gaps:
        return message
    stands = tuple(
        replace(stand, gaps=tuple(gap for gap in stand.gaps if gap.name.lower() in terms.gaps))
        for stand in message.stands
    )
    message = replace(message, stands=tuple(stand for stand in stands if stand.gaps))
    if TOOLS in terms.gaps:
        return message
    named = " and ".join(terms.gaps)
    title = f"The {named} gap{'s' if len(terms.gaps) > 1 else ''} of {message.project}"
    return replace(message, title=title, lead="", subject=f"[{message.project}] {title[0].lower()}{title[1:]}")


def _signed(row: Subscription, terms: SubscriptionTerms, message: Message) -> Message:
    """With the reason why this reader gets it."""
    who = f"channel {row.channel.name} is" if row.channel is not None else "you are"
    left_out = ", left out when nothing changed" if terms.skip_unchanged else ""
    when = f"{when_words(terms)} because {who} subscribed to a digest of {message.project}"
    return replace(message, why=f"You get this {when}{left_out}.")
