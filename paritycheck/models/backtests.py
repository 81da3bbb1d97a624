"""Back-tests that are asked for, at work and done: what is long runs in a worker, and its result stays for a while."""

import uuid

from django.db import models
from typing_extensions import override


class BacktestState(models.TextChoices):
    """Where a back-test stands; `failed` after three attempts that did not end."""

    DUE = "due"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class BacktestRun(models.Model):
    """A policy's text replayed over the last `days` days; one row per text, which asking again makes due again.

    `steps` of `total` are done; `beaten_at` is when a worker last said so, and a run that is silent is taken up again.
    `result` holds counts alone: how much opened, how short, by day and by rule.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="backtests")
    digest = models.BinaryField()
    text = models.TextField(blank=True)
    days = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=BacktestState.choices, default=BacktestState.DUE)
    steps = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    beaten_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    result = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "digest", "days"], name="backtest_once_per_text")]
        indexes = [
            models.Index(fields=["asked_at"], condition=models.Q(state__in=["due", "running"]), name="backtest_due")
        ]

    @override
    def __str__(self) -> str:
        return f"{self.project_id} {self.days} d"
