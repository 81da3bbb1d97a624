"""Pipelines that sign in with their CI's id token, without a stored secret."""

import uuid

from django.db import models
from typing_extensions import override


class Trust(models.Model):
    """Whose id tokens a project takes; `paritycheck.core.trust` says what the members mean.

    `made_by` is an address; it is text, so that it stays when they go.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="trusts")
    kind = models.CharField(max_length=12)
    issuer = models.URLField(max_length=255)
    repository = models.CharField(max_length=20, blank=True)
    owner = models.CharField(max_length=20, blank=True)
    gitlab_project = models.CharField(max_length=20, blank=True)
    ref = models.CharField(max_length=255, blank=True)
    environment = models.CharField(max_length=255, blank=True)
    job_workflow_ref = models.CharField(max_length=255, blank=True)
    made_by = models.EmailField(blank=True)
    made_at = models.DateTimeField()

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.repository or self.gitlab_project}"


class SpentIdToken(models.Model):
    """An id token that was exchanged, by the SHA-256 of issuer and `jti`; kept until nobody would take it anyway."""

    digest = models.BinaryField(primary_key=True, max_length=32)
    until = models.DateTimeField(db_index=True)

    @override
    def __str__(self) -> str:
        return bytes(self.digest).hex()[:10]
