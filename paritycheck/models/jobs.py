"""Work to do, as rows: Celery makes it fast, losing the broker loses nothing."""

from django.db import models
from typing_extensions import override


class JobKind(models.TextChoices):
    """What is to be done."""

    EVALUATE = "evaluate"


class JobState(models.TextChoices):
    """Where a job stands; `dead` after five attempts that did not end."""

    DUE = "due"
    DONE = "done"
    DEAD = "dead"


class Job(models.Model):
    """One piece of work for one environment: one row per environment and kind, which new work makes due again.

    `wanted` grows with each request, and a run ends the job only if it did not grow meanwhile: a request that
    arrives while an evaluation runs is not swallowed by its end. `told_at` is when administrators were told that it is
    dead; of an earlier death where it is before `finished_at`.
    """

    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="+")
    environment = models.ForeignKey("Environment", on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=16, choices=JobKind.choices)
    state = models.CharField(max_length=8, choices=JobState.choices, default=JobState.DUE)
    due_at = models.DateTimeField()
    wanted = models.BigIntegerField(default=1)
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=512, blank=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["environment", "kind"], name="job_once_per_environment")]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(state="due"), name="job_due")]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.environment_id}"


class PeriodRun(models.Model):
    """A periodic task ran for a period: unique, so that two beats are one run.

    `ended_at` is empty while it runs and after it was killed; `error` is the name of what it ended with.
    """

    task = models.CharField(max_length=64)
    period_start = models.DateTimeField()
    ran_at = models.DateTimeField(auto_now_add=True)
    attempts = models.PositiveSmallIntegerField(default=1, db_default=1)
    ended_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=512, blank=True, default="", db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "period_start"], name="period_run_once")]

    @override
    def __str__(self) -> str:
        return f"{self.task} {self.period_start:%Y-%m-%dT%H:%MZ}"


class ProcessBeat(models.Model):
    """When a kind of process (`worker`, `sender`, `beat`) was last seen at work, and of which release it is.

    `told_at` is when administrators were told that it is silent; empty again once it is seen.
    """

    name = models.CharField(max_length=32, primary_key=True)
    seen_at = models.DateTimeField()
    version = models.CharField(max_length=32, blank=True, default="", db_default="")
    told_at = models.DateTimeField(null=True)

    @override
    def __str__(self) -> str:
        return self.name
