"""Sending, on a queue and processes of its own: a mail server that hangs holds up no evaluation."""

from uuid import UUID

from celery import shared_task

from paritycheck.services.deliver import deliver


@shared_task(name="paritycheck.deliver_message")
def deliver_message(delivery_id: str) -> None:
    """Send one message."""
    deliver(delivery_id=UUID(delivery_id))
