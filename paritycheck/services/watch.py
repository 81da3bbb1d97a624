"""Signs of life, and evaluations that are due because time passed."""

from datetime import timedelta
from importlib.metadata import version

from django.db.models.functions import Now

from paritycheck.models import Environment, ProcessBeat
from paritycheck.models.jobs import JobState
from paritycheck.services.jobs import request_evaluation


def note_process(*, name: str) -> None:
    """Note by PostgreSQL's clock that a kind of process is at work, and of which release."""
    seen = {"seen_at": Now(), "version": version("paritycheck"), "told_at": None}
    ProcessBeat.objects.update_or_create(name=name, defaults=seen)


def seen_within(*, name: str, span: timedelta) -> bool:
    """Whether a kind of process was seen at work within `span`, by PostgreSQL's clock."""
    return ProcessBeat.objects.filter(name=name, seen_at__gte=Now() - span).exists()


def request_timed_evaluations() -> None:
    """Ask for every environment that has a snapshot; a job that was given up stays so until there is news."""
    living = Environment.objects.filter(latest__isnull=False, expired_at=None).exclude(jobs__state=JobState.DEAD)
    request_evaluation(environments=living, news=False)
