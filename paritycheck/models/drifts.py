"""Expectations that do not hold, and every step of their life."""

from django.db import models
from typing_extensions import override


class DriftState(models.TextChoices):
    """Where a drift stands."""

    OPEN = "open"
    WAIVED = "waived"
    RESOLVED = "resolved"


class Drift(models.Model):
    """One drift; `id` is its identity (`gaps`: sha256 in hex). A changed value updates it, a return reopens it.

    `left_side` and `right_side` hold what each side showed: `{"environment", "snapshot", "state", "kind",
    "value", "sources", "read_at", "reason", ...}`. `waiver` is the document of the waiver that covers it while it is
    waived; `accepted` holds what each waiver accepted of it, `{key: [severity, distance, mark, converges, over]}`.
    """

    id = models.CharField(primary_key=True, max_length=64)
    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="drifts")
    left = models.ForeignKey("Environment", on_delete=models.CASCADE, related_name="+")
    right = models.ForeignKey("Environment", on_delete=models.CASCADE, related_name="+")
    section = models.CharField(max_length=32)
    name = models.CharField(max_length=512)
    rule = models.CharField(max_length=32)
    severity = models.CharField(max_length=8)
    distance = models.PositiveSmallIntegerField(null=True)
    content = models.CharField(max_length=64)
    expectation = models.CharField(max_length=32)
    state = models.CharField(max_length=8, choices=DriftState.choices, default=DriftState.OPEN)
    initial = models.BooleanField(default=False)
    also = models.JSONField(default=list)
    left_side = models.JSONField()
    right_side = models.JSONField()
    owner = models.CharField(max_length=512, blank=True)
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    reopened = models.PositiveIntegerField(default=0)
    waiver = models.JSONField(null=True)
    accepted = models.JSONField(null=True)

    class Meta:
        indexes = [models.Index(fields=["project", "state", "left", "right"], name="drift_by_project_and_state")]

    @override
    def __str__(self) -> str:
        return f"{self.section}/{self.name}:{self.rule}"


class DriftEvent(models.Model):
    """One transition; it is also the work of routing until `routed_at` is set.

    Of a waived drift `why` is the reason, of one that is no more the word for what ended it; `actor` is the person.
    """

    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="+")
    drift = models.ForeignKey("Drift", on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=12)
    initial = models.BooleanField(default=False)
    severity = models.CharField(max_length=8)
    left_side = models.JSONField()
    right_side = models.JSONField()
    actor = models.CharField(max_length=254, blank=True, default="", db_default="")
    why = models.CharField(max_length=512, blank=True, default="", db_default="")
    at = models.DateTimeField()
    routed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["project", "at"], name="drift_event_by_time"),
            models.Index(fields=["at"], condition=models.Q(routed_at__isnull=True), name="drift_event_unrouted"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.drift_id[:10]}"
