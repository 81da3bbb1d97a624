"""The merged facts of an environment while they stay unchanged."""

from django.db import models
from typing_extensions import override


class Snapshot(models.Model):
    """`production#42`. `sections` maps a name to `{"digest", "evidence", "reason", "at"}`: the merged bodies."""

    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="+")
    environment = models.ForeignKey("Environment", on_delete=models.CASCADE, related_name="snapshots")
    number = models.PositiveIntegerField()
    opened_at = models.DateTimeField()
    confirmed_at = models.DateTimeField()
    sections = models.JSONField(default=dict)
    commit = models.CharField(max_length=64, blank=True)
    instances = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["environment", "number"], name="snapshot_number_in_environment")]
        ordering = ["environment", "-number"]

    @override
    def __str__(self) -> str:
        return f"#{self.number}"
