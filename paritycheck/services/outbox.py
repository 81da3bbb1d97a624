"""The outbox: a message becomes a row per recipient, in the transaction of what it is about."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models.functions import Now

from paritycheck.core.message import Message
from paritycheck.models import Delivery
from paritycheck.services.jobs import DELIVER, note


def put_out(*, project_id: UUID, message: Message, recipients: Sequence[str], dedupe: str) -> int:
    """Add a delivery for each recipient who does not have one under `dedupe`, due now, and note to send it.

    Returns how many were added.
    """
    rows = [
        Delivery(
            project_id=project_id,
            kind=message.kind,
            recipient=address,
            subject=message.subject,
            content=message.stored(),
            dedupe=dedupe,
            due_at=Now(),
        )
        for address in recipients
    ]
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    added = Delivery.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True)
    for ident in added:
        note(DELIVER, ident)
    return len(added)
