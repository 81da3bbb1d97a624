"""Who is told what, and when."""

import uuid

from django.db import models
from typing_extensions import override


class When(models.TextChoices):
    """A message for each transition, or a summary by schedule."""

    AT_ONCE = "at-once"
    DIGEST = "digest"


class Subscription(models.Model):
    """One rule, of a member (`user`, by their own mail) or of a `channel`.

    Empty lists mean everything: `gaps` of time, personnel and tools; `environments`, `pairs` (`u..v`) and `names`
    (`section/name`) are globs. `cron` has five fields in `timezone` (IANA); `due_at` is a digest's next instant,
    `last_at` the end of the period that it told last. Quiet hours are local times in `timezone`; what falls into them
    is held, not dropped. `key` in the link of a mail ends the subscription without signing in.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="subscriptions")
    user = models.ForeignKey("User", null=True, on_delete=models.CASCADE, related_name="subscriptions")
    channel = models.ForeignKey("Channel", null=True, on_delete=models.CASCADE, related_name="subscriptions")
    when = models.CharField(max_length=8, choices=When.choices)
    at_least = models.CharField(max_length=8, default="error")
    gaps = models.JSONField(default=list)
    environments = models.JSONField(default=list)
    pairs = models.JSONField(default=list)
    names = models.JSONField(default=list)
    only_owned = models.BooleanField(default=False)
    cron = models.CharField(max_length=64, blank=True)
    timezone = models.CharField(max_length=64, default="UTC")
    skip_unchanged = models.BooleanField(default=True)
    quiet_from = models.TimeField(null=True)
    quiet_to = models.TimeField(null=True)
    due_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=16, blank=True)
    made_by = models.CharField(max_length=254)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=True) ^ models.Q(channel__isnull=True), name="subscription_of_one"
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(ended_at__isnull=True), name="subscription_due"),
            models.Index(fields=["project", "when"], name="subscription_by_project"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.when} {self.id}"
