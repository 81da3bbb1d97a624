"""Which of the scheduled tasks are periodic work, and how they are run once a period."""

from collections.abc import Mapping

import structlog
from celery import current_app

from paritycheck.services.jobs import take_noted
from paritycheck.services.periods import period, periods_missed
from paritycheck.tasks.schedule import SCHEDULE
from paritycheck.tasks.wake import publish_noted

log = structlog.get_logger(__name__)
SIGNS_OF_LIFE = frozenset({"paritycheck.note_worker", "paritycheck.note_sender"})
"""They tell of the process that runs them, and have a row of their own."""


def periods() -> Mapping[str, int]:
    """Seconds between two runs, by the task's name."""
    return {
        entry["task"]: int(entry["schedule"])
        for entry in SCHEDULE.values()
        if isinstance(entry["schedule"], int | float) and entry["task"] not in SIGNS_OF_LIFE
    }


def catch_up() -> None:
    """Do here what nobody did for two periods: one run of each, not one for each period that was missed."""
    every = periods()
    # Who only sends tasks need not have imported them.
    current_app.loader.import_default_modules()
    for task in periods_missed(periods=every):
        try:
            with period(task=task, every_s=every[task]) as ours:
                if ours:
                    log.warning("periodic work was missed and is done by beat", task=task)
                    take_noted()
                    current_app.tasks[task].run()
        except Exception:
            log.exception("periodic work failed", task=task)
        publish_noted()
