"""What ran when: processes, periodic work, queues and storage. For administrators of the installation."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from platform import python_version
from typing import Any

import celery
import django
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from paritycheck.models import AuditEntry, PeriodRun
from paritycheck.selectors import backups
from paritycheck.selectors import system as selected
from paritycheck.selectors.broker import broker_name, queue_lengths
from paritycheck.selectors.factors_of_sign_in import has_second_step
from paritycheck.selectors.health import Seen, processes_seen
from paritycheck.tasks.periods import periods
from paritycheck.tasks.schedule import SCHEDULE
from paritycheck.web import words

LATE_DELIVERY_S = 120
LATE_BACKUP = timedelta(hours=36)
UNITS = ("bytes", "kB", "MB", "GB", "TB")
DOES = {
    "worker": "compares environments",
    "sender": "sends messages",
    "beat": "wakes what is due",
}


@dataclass(frozen=True, slots=True)
class Process:
    """A kind of process. `band` is ok, error or unknown for one that was never seen."""

    name: str
    does: str
    seen: datetime | None
    version: str
    band: str
    state: str


@dataclass(frozen=True, slots=True)
class Periodic:
    """A task of the schedule and its last run; `due` is when the next one begins at the latest."""

    name: str
    task: str
    every_s: int
    run: PeriodRun | None
    due: datetime | None
    band: str
    state: str


@login_required
@require_safe
def system(request: HttpRequest) -> HttpResponse:
    """The page; for anybody but an administrator of the installation it is not there."""
    if not getattr(request.user, "is_superuser", False):
        raise Http404
    now = timezone.now()
    work, lengths = selected.work_waiting(), queue_lengths()
    processes = [_process(seen, now) for seen in processes_seen()]
    periodic = _periodic(now)
    backup, archive, held = backups.backup_last(), backups.archive_state(), backups.held_by_restore()
    needs = [
        *_undecided(held),
        *_late(processes),
        *_stuck(work),
        *_unsaved(backup, archive, now),
        *_failed(periodic),
        *([] if lengths is not None else ["the broker is away"]),
    ]
    context: dict[str, Any] = {
        "headline": _headline(needs),
        "needs": needs[1:],
        "processes": processes,
        "periodic": periodic,
        "work": work,
        "lengths": lengths,
        "broker": broker_name(),
        "size": size(selected.database_size()),
        "tables": [(table, size(table.size)) for table in selected.tables_largest()],
        "counts": selected.counts_held(),
        "backup": backup,
        "backup_size": size(int(backup.detail["bytes"])) if backup else "",
        "archive": archive,
        "held": held,
        "kept_outside": bool(settings.REVOCATIONS_FILE),
        "troubles": selected.troubles_last(),
        "versions": _versions(),
        "one_step": not has_second_step(request.user),
    }
    return render(request, "web/system/page.html", context)


def _process(seen: Seen, now: datetime) -> Process:
    moment = None if seen.age_s is None else now - timedelta(seconds=seen.age_s)
    if seen.age_s is None:
        band, state = "unknown", "never seen"
    elif seen.late:
        band, state = "error", "silent, administrators were told" if seen.told else "silent"
    else:
        band, state = "ok", "works"
    return Process(seen.name, DOES[seen.name], moment, seen.version, band, state)


def _periodic(now: datetime) -> list[Periodic]:
    every, names = periods(), {entry["task"]: name for name, entry in SCHEDULE.items()}
    last = selected.runs_last(list(every))
    return [_task(names[task], task, every_s, last.get(task), now) for task, every_s in every.items()]


def _task(name: str, task: str, every_s: int, run: PeriodRun | None, now: datetime) -> Periodic:
    """Beat comes once in each period, somewhere in it; only after two without a run something is wrong."""
    due = run.period_start + timedelta(seconds=2 * every_s) if run else None
    if run is None:
        band, state = "unknown", "not yet"
    elif run.error:
        band, state = "error", f"failed: {run.error}"
    elif run.ended_at is None:
        band, state = "note", "runs"
    elif due is not None and now > due + timedelta(seconds=every_s):
        band, state = "warning", "overdue"
    else:
        band, state = "ok", f"done in {_length((run.ended_at - run.ran_at).total_seconds())}"
    return Periodic(name.replace("-", " "), task, every_s, run, due, band, state)


def _length(seconds: float) -> str:
    return words.duration(seconds) if seconds >= 1 else f"{max(1, round(seconds * 1000))}{words.NBSP}ms"


def _late(processes: list[Process]) -> list[str]:
    return [
        f"{one.name} {'was never seen' if one.band == 'unknown' else 'is silent'}"
        for one in processes
        if one.band != "ok"
    ]


def _stuck(work: selected.Work) -> list[str]:
    found = []
    if work.deliveries_oldest_s > LATE_DELIVERY_S:
        found.append(f"a message has been due for {words.duration(work.deliveries_oldest_s)}")
    if work.jobs_oldest_s > LATE_DELIVERY_S:
        found.append(f"an evaluation has been due for {words.duration(work.jobs_oldest_s)}")
    if work.jobs_dead:
        found.append(
            f"{words.plural(work.jobs_dead, 'evaluation')} {'was' if work.jobs_dead == 1 else 'were'} given up"
        )
    return found


def _undecided(held: int) -> list[str]:
    return [f"{words.plural(held, 'message')} held since a restore {'waits' if held == 1 else 'wait'}"] if held else []


def _unsaved(backup: AuditEntry | None, archive: backups.Archive, now: datetime) -> list[str]:
    """Whoever makes backups by other means has none of ours, which is not late."""
    late = backup is not None and now - backup.at > LATE_BACKUP
    return [
        *([f"the last backup is {words.duration((now - backup.at).total_seconds())} old"] if backup and late else []),
        *(["PostgreSQL cannot archive its logs"] if archive.on and archive.failing else []),
    ]


def _failed(periodic: list[Periodic]) -> list[str]:
    return [f"{one.name} {'failed' if one.band == 'error' else 'is overdue'}" for one in periodic
            if one.band in {"error", "warning"}]  # fmt: skip


def _headline(needs: list[str]) -> str:
    if not needs:
        return "Everything runs"
    first = needs[0]
    return first[0].upper() + first[1:]


def size(count: int) -> str:
    """`7.9 MB`, in steps of 1,000."""
    amount, unit = float(count), 0
    while amount >= 1000 and unit < len(UNITS) - 1:  # noqa: PLR2004  the step of a unit
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.{1 if unit and amount < 100 else 0}f}{words.NBSP}{UNITS[unit]}"  # noqa: PLR2004  three figures


def _versions() -> list[tuple[str, str]]:
    return [
        ("paritycheck", version("paritycheck")),
        ("PostgreSQL", selected.database_version()),
        ("Python", python_version()),
        ("Django", django.get_version()),
        ("Celery", celery.__version__),
    ]
