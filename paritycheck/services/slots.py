"""How many send at the same time: what hangs may hold a few senders, never all of them.

A slot is an advisory lock of the sender's session, so that it is free the moment its sender dies. A channel has two
(one where the order matters), a project's channels together four, and so have all mails, which share one server. Those
that failed last have two among all of them: however many targets are dead, others find a sender.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Now

from paritycheck.models import Delivery
from paritycheck.models.deliveries import DeliveryState
from paritycheck.services.kinds import KINDS

PER_CHANNEL: Final = 2
PER_GROUP: Final = 4
TROUBLED: Final = 2
_LOOKED_AT: Final = 50
_WOKEN: Final = 3


@contextmanager
def slots_for(row: Delivery) -> Iterator[bool]:
    """Whether there is a free slot of each sort for this delivery; held until the block ends."""
    held: list[int] = []
    try:
        yield all(_hold(name, most, held) for name, most in _wanted(row))
    finally:
        for key in reversed(held):
            _run("SELECT pg_advisory_unlock(%s)", key)


def _wanted(row: Delivery) -> list[tuple[str, int]]:
    mail = row.channel == "mail"
    wanted = [("mail", PER_GROUP)] if mail else [(f"project {row.project_id}", PER_GROUP)]
    if row.target is not None and not mail:
        kind = KINDS.get(row.channel)
        most = PER_CHANNEL if kind is None or kind.digests else 1
        wanted.append((f"channel {row.target.pk}", most))
    failing = row.target is not None and row.target.failing_since is not None
    return [*wanted, ("troubled", TROUBLED)] if failing or row.attempts else wanted


def _hold(name: str, most: int, held: list[int]) -> bool:
    for number in range(most):
        digest = hashlib.sha256(f"paritycheck slot {name} {number}".encode()).digest()
        key = int.from_bytes(digest[:8], "big", signed=True)
        if key not in held and _run("SELECT pg_try_advisory_lock(%s)", key):
            held.append(key)
            return True
    return False


def _run(sql: str, key: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql, [key])
        return bool(cursor.fetchone()[0])


def is_free() -> Q:
    """Deliveries that nobody sends just now."""
    return Q(lease_until__isnull=True) | Q(lease_until__lt=Now())


def waiting() -> QuerySet[Delivery]:
    """What may be sent now by PostgreSQL's clock. What goes to channels that work comes first, then channels that were
    never reached, then those that failed last; of each the longest waiting.
    """
    rows = Delivery.objects.filter(is_free(), state=DeliveryState.DUE, due_at__lte=Now())
    return rows.annotate(trouble=_trouble()).order_by("trouble", "due_at")


def _trouble() -> Case:
    return Case(
        When(target__failing_since__isnull=False, then=Value(2)),
        When(target__isnull=True, attempts__gt=0, then=Value(2)),
        When(target__isnull=False, target__sent_at__isnull=True, then=Value(1)),
        default=Value(0),
        output_field=IntegerField(),
    )


def next_after(row: Delivery) -> list[UUID]:
    """Deliveries that may have waited for the slots that this one held: the first of each channel, a few."""
    group = Q(channel="mail") if row.channel == "mail" else Q(project_id=row.project_id) & ~Q(channel="mail")
    rows = waiting().filter(group).exclude(pk=row.pk).annotate(lane=Coalesce("target_id", "pk"))
    first: dict[UUID, UUID] = {}
    for ident, lane in rows.values_list("pk", "lane")[:_LOOKED_AT]:
        first.setdefault(lane, ident)
    return list(first.values())[:_WOKEN]
