"""What time itself wakes: signs of life, and evaluations that are due because time passed."""

from celery import shared_task

from paritycheck.selectors import clock
from paritycheck.services.endings import note_ending_waivers
from paritycheck.services.expiry import expire_environments
from paritycheck.services.partitions import tend_partitions
from paritycheck.services.retention import delete_old_rows
from paritycheck.services.silence import note_silence
from paritycheck.services.watch import note_process, request_timed_evaluations


@shared_task(name="paritycheck.note_worker")
def note_worker() -> None:
    """Say that a worker takes tasks from the queue."""
    note_process(name="worker")


@shared_task(name="paritycheck.note_sender")
def note_sender() -> None:
    """Say that a sender takes tasks from its queue."""
    note_process(name="sender")


@shared_task(name="paritycheck.request_timed_evaluations")
def timed() -> None:
    """Ask for the evaluations whose outcome changes as time passes: ages of waiting commits, stale facts."""
    request_timed_evaluations()


@shared_task(name="paritycheck.expire_environments")
def expiry() -> None:
    """End the review apps whose time to live has passed."""
    expire_environments(now=clock.now())


@shared_task(name="paritycheck.delete_old_rows")
def retention() -> None:
    """Delete what is kept for a while only."""
    delete_old_rows()


@shared_task(name="paritycheck.tend_partitions")
def partitions() -> None:
    """Make the weeks of the logs that come, drop those that are old."""
    tend_partitions(now=clock.now())


@shared_task(name="paritycheck.note_silence")
def silence() -> None:
    """Note agents that fell silent, and those that are back."""
    note_silence(now=clock.now())


@shared_task(name="paritycheck.note_ending_waivers")
def endings() -> None:
    """Note waivers that end within a week."""
    note_ending_waivers(now=clock.now())
