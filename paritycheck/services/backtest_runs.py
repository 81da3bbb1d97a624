"""Back-tests that outlive the request that asked for them: a row, a worker, progress, and a result that is kept."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import F, Q

from paritycheck.codec.digests import digest_of
from paritycheck.core.backtest import by_rule
from paritycheck.models import BacktestRun, Project, Snapshot
from paritycheck.models.backtests import BacktestState
from paritycheck.selectors import clock
from paritycheck.services.backtest import Backtest, backtest_policy
from paritycheck.services.jobs import BACKTEST, note

log = structlog.get_logger(__name__)
FRESH = timedelta(hours=1)
MOST_RUNS, MOST_ATTEMPTS, MOST_RULES = 20, 3, 8
SHORT = 24
"""So few snapshots are replayed in the request itself: a worker would take longer to hear of it."""
SILENT = timedelta(seconds=60)
BEAT = timedelta(milliseconds=400)


def request_backtest(*, project: Project, text: str, days: int, now: datetime) -> BacktestRun:
    """The run of this text: the kept one while it is fresh, else due for a worker, or done at once where it is short.

    The text has no mistakes. Of a project the newest 20 are kept.
    """
    digest = digest_of(text.encode())
    defaults = {"text": text, "asked_at": now}
    run, made = BacktestRun.objects.get_or_create(project=project, digest=digest, days=days, defaults=defaults)
    if not made and (_pending(run) or (run.finished_at and run.finished_at > now - FRESH and not _news(run))):
        return run
    BacktestRun.objects.filter(pk=run.pk).update(
        state=BacktestState.DUE, asked_at=now, attempts=0, steps=0, total=0, beaten_at=None, finished_at=None
    )
    _forget(project)
    if _length(project, now - timedelta(days=days)) <= SHORT:
        run_backtest(run_id=run.pk, now=now)
    else:
        with transaction.atomic():
            note(BACKTEST, run.pk)
    run.refresh_from_db()
    return run


def run_backtest(*, run_id: UUID, now: datetime) -> None:
    """Work off a run that is due, or whose worker fell silent; whoever comes second finds nothing to do."""
    claimed = _due(clock.now()).filter(pk=run_id)
    if not claimed.update(state=BacktestState.RUNNING, beaten_at=clock.now(), attempts=F("attempts") + 1):
        return
    run = BacktestRun.objects.select_related("project").get(pk=run_id)
    if run.attempts > MOST_ATTEMPTS:
        _end(run, BacktestState.FAILED)
        log.error("back-test given up", project=run.project.slug, run=str(run.pk))
        return
    past = backtest_policy(project=run.project, text=run.text, days=run.days, now=now, progress=_Progress(run.pk))
    _end(run, BacktestState.DONE, _told(past, run.days))


class _Progress:
    """Writes how far a run is, a few times a second; inside a transaction nobody would see it before the end."""

    def __init__(self, run_id: UUID) -> None:
        self._run_id, self._said = run_id, clock.now() - BEAT

    def __call__(self, steps: int, total: int) -> None:
        """`steps` of `total` are done."""
        now = clock.now()
        if now - self._said < BEAT or connection.in_atomic_block:
            return
        self._said = now
        BacktestRun.objects.filter(pk=self._run_id).update(steps=steps, total=total, beaten_at=now)


def backtests_due() -> list[UUID]:
    """Those that wait, and those whose worker is gone; longest waiting first."""
    return list(_due(clock.now()).order_by("asked_at").values_list("pk", flat=True)[:20])


def _due(now: datetime) -> Any:
    waits, gone = Q(state=BacktestState.DUE), Q(state=BacktestState.RUNNING, beaten_at__lt=now - SILENT)
    return BacktestRun.objects.filter(waits | gone)


def _pending(run: BacktestRun) -> bool:
    return run.state in {BacktestState.DUE, BacktestState.RUNNING}


def _news(run: BacktestRun) -> bool:
    """Whether a snapshot came since."""
    return Snapshot.objects.filter(project=run.project_id, opened_at__gt=run.asked_at).exists()


def _length(project: Project, since: datetime) -> int:
    return Snapshot.objects.filter(project=project, opened_at__gt=since).count()


def _forget(project: Project) -> None:
    rows = BacktestRun.objects.filter(project=project).order_by("-asked_at", "pk")
    kept = list(rows.values_list("pk", flat=True)[:MOST_RUNS])
    rows.exclude(pk__in=kept).delete()


def _end(run: BacktestRun, state: BacktestState, result: dict[str, Any] | None = None) -> None:
    BacktestRun.objects.filter(pk=run.pk).update(
        state=state, finished_at=clock.now(), result=result or {}, steps=F("total")
    )


def _told(past: Backtest, days: int) -> dict[str, Any]:
    """Counts alone, as JSON."""
    by_day = [[0, 0] for _ in range(days)]
    for one in past.openings:
        by_day[max(0, days - 1 - (past.until - one.opened_at).days)][one.short] += 1
    return {
        "opened": len(past.openings),
        "short": past.short,
        "stood": past.stood,
        "since": past.since.isoformat(),
        "complete": past.complete,
        "snapshots": past.snapshots,
        "comparisons": past.comparisons,
        "by_day": by_day,
        "rules": [asdict(rule) for rule in by_rule(past.openings)[:MOST_RULES]],
    }
