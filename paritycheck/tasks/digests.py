"""Digests, woken by beat."""

from celery import shared_task
from django.utils import timezone

from paritycheck.services.digests import prepare_digests


@shared_task(name="paritycheck.prepare_digests")
def digests() -> None:
    """Put out the digests that are due."""
    prepare_digests(now=timezone.now())
