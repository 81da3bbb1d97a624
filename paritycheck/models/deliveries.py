"""The outbox: messages on their way."""

import uuid
from typing import Final

from django.db import models
from typing_extensions import override

HELD_BY_RESTORE: Final = "after a restore"
"""What `held_for` says of a message that an operator has to decide on."""


class DeliveryState(models.TextChoices):
    """Where a message stands; `dead` after a permanent error or the last attempt."""

    DUE = "due"
    SENT = "sent"
    DEAD = "dead"
    DROPPED = "dropped"


class Delivery(models.Model):
    """One message to one recipient. `id` is the stable message id receivers dedupe on.

    `channel` is the kind; a member's own mail has no `target`, everything else goes to one. `held_for` says in words
    why it waits (quiet hours, after a restore), `thread` is the first message of the same drift to the same recipient.
    `acted` is what a person did with it last: send-now or give-up.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=16, default="mail")
    target = models.ForeignKey("Channel", null=True, on_delete=models.SET_NULL, related_name="deliveries")
    subscription = models.ForeignKey("Subscription", null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=16)
    recipient = models.CharField(max_length=254)
    subject = models.CharField(max_length=200)
    content = models.JSONField()
    dedupe = models.CharField(max_length=128)
    state = models.CharField(max_length=8, choices=DeliveryState.choices, default=DeliveryState.DUE)
    held_for = models.CharField(max_length=32, blank=True, default="", db_default="")
    thread = models.UUIDField(null=True)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=512, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)
    acted = models.CharField(max_length=16, blank=True, default="", db_default="")
    acted_by = models.CharField(max_length=254, blank=True, default="", db_default="")
    acted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "channel", "recipient", "dedupe"], name="delivery_once")
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(state="due"), name="delivery_due"),
            models.Index(fields=["project", "-created_at"], name="delivery_by_time"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class DeliveryAttempt(models.Model):
    """One try, partitioned by week of `at`; `delivery_id` is no foreign key, and no constraint goes to other tables."""

    project = models.ForeignKey("Project", db_constraint=False, on_delete=models.CASCADE, related_name="+")
    delivery_id = models.UUIDField(db_index=True)
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    ok = models.BooleanField()
    took_ms = models.PositiveIntegerField(null=True)
    error = models.CharField(max_length=512, blank=True)

    @override
    def __str__(self) -> str:
        return f"{self.delivery_id} {self.number}"


class DriftThread(models.Model):
    """That somebody was told of a drift: `first` is the delivery that told them first, which later ones answer.

    Open until they are told that it is resolved; a return opens it again.
    """

    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="+")
    drift = models.ForeignKey("Drift", on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(max_length=16)
    recipient = models.CharField(max_length=254)
    first = models.UUIDField()
    is_open = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "drift", "channel", "recipient"], name="drift_thread_once")
        ]

    @override
    def __str__(self) -> str:
        return f"{self.drift_id[:10]} {self.recipient}"
