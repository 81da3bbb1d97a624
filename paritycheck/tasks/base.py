"""The base of every task: what a task's service noted is published when the task ends."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import structlog
from celery import Task
from django.db import close_old_connections
from typing_extensions import override

from paritycheck.services.jobs import take_noted
from paritycheck.services.periods import period
from paritycheck.tasks.periods import periods
from paritycheck.tasks.wake import publish_noted


class WakingTask(Task):  # type: ignore[type-arg]  # celery-stubs make Task generic, celery itself does not
    """Binds the task's id to its log lines and wakes whoever has work now."""

    abstract = True

    @override
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run, then publish."""
        take_noted()
        close_old_connections()
        with structlog.contextvars.bound_contextvars(task=self.name, task_id=self.request.id), self._period() as ours:
            result = super().__call__(*args, **kwargs) if ours else None
        publish_noted()
        return result

    def _period(self) -> AbstractContextManager[bool]:
        """Of a task that beat sent: whether its period is ours to work on."""
        every_s = periods().get(self.name)
        if every_s is None or self.request.called_directly or self.request.is_eager:
            return nullcontext(True)
        return period(task=self.name, every_s=every_s)
