"""Deletes what is kept for a while only and cannot go by whole partitions, in small batches: no long transaction.

Reports and attempts go by weeks, see partitions. Deliveries do not: one that still waits is kept however old it is, and
that a message is made once is a constraint over all of them.
"""

from datetime import timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Now

from paritycheck.models import BacktestRun, Delivery, PeriodRun
from paritycheck.models.deliveries import DeliveryState
from paritycheck.selectors import clock
from paritycheck.services.shortening import shorten_logs

log = structlog.get_logger(__name__)
RUNS: Final = timedelta(days=3)
BACKTESTS: Final = timedelta(days=7)
BATCH: Final = 1_000
MOST_BATCHES: Final = 50
"""A call ends in time for its task's limit; what is left goes with the next one."""
PERIODIC: Final = "paritycheck."
"""How the names of periodic tasks begin. Rows of other names are what digests remember, and stay."""


def delete_old_rows() -> None:
    """Deliveries that ended 30 days ago, runs of periodic tasks of 3 days, back-tests of 7, and the audit of a year."""
    kept = timedelta(days=settings.KEEP_DAYS["deliveries"])
    ended = Delivery.objects.filter(created_at__lt=Now() - kept).exclude(state=DeliveryState.DUE)
    gone = {
        "deliveries": _in_batches(ended),
        "runs": _in_batches(PeriodRun.objects.filter(task__startswith=PERIODIC, ran_at__lt=Now() - RUNS)),
        "backtests": _in_batches(BacktestRun.objects.filter(asked_at__lt=Now() - BACKTESTS)),
        "audit": shorten_logs(now=clock.now()),
    }
    if any(gone.values()):
        log.info("old rows deleted", **gone)


def _in_batches(rows: QuerySet[Any]) -> int:
    total = 0
    for _ in range(MOST_BATCHES):
        batch = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
        total += rows.filter(pk__in=batch).delete()[0] if batch else 0
        if len(batch) < BATCH:
            break
    return total
