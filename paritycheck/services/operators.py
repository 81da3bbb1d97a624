"""Tells the installation's administrators what no project's channel could: that a kind of process fell silent."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models.functions import Now

from paritycheck.models import ProcessBeat, User

log = structlog.get_logger(__name__)
SILENT_AFTER: Final = timedelta(minutes=3)
CONSEQUENCE: Final = {
    "worker": "Reports are taken and not compared, except by beat.",
    "sender": "Alerts are late: beat sends them only where the broker is away.",
    "beat": "Nothing that time decides happens: digests, silent agents, ages of waiting changes, lost wake-ups.",
}


def tell_of_silence(*, names: Sequence[str]) -> None:
    """Mail the administrators, once, of each process in `names` that was not seen for three minutes.

    Of two who look at once one tells; what could not be sent is tried again with the next look.
    """
    for name in names:
        with transaction.atomic():
            silent = ProcessBeat.objects.select_for_update(skip_locked=True).filter(
                name=name, seen_at__lt=Now() - SILENT_AFTER, told_at__isnull=True
            )
            for row in silent:
                _tell(row)
                ProcessBeat.objects.filter(pk=row.pk).update(told_at=Now())


def _tell(row: ProcessBeat) -> None:
    log.error("process silent", process=row.name, seen_at=row.seen_at.isoformat())
    people = list(User.objects.filter(is_superuser=True, is_active=True).order_by("email"))
    if not people or not settings.EMAIL_URL:
        return
    EmailMessage(
        subject=f"[{settings.SITE_NAME}] error: {row.name} has been silent for 3 minutes",
        body=(
            f"No {row.name} was seen at work since {row.seen_at:%d %b %Y %H:%M:%S} UTC.\n"
            f"{CONSEQUENCE[row.name]}\n\n"
            f"What ran when: {settings.PUBLIC_URL}/system\n"
            f"Once it is seen again, its next silence is told anew.\n"
        ),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[person.email for person in people],
        headers={"Auto-Submitted": "auto-generated"},
    ).send()
