"""Finds the work that is due in the database, and works it off without a broker where it has to."""

from collections.abc import Callable
from functools import partial

import structlog
from django.utils import timezone

from paritycheck.services.deliver import deliver, deliveries_due
from paritycheck.services.evaluate import evaluate_environment
from paritycheck.services.jobs import DELIVER, EVALUATE, ROUTE, Wake, jobs_due
from paritycheck.services.route import projects_due, route_project

log = structlog.get_logger(__name__)


def work_due() -> tuple[Wake, ...]:
    """Every wake-up that a row in the database asks for now."""
    return (
        *(Wake(EVALUATE, str(ident)) for ident in jobs_due()),
        *(Wake(ROUTE, str(ident)) for ident in projects_due(timezone.now())),
        *(Wake(DELIVER, str(ident)) for ident in deliveries_due()),
    )


def work_off(wakes: tuple[Wake, ...]) -> None:
    """Do the work here and now; one that fails does not stop the others."""
    for wake in wakes:
        try:
            _verb(wake)()
        except Exception:
            log.exception("work failed", task=wake.task, ident=wake.ident)


def _verb(wake: Wake) -> Callable[[], None]:
    from uuid import UUID

    ident = UUID(wake.ident)
    if wake.task == EVALUATE:
        return partial(evaluate_environment, environment_id=ident, now=timezone.now())
    if wake.task == ROUTE:
        return partial(route_project, project_id=ident, now=timezone.now())
    return partial(deliver, delivery_id=ident)
