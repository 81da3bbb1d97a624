"""Evaluation, routing and back-tests, woken by ids."""

from uuid import UUID

from celery import shared_task

from paritycheck.selectors import clock
from paritycheck.services.backtest_runs import run_backtest
from paritycheck.services.evaluate import evaluate_environment
from paritycheck.services.route import route_project


@shared_task(name="paritycheck.evaluate_environment")
def evaluate(environment_id: str) -> None:
    """Compare an environment with those it is paired with."""
    evaluate_environment(environment_id=UUID(environment_id), now=clock.now())


@shared_task(name="paritycheck.route_events")
def route(project_id: str) -> None:
    """Turn a project's drift events into deliveries."""
    route_project(project_id=UUID(project_id), now=clock.now())


@shared_task(name="paritycheck.run_backtest")
def backtest(run_id: str) -> None:
    """Replay a policy over the stored snapshots, telling how far it is."""
    run_backtest(run_id=UUID(run_id), now=clock.now())
