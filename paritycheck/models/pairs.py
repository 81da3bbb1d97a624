"""Where two compared environments stand now."""

from django.db import models
from typing_extensions import override


class Pair(models.Model):
    """The last evaluation of `left..right` (right is the baseline; left = right is a look inside one environment).

    `parity` and `coverage` are fractions; `counts` maps a section to its number of facts by relation, `sections` one to
    its own parity, coverage and numbers of facts by distance (`core.parity.Apart`);
    `basis` is a hash of all that was compared and by which policy: the same basis is not compared again.
    `time` and `personnel` hold the gap's value, band and reason as `core` gives them; `bands` the known band of each
    that people were told last, so that a time without one hides no change. `courses` holds both gaps day by day as
    services/courses.py counts them.
    """

    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="pairs")
    left = models.ForeignKey("Environment", on_delete=models.CASCADE, related_name="+")
    right = models.ForeignKey("Environment", on_delete=models.CASCADE, related_name="+")
    left_snapshot = models.ForeignKey("Snapshot", null=True, on_delete=models.SET_NULL, related_name="+")
    right_snapshot = models.ForeignKey("Snapshot", null=True, on_delete=models.SET_NULL, related_name="+")
    basis = models.CharField(max_length=64, blank=True)
    policy_version = models.PositiveIntegerField(default=0)
    parity = models.FloatField(null=True)
    coverage = models.FloatField(default=0)
    counts = models.JSONField(default=dict)
    sections = models.JSONField(default=dict, db_default={})
    time = models.JSONField(default=dict)
    personnel = models.JSONField(default=dict)
    bands = models.JSONField(default=dict, db_default={})
    courses = models.JSONField(default=dict, db_default={})
    evaluated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "left", "right"], name="pair_once_in_project")]

    @override
    def __str__(self) -> str:
        return f"{self.left_id}..{self.right_id}"
