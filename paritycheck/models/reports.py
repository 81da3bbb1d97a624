"""What was accepted, in order of arrival."""

import uuid

from django.db import models
from typing_extensions import override


class Report(models.Model):
    """One accepted report that changed something, or an old one kept as history (`stale`).

    Partitioned by week of `received_at`. No table refers to this one and no constraint of the database goes from it to
    others, so that to make or drop a partition locks nothing that a report writes.
    """

    project = models.ForeignKey("Project", db_constraint=False, on_delete=models.CASCADE, related_name="+")
    environment = models.ForeignKey(
        "Environment", db_constraint=False, on_delete=models.CASCADE, related_name="reports"
    )
    instance = models.ForeignKey("Instance", db_constraint=False, on_delete=models.CASCADE, related_name="reports")
    report_id = models.UUIDField(default=uuid.uuid4)
    seq = models.BigIntegerField()
    state = models.CharField(max_length=64)
    collected_at = models.DateTimeField()
    sent_at = models.DateTimeField()
    received_at = models.DateTimeField()
    clock_skew_s = models.FloatField(default=0)
    stale = models.BooleanField(default=False)
    sections = models.JSONField(default=dict)
    warnings = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["instance", "report_id"], name="report_by_instance_and_id")]

    @override
    def __str__(self) -> str:
        return str(self.report_id)
