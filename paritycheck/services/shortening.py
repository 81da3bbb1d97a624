"""Takes the oldest entries out of the audit log, so that what is left can still be checked.

By number and not by time: clocks of several hosts write entries, and one of them may be wrong. Partitions by time would
take entries out of the middle of a chain; here each chain loses its beginning, up to the first entry that is young
enough. Before that an entry is written that holds the last one that goes, word for word: its digest is what the first
that stays has to follow, and covers its time. So the check can tell what was old from what somebody took out.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from paritycheck.models import AuditEntry
from paritycheck.services.audit import SHORTENED, append, farewell

SLACK: Final = timedelta(days=30)
"""A chain is shortened when its first entry is so much older than it has to be kept: not by an entry every day."""
MOST: Final = 5_000
"""Entries of a chain that go at once; the rest with the next runs."""


def shorten_logs(*, now: datetime) -> int:
    """How many entries of all chains are gone. `now` is PostgreSQL's, by which its guard judges."""
    until = now - timedelta(days=settings.KEEP_DAYS["audit"])
    old = AuditEntry.objects.filter(at__lt=until - SLACK).order_by().values_list("chain", flat=True).distinct()
    return sum(_shorten(chain, until) for chain in old)


@transaction.atomic
def _shorten(chain: UUID, until: datetime) -> int:
    rows = AuditEntry.objects.filter(chain=chain)
    last = _last_old(chain, until)
    if last is None:
        return 0
    append(chain=chain, action=SHORTENED, detail=farewell(last))
    return rows.filter(number__lte=last.number).delete()[0]


def _last_old(chain: UUID, until: datetime) -> AuditEntry | None:
    """The last of the entries that go: all before it are old as well."""
    found = None
    for entry in AuditEntry.objects.filter(chain=chain).order_by("number")[:MOST]:
        if entry.at >= until:
            break
        found = entry
    return found
