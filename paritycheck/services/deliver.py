"""Sends what is in the outbox: lease, send, mark. At least once, under one id.

Times are PostgreSQL's alone, so senders on hosts with different clocks agree.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from paritycheck.channels import mail
from paritycheck.core.channel import ChannelError
from paritycheck.core.message import Message
from paritycheck.models import Delivery, DeliveryAttempt
from paritycheck.models.deliveries import DeliveryState
from paritycheck.selectors.recipients import still_receives

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
CRASHED: Final = "the sender ended while it sent"


@dataclass(frozen=True, slots=True)
class _Lease:
    """A delivery that is ours for LEASE; `number` counts its attempts from 1 and tells a late mark from a fresh one."""

    delivery: Delivery
    number: int


def deliveries_due() -> list[UUID]:
    """Deliveries that may be sent now by PostgreSQL's clock, longest waiting first."""
    rows = Delivery.objects.filter(_free(), state=DeliveryState.DUE, due_at__lte=Now())
    return list(rows.order_by("due_at").values_list("pk", flat=True)[:MOST_DUE])


def deliver(*, delivery_id: UUID) -> None:
    """Send one delivery if it is due and nobody else does.

    Killed at any point it is sent again when the lease ends, under the same id. A temporary failure waits by
    schedule; a permanent one, the last attempt, and too many crashes end it, with the reason.
    """
    lease = _take(delivery_id)
    if lease is None or _dropped(lease) or _given_up(lease):
        return
    try:
        _CHANNELS[lease.delivery.channel](lease.delivery)
    except ChannelError as error:
        _failed(lease, error.reason, permanent=error.permanent)
    except Exception as error:
        log.exception("delivery failed", delivery=str(delivery_id))
        _failed(lease, type(error).__name__, permanent=False)
    else:
        _sent(lease)


def _free() -> Q:
    return Q(lease_until__isnull=True) | Q(lease_until__lt=Now())


def _take(delivery_id: UUID) -> _Lease | None:
    """Take the lease and count the attempt, in one statement: of two senders the second finds it taken."""
    due = Delivery.objects.filter(_free(), pk=delivery_id, state=DeliveryState.DUE, due_at__lte=Now())
    if not due.update(lease_until=Now() + LEASE, attempts=F("attempts") + 1):
        return None
    row = Delivery.objects.get(pk=delivery_id)
    return _Lease(row, row.attempts)


def _dropped(lease: _Lease) -> bool:
    """Whether there is nobody to send it to, or no way to send it: said, and never tried for ever."""
    row = lease.delivery
    reason = ""
    if row.channel == "mail" and not settings.EMAIL_URL:
        reason = NO_EMAIL_URL
    elif not still_receives(row.project_id, row.recipient):
        reason = NOT_A_MEMBER
    if not reason:
        return False
    _ours(lease).update(state=DeliveryState.DROPPED, lease_until=None, error=reason)
    log.warning("delivery dropped", delivery=str(row.pk), reason=reason)
    return True


def _given_up(lease: _Lease) -> bool:
    """Whether it crashed its sender too often: every attempt that ended by itself has left a row."""
    ended = DeliveryAttempt.objects.filter(delivery_id=lease.delivery.pk).count()
    if lease.number - 1 - ended < MOST_CRASHES:
        return False
    _ours(lease).update(state=DeliveryState.DEAD, lease_until=None, error=f"{CRASHED}, {MOST_CRASHES} times")
    log.error("delivery given up", delivery=str(lease.delivery.pk))
    return True


def _send_mail(row: Delivery) -> None:
    mail.send(Message.read(row.content), to=row.recipient, ident=row.pk, thread=row.thread, settings=mail_settings())


_CHANNELS: Mapping[str, Callable[[Delivery], None]] = {"mail": _send_mail}


def mail_settings() -> mail.MailSettings:
    """The mail server and the sender, as EMAIL_URL and MAIL_FROM give them."""
    return mail.MailSettings(
        backend=settings.EMAIL_BACKEND,
        host=settings.EMAIL_HOST,
        port=settings.EMAIL_PORT,
        user=settings.EMAIL_HOST_USER,
        password=settings.EMAIL_HOST_PASSWORD,
        use_tls=settings.EMAIL_USE_TLS,
        use_ssl=settings.EMAIL_USE_SSL,
        timeout_s=settings.EMAIL_TIMEOUT,
        sender=settings.DEFAULT_FROM_EMAIL,
        site=settings.SITE_NAME,
        options=settings.EMAIL_OPTIONS,
    )


def _sent(lease: _Lease) -> None:
    """Mark it sent, even if the lease ran out meanwhile: it has gone."""
    with transaction.atomic():
        _attempt(lease, "")
        rows = Delivery.objects.filter(pk=lease.delivery.pk, state=DeliveryState.DUE)
        rows.update(state=DeliveryState.SENT, sent_at=Now(), lease_until=None, error="")
    log.info("delivery sent", delivery=str(lease.delivery.pk), attempt=lease.number)


def _failed(lease: _Lease, reason: str, *, permanent: bool) -> None:
    if permanent or lease.number > len(DELAYS_S):
        _end_dead(lease, reason)
        log.error("delivery dead", delivery=str(lease.delivery.pk), attempt=lease.number, reason=reason)
        return
    wait = delay(lease.delivery.pk, lease.number)
    with transaction.atomic():
        _attempt(lease, reason)
        _ours(lease).update(due_at=Now() + wait, lease_until=None, error=reason[:LONGEST_ERROR])
    log.warning("delivery waits", delivery=str(lease.delivery.pk), attempt=lease.number, reason=reason)


def _end_dead(lease: _Lease, reason: str) -> None:
    with transaction.atomic():
        _attempt(lease, reason)
        _ours(lease).update(state=DeliveryState.DEAD, lease_until=None, error=reason[:LONGEST_ERROR])


def _ours(lease: _Lease) -> QuerySet[Delivery]:
    """The row while no later attempt has taken it over."""
    return Delivery.objects.filter(pk=lease.delivery.pk, state=DeliveryState.DUE, attempts=lease.number)


def _attempt(lease: _Lease, error: str) -> None:
    DeliveryAttempt.objects.create(
        project_id=lease.delivery.project_id,
        delivery_id=lease.delivery.pk,
        number=lease.number,
        at=Now(),
        ok=not error,
        error=error[:LONGEST_ERROR],
    )


def delay(delivery_id: UUID, attempt: int) -> timedelta:
    """How long to wait after the `attempt`th attempt, within 20 % of the schedule: deliveries that failed together do
    not come back together.
    """
    digest = hashlib.sha256(f"{delivery_id} {attempt}".encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 0xFFFF_FFFF
    return timedelta(seconds=DELAYS_S[attempt - 1] * (1 - JITTER + 2 * JITTER * share))
