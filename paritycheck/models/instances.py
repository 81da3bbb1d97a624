"""Who reports."""

import uuid

from django.db import models
from typing_extensions import override


class InstanceKind(models.TextChoices):
    """What an agent runs on."""

    HOST = "host"
    CONTAINER = "container"
    POD = "pod"
    RUNNER = "runner"
    LAPTOP = "laptop"


class Instance(models.Model):
    """One host, container, pod, runner or laptop and what it said last.

    `sections` maps a section's name to `{"status", "digest", "evidence", "reason", "at"}`. `state` is the
    canonical report's hash; NULL makes the next report take the ordinary path. A heartbeat is one HOT
    UPDATE, so nothing it writes may be indexed (table settings in migration 0002).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="+")
    environment = models.ForeignKey("Environment", on_delete=models.CASCADE, related_name="instances")
    key = models.CharField(max_length=256)
    kind = models.CharField(max_length=12, choices=InstanceKind.choices)
    seq = models.BigIntegerField(default=0)
    state = models.CharField(max_length=64, null=True)  # noqa: DJ001  NULL and '' differ: NULL never equals a hash
    last_report = models.UUIDField(null=True)
    last_seen = models.DateTimeField()
    bucket = models.FloatField(default=30)
    interval_s = models.PositiveIntegerField(null=True)
    agent_version = models.CharField(max_length=128, blank=True)
    head = models.CharField(max_length=64, blank=True)
    sections = models.JSONField(default=dict)
    retired_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["environment", "key"], name="instance_key_in_environment")]

    @override
    def __str__(self) -> str:
        return self.key
