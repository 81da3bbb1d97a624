"""The outbox: a message becomes a row per recipient, in the transaction of what it is about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models.functions import Now

from paritycheck.core.message import Message
from paritycheck.models import Delivery
from paritycheck.selectors.recipients import MAIL, Recipient
from paritycheck.services.jobs import DELIVER, note


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message to one recipient, by a subscription where one asked for it. `due_at` is None for now; what is
    `held_for` a reason waits until then. `thread` is the delivery that it answers.
    """

    recipient: Recipient
    message: Message
    subscription_id: UUID | None = None
    due_at: datetime | None = None
    held_for: str = ""
    thread: UUID | None = None


def put_out(*, project_id: UUID, message: Message, recipients: Sequence[str], dedupe: str) -> int:
    """Mail a message to these addresses, due now. Returns how many did not have one under `dedupe` yet."""
    parcels = [Parcel(Recipient(MAIL, address), message) for address in recipients]
    return len(put_out_parcels(project_id=project_id, parcels=parcels, dedupe=dedupe))


def put_out_parcels(*, project_id: UUID, parcels: Iterable[Parcel], dedupe: str) -> dict[Recipient, UUID]:
    """Add a delivery for each recipient who does not have one under `dedupe`, and note to send what is due now.

    Returns the ids of those that were added.
    """
    rows = {parcel.recipient: _delivery(project_id, parcel, dedupe) for parcel in parcels}
    Delivery.objects.bulk_create(rows.values(), ignore_conflicts=True, batch_size=500)
    added = set(Delivery.objects.filter(pk__in=[row.pk for row in rows.values()]).values_list("pk", flat=True))
    for row in rows.values():
        if row.pk in added and not row.held_for:
            note(DELIVER, row.pk)
    return {recipient: row.pk for recipient, row in rows.items() if row.pk in added}


def _delivery(project_id: UUID, parcel: Parcel, dedupe: str) -> Delivery:
    return Delivery(
        project_id=project_id,
        channel=parcel.recipient.channel,
        target_id=parcel.recipient.target_id,
        recipient=parcel.recipient.address,
        subscription_id=parcel.subscription_id,
        kind=parcel.message.kind,
        subject=parcel.message.subject,
        content=parcel.message.stored(),
        dedupe=dedupe,
        held_for=parcel.held_for,
        thread=parcel.thread,
        due_at=parcel.due_at or Now(),
    )
