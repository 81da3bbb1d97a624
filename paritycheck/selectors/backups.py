"""How far back a loss would go: the last backup, the archive of write-ahead logs, and what a restore left to decide."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from paritycheck.models import AuditEntry, Delivery
from paritycheck.models.audit import INSTALLATION
from paritycheck.models.deliveries import HELD_BY_RESTORE, DeliveryState


@dataclass(frozen=True, slots=True)
class Archive:
    """PostgreSQL's own word on archiving; `failing` is whether the last attempt failed."""

    on: bool
    at: datetime | None
    failing: bool


def backup_last() -> AuditEntry | None:
    """The entry of the last one that `paritycheck backup` made; its detail holds `bytes` and `took_s`."""
    return AuditEntry.objects.filter(chain=INSTALLATION, action="backup.made").order_by("-number").first()


def archive_state() -> Archive:
    """One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('archive_mode') <> 'off', last_archived_time,"
            " coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) FROM pg_stat_archiver"
        )
        row = cursor.fetchone()
    return Archive(*row) if row else Archive(on=False, at=None, failing=False)


def held_by_restore() -> int:
    """Messages that wait for an operator since a restore."""
    return Delivery.objects.filter(held_for=HELD_BY_RESTORE, state=DeliveryState.DUE).count()
