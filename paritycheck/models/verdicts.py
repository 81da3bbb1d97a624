"""What a gate answered, kept for audit."""

import uuid

from django.db import models
from typing_extensions import override


class Verdict(models.Model):
    """A candidate's comparison with an environment. `candidate` holds the section digests that were judged, `question`
    the digest of all that was asked, in hex.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="verdicts")
    against = models.ForeignKey("Environment", on_delete=models.CASCADE, related_name="+")
    snapshot = models.ForeignKey("Snapshot", null=True, on_delete=models.SET_NULL, related_name="+")
    commit = models.CharField(max_length=64, blank=True)
    branch = models.CharField(max_length=256, blank=True)
    recorded = models.BooleanField(default=False)
    candidate = models.JSONField()
    verdict = models.CharField(max_length=8)
    document = models.JSONField()
    question = models.CharField(max_length=64, blank=True, default="", db_default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["project", "-created_at"], name="verdict_by_time"),
            models.Index(fields=["project", "question", "-created_at"], name="verdict_by_question"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.verdict} {self.id}"
