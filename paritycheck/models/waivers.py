"""Drifts that people accepted. Waivers of a `parity.toml` have no rows: the file is what they are."""

import uuid

from django.db import models
from typing_extensions import override


class Waiver(models.Model):
    """One decision; it ends and is never deleted.

    With a `match` it covers by pattern, in one pair or in each; without one only the drifts that it accepted when it
    was made (`drifts` of them), a `ratchet` all there were; `title` says which in short.
    `ended_why` is `date`, `hand` or empty.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="waivers")
    left = models.ForeignKey("Environment", null=True, on_delete=models.CASCADE, related_name="+")
    right = models.ForeignKey("Environment", null=True, on_delete=models.CASCADE, related_name="+")
    match = models.CharField(max_length=1024, blank=True)
    title = models.CharField(max_length=1024, blank=True)
    ratchet = models.BooleanField(default=False)
    drifts = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=512)
    owner = models.CharField(max_length=512)
    until = models.DateTimeField(null=True)
    until_change = models.BooleanField(default=False)
    until_converged = models.BooleanField(default=False)
    made_by = models.CharField(max_length=254)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=254, blank=True)
    ended_why = models.CharField(max_length=8, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["project", "-made_at"], name="waiver_by_time"),
            models.Index(fields=["until"], condition=models.Q(ended_at__isnull=True), name="waiver_ending"),
        ]

    @override
    def __str__(self) -> str:
        return self.match or str(self.id)
