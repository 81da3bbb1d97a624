"""Sends what is in the outbox: lease, send, mark. At least once, under one id.

Times are PostgreSQL's alone, so senders on hosts with different clocks agree.
"""

import hashlib
import time
import traceback
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from paritycheck.core.channel import TEST, ChannelError
from paritycheck.models import Delivery, DeliveryAttempt
from paritycheck.models.channels import ChannelState
from paritycheck.models.deliveries import DeliveryState
from paritycheck.selectors import clock
from paritycheck.selectors.recipients import still_receives
from paritycheck.services.channel_health import note_failure, note_success
from paritycheck.services.dispatch import CHANNELS, CONFIRM
from paritycheck.services.jobs import DELIVER, note
from paritycheck.services.slots import is_free, next_after, slots_for, waiting

log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=30)
MOST_CRASHES = 5
"""Attempts that left no trace: the sender died while it sent."""
DELAYS_S: Final = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Between attempts: the schedule of Standard Webhooks, 75 h 35 min in all, for mail as well."""
JITTER: Final = 0.2
MOST_DUE = 500
LONGEST_ERROR: Final = 512
NO_EMAIL_URL: Final = "no EMAIL_URL"
NOT_A_MEMBER: Final = "no longer a member"
NO_CHANNEL: Final = "the channel was removed"
NOT_CONFIRMED: Final = "the address is not confirmed yet"
CRASHED: Final = "the sender ended while it sent"
TO_CHANNEL: Final = "channel:"
"""What the recipient of a delivery to a channel begins with."""


@dataclass(frozen=True, slots=True)
class _Lease:
    """A delivery that is ours for LEASE; `number` counts its attempts from 1 and tells a late mark from a fresh one."""

    delivery: Delivery
    number: int


def deliveries_due() -> list[UUID]:
    """Deliveries that may be sent now, in the order of `slots.waiting`."""
    return list(waiting().values_list("pk", flat=True)[:MOST_DUE])


def deliver(*, delivery_id: UUID) -> None:
    """Send one delivery if it is due, nobody else does, and enough others of its kind are not being sent.

    Killed at any point it is sent again when the lease ends, under the same id. A temporary failure waits by
    schedule; a permanent one, the last attempt, and too many crashes end it, with the reason. One that finds no slot
    stays due, and is woken by those that hold them.
    """
    row = waiting().select_related("target").filter(pk=delivery_id).first()
    if row is None:
        return
    with slots_for(row) as free:
        lease = _take(delivery_id) if free else None
        if lease is None:
            return
        if not (_dropped(lease) or _given_up(lease)):
            _send(lease)
    for ident in next_after(row):
        note(DELIVER, ident)


def _send(lease: _Lease) -> None:
    began = time.monotonic()
    error = None
    try:
        CHANNELS[lease.delivery.channel](lease.delivery)
    except ChannelError as refused:
        error = refused
    except Exception as bug:  # noqa: BLE001  whatever it is, the message waits and others go on
        # No traceback: what an exception says may hold a secret of the channel.
        log.error("delivery failed", delivery=str(lease.delivery.pk), error=type(bug).__name__, at=_place(bug))  # noqa: TRY400  as said
        error = ChannelError(type(bug).__name__, permanent=False, blameless=True)
    took_ms = int(1000 * (time.monotonic() - began))
    if error is None:
        _sent(lease, took_ms)
    else:
        _failed(lease, error, took_ms)


def _place(bug: BaseException) -> str:
    """File and line of where it was raised."""
    frames = traceback.extract_tb(bug.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def _take(delivery_id: UUID) -> _Lease | None:
    """Take the lease and count the attempt, in one statement: of two senders the second finds it taken."""
    due = Delivery.objects.filter(is_free(), pk=delivery_id, state=DeliveryState.DUE, due_at__lte=Now())
    if not due.update(lease_until=Now() + LEASE, attempts=F("attempts") + 1):
        return None
    row = Delivery.objects.select_related("target").get(pk=delivery_id)
    return _Lease(row, row.attempts)


def _dropped(lease: _Lease) -> bool:
    """Whether there is nobody to send it to, or no way to send it: said, and never tried for ever."""
    row = lease.delivery
    reason = _no_way(row)
    if not reason:
        return False
    _ours(lease).update(state=DeliveryState.DROPPED, lease_until=None, error=reason[:LONGEST_ERROR])
    log.warning("delivery dropped", delivery=str(row.pk), reason=reason)
    return True


def _no_way(row: Delivery) -> str:
    if row.channel == "mail" and not settings.EMAIL_URL:
        return NO_EMAIL_URL
    if row.target is None:
        if row.recipient.startswith(TO_CHANNEL):
            return NO_CHANNEL
        return "" if still_receives(row.project_id, row.recipient) else NOT_A_MEMBER
    state = row.target.state
    if state == ChannelState.PENDING and row.kind != CONFIRM:
        return NOT_CONFIRMED
    if state == ChannelState.OFF and row.kind != TEST:
        return f"the channel is off: {row.target.off_reason}"
    return ""


def _given_up(lease: _Lease) -> bool:
    """Whether it crashed its sender too often: every attempt that ended by itself has left a row."""
    ended = DeliveryAttempt.objects.filter(delivery_id=lease.delivery.pk).count()
    if lease.number - 1 - ended < MOST_CRASHES:
        return False
    _ours(lease).update(state=DeliveryState.DEAD, lease_until=None, error=f"{CRASHED}, {MOST_CRASHES} times")
    log.error("delivery given up", delivery=str(lease.delivery.pk))
    return True


def _sent(lease: _Lease, took_ms: int) -> None:
    """Mark it sent, even if the lease ran out meanwhile: it has gone."""
    row = lease.delivery
    with transaction.atomic():
        _attempt(lease, "", took_ms)
        rows = Delivery.objects.filter(pk=row.pk, state=DeliveryState.DUE)
        rows.update(state=DeliveryState.SENT, sent_at=Now(), lease_until=None, error="")
        if row.target is not None:
            note_success(row.target)
    log.info("delivery sent", delivery=str(row.pk), attempt=lease.number, took_ms=took_ms)


def _failed(lease: _Lease, error: ChannelError, took_ms: int) -> None:
    """A test ends with its first answer, and says nothing of the channel: a person looks at it."""
    row, test = lease.delivery, lease.delivery.kind == TEST
    ends = _end(lease, error)
    with transaction.atomic():
        _attempt(lease, error.reason, took_ms)
        changed = {"state": ends} if ends else {"due_at": Now() + _wait(lease, error)}
        _ours(lease).update(lease_until=None, error=error.reason[:LONGEST_ERROR], **changed)
        if row.target is not None and not test:
            note_failure(row.target, error, clock.now())
    log.warning(
        "delivery ended" if ends else "delivery waits", delivery=str(row.pk), attempt=lease.number, reason=error.reason
    )


def _end(lease: _Lease, error: ChannelError) -> str:
    """The state that it ends in; empty where it is tried again."""
    if error.permanent and error.blameless:
        return DeliveryState.DROPPED
    if error.permanent or lease.number > len(DELAYS_S) or lease.delivery.kind == TEST:
        return DeliveryState.DEAD
    return ""


def _wait(lease: _Lease, error: ChannelError) -> timedelta:
    """By schedule, or as long as the receiver asks for if that is longer."""
    planned = delay(lease.delivery.pk, lease.number)
    return max(planned, timedelta(seconds=error.retry_after_s or 0))


def _ours(lease: _Lease) -> QuerySet[Delivery]:
    """The row while no later attempt has taken it over."""
    return Delivery.objects.filter(pk=lease.delivery.pk, state=DeliveryState.DUE, attempts=lease.number)


def _attempt(lease: _Lease, error: str, took_ms: int) -> None:
    DeliveryAttempt.objects.create(
        project_id=lease.delivery.project_id,
        delivery_id=lease.delivery.pk,
        number=lease.number,
        at=Now(),
        ok=not error,
        took_ms=took_ms,
        error=error[:LONGEST_ERROR],
    )


def delay(delivery_id: UUID, attempt: int) -> timedelta:
    """How long to wait after the `attempt`th attempt, within 20 % of the schedule: deliveries that failed together do
    not come back together.
    """
    digest = hashlib.sha256(f"{delivery_id} {attempt}".encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 0xFFFF_FFFF
    return timedelta(seconds=DELAYS_S[attempt - 1] * (1 - JITTER + 2 * JITTER * share))
