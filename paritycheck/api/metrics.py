"""`/metrics` for Prometheus, read from PostgreSQL when it is asked: every web process gives the same numbers."""

import hmac
from collections.abc import Iterator
from importlib.metadata import version

from django.conf import settings
from django.db import Error as DatabaseFailure
from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from typing_extensions import override

from paritycheck.api.authentication import peer
from paritycheck.selectors import backups, system
from paritycheck.selectors.access import may_administer
from paritycheck.selectors.broker import queue_lengths
from paritycheck.selectors.health import processes_seen
from paritycheck.services.token_places import may_come_from
from paritycheck.services.tokens import authenticate
from paritycheck.tasks.periods import periods


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Installation-wide numbers for METRICS_TOKEN; for an administrator's token those of each project too.

    Whoever has neither learns as much as of an address that does not exist.
    """
    named = _may_see_projects(request)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Numbers(named=named))
    try:
        text = generate_latest(registry)
    except DatabaseFailure:
        connections.close_all()
        text = b"# HELP paritycheck_up Whether PostgreSQL answers.\n# TYPE paritycheck_up gauge\nparitycheck_up 0.0\n"
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def _may_see_projects(request: HttpRequest) -> bool:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    given = text.strip() if scheme.lower() == "bearer" else ""
    if settings.METRICS_TOKEN and hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        return False
    address = peer(request.META)
    token = authenticate(given, address)
    if token is None or token.user is None or not may_administer(token.user) or not may_come_from(token, address):
        raise Http404
    return True


class Numbers(Collector):
    """One scrape."""

    def __init__(self, *, named: bool) -> None:
        self._named = named

    def describe(self) -> list[Metric]:
        """Nothing is read before it is asked for."""
        return []

    @override
    def collect(self) -> Iterator[Metric]:
        yield _one("paritycheck_up", "Whether PostgreSQL answers.", 1)
        yield _by("paritycheck_info", "The release that answers.", "version", {version("paritycheck"): 1})
        yield from _work()
        yield from _processes()
        yield from _runs()
        for name, count in system.counts_held().items():
            yield _one(f"paritycheck_{name}", f"How many {name} there are.", count)
        yield from _backups()
        yield from _drifts(named=self._named)
        yield _one("paritycheck_database_size_bytes", "Size of the database.", system.database_size())


def _one(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)


def _by(name: str, about: str, label: str, values: dict[str, float]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _work() -> Iterator[Metric]:
    work = system.work_waiting()
    yield _one("paritycheck_jobs_due", "Evaluations that are due.", work.jobs_due)
    yield _one("paritycheck_jobs_dead", "Evaluations that were given up.", work.jobs_dead)
    yield _one("paritycheck_jobs_oldest_seconds", "How long the oldest one has been due.", work.jobs_oldest_s)
    yield _one("paritycheck_events_unrouted", "Drift events that nobody was told of yet.", work.events_unrouted)
    yield _one("paritycheck_deliveries_due", "Messages that are due.", work.deliveries_due)
    yield _one("paritycheck_deliveries_held", "Messages that wait for their time.", work.deliveries_held)
    yield _one("paritycheck_deliveries_dead", "Messages of 30 days that were given up.", work.deliveries_dead)
    about = "How long the oldest message has been due."
    yield _one("paritycheck_deliveries_oldest_seconds", about, work.deliveries_oldest_s)
    waiting: dict[str, float] = {**(queue_lengths() or {})}
    yield _by("paritycheck_wakeups_waiting", "Wake-ups in the broker.", "queue", waiting)


def _processes() -> Iterator[Metric]:
    ages: dict[str, float] = {seen.name: seen.age_s for seen in processes_seen() if seen.age_s is not None}
    yield _by("paritycheck_process_age_seconds", "Since a kind of process was seen at work.", "process", ages)


def _runs() -> Iterator[Metric]:
    last = system.runs_last(list(periods()))
    began = {task: row.ran_at.timestamp() for task, row in last.items()}
    failed: dict[str, float] = {task: bool(row.error) for task, row in last.items()}
    yield _by("paritycheck_periodic_run_timestamp_seconds", "When periodic work last began.", "task", began)
    yield _by("paritycheck_periodic_run_failed", "Whether its last run failed.", "task", failed)


def _backups() -> Iterator[Metric]:
    """Without one of `paritycheck backup` there is no number: others may make theirs by other means."""
    last = backups.backup_last()
    if last is not None:
        yield _one("paritycheck_backup_timestamp_seconds", "When the last backup was made.", last.at.timestamp())
    about = "Messages held since a restore, for an operator to decide on."
    yield _one("paritycheck_deliveries_held_by_restore", about, backups.held_by_restore())


def _drifts(*, named: bool) -> Iterator[Metric]:
    rows = system.drifts_open()
    total: dict[str, float] = dict.fromkeys(("error", "warning", "note"), 0)
    for _, severity, count in rows:
        total[severity] = total.get(severity, 0) + count
    yield _by("paritycheck_drifts_open", "Open drifts of all projects.", "severity", total)
    if named:
        about = "Open drifts of a project."
        family = GaugeMetricFamily("paritycheck_project_drifts_open", about, labels=["project", "severity"])
        for project, severity, count in rows:
            family.add_metric([project, severity], count)
        yield family
