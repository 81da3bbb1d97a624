"""Tells the installation's administrators what no project's channel could: that a kind of process fell silent, and that
the evaluation of an environment was given up.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from paritycheck.models import Job, ProcessBeat, User
from paritycheck.models.jobs import JobState

log = structlog.get_logger(__name__)
SILENT_AFTER: Final = timedelta(minutes=3)
MOST_NAMED: Final = 20
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


def tell_of_dead_jobs() -> None:
    """Mail the administrators, once and in one mail, of evaluations that were given up after their last attempt."""
    with transaction.atomic():
        dead = Job.objects.filter(state=JobState.DEAD).exclude(told_at__gte=F("finished_at"))
        jobs = list(dead.select_for_update(skip_locked=True, of=("self",)).select_related("environment__project"))
        if jobs:
            _mail(_dead_words(jobs), _dead_body(jobs))
            Job.objects.filter(pk__in=[job.pk for job in jobs]).update(told_at=Now())


def _dead_words(jobs: Sequence[Job]) -> str:
    if len(jobs) > 1:
        return f"{len(jobs)} environments are no longer compared"
    return f"{jobs[0].environment.project.slug}/{jobs[0].environment.slug} is no longer compared"


def _dead_body(jobs: Sequence[Job]) -> str:
    lines = "".join(
        f"  {job.environment.project.slug}/{job.environment.slug}: {job.error or 'its process was killed'}\n"
        for job in jobs[:MOST_NAMED]
    )
    more = f"  and {len(jobs) - MOST_NAMED} more\n" if len(jobs) > MOST_NAMED else ""
    return (
        f"After {jobs[0].attempts} attempts none of which came to its end, these are given up:\n{lines}{more}\n"
        "Their pages show the last good comparison and say so. The next report that brings something new is a new "
        "beginning.\n\n"
        f"What was given up: {settings.PUBLIC_URL}/system\n"
    )


def _tell(row: ProcessBeat) -> None:
    log.error("process silent", process=row.name, seen_at=row.seen_at.isoformat())
    _mail(
        f"{row.name} has been silent for 3 minutes",
        f"No {row.name} was seen at work since {row.seen_at:%d %b %Y %H:%M:%S} UTC.\n"
        f"{CONSEQUENCE[row.name]}\n\n"
        f"What ran when: {settings.PUBLIC_URL}/system\n"
        f"Once it is seen again, its next silence is told anew.\n",
    )


def _mail(sentence: str, body: str) -> None:
    people = list(User.objects.filter(is_superuser=True, is_active=True).order_by("email"))
    if not people or not settings.EMAIL_URL:
        return
    EmailMessage(
        subject=f"[{settings.SITE_NAME}] error: {sentence}",
        body=body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[person.email for person in people],
        headers={"Auto-Submitted": "auto-generated"},
    ).send()
