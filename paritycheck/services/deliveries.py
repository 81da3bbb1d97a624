"""What a person does with one delivery: send it now, or give it up. The row keeps who did it and when."""

from typing import Final

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.db.models.functions import Now

from paritycheck.models import Delivery, User
from paritycheck.models.deliveries import DeliveryState
from paritycheck.selectors.access import may_maintain
from paritycheck.services.audit import record
from paritycheck.services.errors import Refused
from paritycheck.services.jobs import DELIVER, note

SEND_NOW: Final = "send-now"
GIVE_UP: Final = "give-up"
_LEASED: Final = ExpressionWrapper(Q(lease_until__isnull=False, lease_until__gt=Now()), output_field=BooleanField())


@transaction.atomic
def send_now(*, delivery: Delivery, by: User | None) -> Delivery:
    """Make it due at once, whatever it waits for; one that was given up gets another attempt under the same id.

    Raises Refused: forbidden, delivery-over for one that was sent, delivery-busy while a sender has it.
    """
    row = _taken(delivery, by)
    if row.state == DeliveryState.SENT:
        raise Refused("delivery-over", 409, "it was sent already")
    _noted(row, by, SEND_NOW, state=DeliveryState.DUE, due_at=Now(), held_for="", lease_until=None)
    note(DELIVER, row.pk)
    return row


@transaction.atomic
def give_up(*, delivery: Delivery, by: User | None) -> Delivery:
    """End one that waits; nothing is sent any more. Raises Refused as `send_now` does."""
    row = _taken(delivery, by)
    if row.state != DeliveryState.DUE:
        raise Refused("delivery-over", 409, "it does not wait any more")
    _noted(row, by, GIVE_UP, state=DeliveryState.DEAD, held_for="", lease_until=None)
    return row


def _taken(delivery: Delivery, by: User | None) -> Delivery:
    if by is None or not may_maintain(by, delivery.project):
        raise Refused("forbidden", 403, "maintainers and owners of the project may do that")
    row = Delivery.objects.select_for_update().annotate(leased=_LEASED).get(pk=delivery.pk)
    if row.state == DeliveryState.DUE and row.leased:
        raise Refused("delivery-busy", 409, "it is being sent just now", retryable=True, retry_after=30)
    return row


def _noted(row: Delivery, by: User | None, act: str, **fields: object) -> None:
    who = by.email if by else ""
    Delivery.objects.filter(pk=row.pk).update(acted=act, acted_by=who, acted_at=Now(), **fields)
    action = "delivery.sent-again" if act == SEND_NOW else "delivery.given-up"
    record(action=action, by=by, project=row.project, target=row.subject, detail={"id": str(row.pk)})
