"""Publishes what services noted. A failed send is logged and forgotten: the sweeper has the row."""

from collections.abc import Callable

import structlog
from celery import current_app
from django.http import HttpRequest, HttpResponse

from paritycheck.services.jobs import Wake, take_noted

log = structlog.get_logger(__name__)


def publish_noted() -> bool:
    """Send every noted wake-up; False when the broker did not take one."""
    return publish(take_noted())


def publish(wakes: tuple[Wake, ...]) -> bool:
    """Send the wake-ups until one fails; False then."""
    for wake in wakes:
        try:
            current_app.send_task(wake.task, args=[wake.ident], countdown=wake.countdown or None)
        except Exception as error:  # noqa: BLE001  brokers raise what they like, and none of it may reach the caller
            log.warning("wake-up not sent", task=wake.task, error=type(error).__name__)
            return False
    return True


class WakeMiddleware:
    """Wakes workers once the request's work is committed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, then publish."""
        take_noted()
        response = self.get_response(request)
        publish_noted()
        return response
