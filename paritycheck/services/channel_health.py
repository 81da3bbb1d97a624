"""What deliveries tell of their channel: that it works, that it fails, that it is better switched off."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now

from paritycheck.core.channel import ChannelError
from paritycheck.models import Channel, Delivery, Notice
from paritycheck.models.channels import ChannelState
from paritycheck.models.deliveries import DeliveryState
from paritycheck.models.notices import NoticeKind
from paritycheck.services.channel_acts import record_channel
from paritycheck.services.kinds import MAIL

log = structlog.get_logger(__name__)
ONLY_FAILURES: Final = timedelta(days=5)
GONE: Final = 410
CLOSED: Final = frozenset({401, 403, 404})
MOST_CLOSED: Final = 2
LONGEST_REASON: Final = 512


def note_success(channel: Channel) -> None:
    """It works."""
    Channel.objects.filter(pk=channel.pk).update(sent_at=Now(), failing_since=None)


def note_failure(channel: Channel, error: ChannelError, now: datetime) -> None:
    """It failed. Switched off is one that says it is gone, one that lets us in no more twice in a row, and one that
    took nothing for five days. What a mail may be tried again for is our own mail server's matter, not the address's.
    """
    if error.blameless or (channel.kind == MAIL and not error.permanent):
        return
    Channel.objects.filter(pk=channel.pk).update(failing_since=Coalesce(F("failing_since"), Now()))
    reason = _reason(channel, error)
    if reason:
        shut(channel=channel, reason=reason, now=now)


def _reason(channel: Channel, error: ChannelError) -> str:
    if error.status == GONE:
        return error.reason
    if error.status in CLOSED and error.permanent and _closed(channel) >= MOST_CLOSED:
        return f"{error.reason}, {MOST_CLOSED} times in a row"
    long = Channel.objects.filter(pk=channel.pk, failing_since__lte=Now() - ONLY_FAILURES).exists()
    return f"nothing was taken for 5 days, at last: {error.reason}" if long else ""


def _closed(channel: Channel) -> int:
    """Deliveries that died since it last took one."""
    since = Q(created_at__gt=channel.sent_at) if channel.sent_at else Q()
    return Delivery.objects.filter(since, target=channel, state=DeliveryState.DEAD).count()


@transaction.atomic
def shut(*, channel: Channel, reason: str, now: datetime) -> None:
    """Send nothing to it any more, and have somebody told. Twice is once."""
    if not turn_off(channel=channel, reason=reason, now=now):
        return
    Notice.objects.get_or_create(
        project_id=channel.project_id,
        dedupe=f"channel-off:{channel.pk}:{now.isoformat()}",
        defaults={
            "kind": NoticeKind.CHANNEL_OFF,
            "about": str(channel.pk),
            "severity": "error",
            "detail": {"channel": channel.name, "kind": channel.kind, "reason": reason[:LONGEST_REASON]},
            "at": now,
        },
    )
    record_channel("channel.off", channel, None, reason=reason[:LONGEST_REASON])
    log.error("channel switched off", channel=str(channel.pk), kind=channel.kind, reason=reason)


def turn_off(*, channel: Channel, reason: str, now: datetime) -> bool:
    """Whether it was not off before."""
    on = Channel.objects.filter(pk=channel.pk).exclude(state=ChannelState.OFF)
    return bool(on.update(state=ChannelState.OFF, off_reason=reason[:LONGEST_REASON], off_at=now))
