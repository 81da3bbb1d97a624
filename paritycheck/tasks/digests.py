"""Digests, woken by beat."""

from celery import shared_task

from paritycheck.selectors import clock
from paritycheck.services.digests import prepare_digests


@shared_task(name="paritycheck.prepare_digests")
def digests() -> None:
    """Put out the digests that are due."""
    prepare_digests(now=clock.now())
