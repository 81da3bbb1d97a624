"""Messages that were waiting when a backup was made: after a restore a person decides what becomes of the old ones."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from paritycheck.models import Delivery
from paritycheck.models.deliveries import HELD_BY_RESTORE, DeliveryState
from paritycheck.services.jobs import DELIVER, note

OLD: Final = timedelta(hours=1)
FAR: Final = timedelta(days=36_525)
"""A hundred years: nobody's clock reaches it, and every reader of times can."""
DROPPED: Final = "dropped after a restore"


def hold_old(*, before: datetime) -> int:
    """Hold what is due and was made an hour before a restore or earlier; how many."""
    rows = Delivery.objects.filter(state=DeliveryState.DUE, created_at__lt=before - OLD)
    return rows.exclude(held_for=HELD_BY_RESTORE).update(
        held_for=HELD_BY_RESTORE, due_at=F("due_at") + FAR, lease_until=None
    )


@transaction.atomic
def send_held() -> int:
    """Send what is held, at once, each under the id that it always had; what waited for its time goes on to."""
    rows = Delivery.objects.filter(held_for=HELD_BY_RESTORE, state=DeliveryState.DUE)
    idents = list(rows.select_for_update().values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=idents).update(held_for="", due_at=F("due_at") - FAR)
    for ident in idents:
        note(DELIVER, ident)
    return len(idents)


def drop_held() -> int:
    """Send nothing of it, ever."""
    rows = Delivery.objects.filter(held_for=HELD_BY_RESTORE, state=DeliveryState.DUE)
    return rows.update(state=DeliveryState.DROPPED, held_for="", due_at=Now(), error=DROPPED)
