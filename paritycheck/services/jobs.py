"""Notes work: the row is the work, and on commit its id is noted so that somebody wakes a worker.

Services never import a task. What they note stays in a context variable until one of four places publishes it:
the middleware, the Celery base task, the base of commands, the sweeper.
"""

from collections.abc import Iterable
from contextvars import ContextVar
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from paritycheck.models import Environment, Job
from paritycheck.models.jobs import JobKind, JobState

EVALUATE = "paritycheck.evaluate_environment"
ROUTE = "paritycheck.route_events"
DELIVER = "paritycheck.deliver_message"
BACKTEST = "paritycheck.run_backtest"


class Wake(NamedTuple):
    """A task to call with one id, `countdown` seconds from now."""

    task: str
    ident: str
    countdown: int = 0


_noted: ContextVar[tuple[Wake, ...]] = ContextVar("noted", default=())


def note(task: str, ident: object, *, countdown: int = 0) -> None:
    """Note a wake-up; it counts once the transaction around it commits."""
    transaction.on_commit(partial(_keep, Wake(task, str(ident), countdown)))


def _keep(wake: Wake) -> None:
    kept = _noted.get()
    if wake not in kept:
        _noted.set((*kept, wake))


def take_noted() -> tuple[Wake, ...]:
    """Return what was noted, and forget it."""
    noted = _noted.get()
    _noted.set(())
    return noted


def request_evaluation(*, environments: Iterable[Environment], delay_s: int = 0, news: bool = True) -> None:
    """Make the environments' evaluation due in `delay_s` seconds, or sooner where it is due sooner already.

    News (facts, a policy) give a job its five attempts back; that time passed does not.
    """
    due = Now() + timedelta(seconds=delay_s)
    # In order of id, so that two processes that ask for the same ones do not wait for each other in a circle.
    for environment in sorted(environments, key=lambda one: one.id):
        _request(environment, due, news=news)
        if not delay_s:
            note(EVALUATE, environment.id)


def _request(environment: Environment, due: CombinedExpression, *, news: bool) -> None:
    job, created = Job.objects.get_or_create(
        environment=environment,
        kind=JobKind.EVALUATE,
        defaults={"project_id": environment.project_id, "due_at": due},
    )
    if created:
        return
    asked: dict[str, Any] = {"wanted": F("wanted") + 1, **({"attempts": 0} if news else {})}
    if not Job.objects.filter(pk=job.pk, state=JobState.DUE, due_at__lte=due).update(**asked):
        Job.objects.filter(pk=job.pk).update(state=JobState.DUE, due_at=due, **asked)


def jobs_due() -> list[UUID]:
    """Environments whose evaluation is due by PostgreSQL's clock, longest waiting first."""
    due = Job.objects.filter(state=JobState.DUE, kind=JobKind.EVALUATE, due_at__lte=Now())
    return list(due.order_by("due_at").values_list("environment_id", flat=True)[:100])
