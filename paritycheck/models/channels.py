"""Where alerts go besides members' own mail: a team address, a webhook, a chat room, an issue tracker, a pager."""

import uuid

from django.db import models
from typing_extensions import override


class ChannelState(models.TextChoices):
    """`pending` until an outside address is confirmed; `off` by hand or after a permanent error, which says why."""

    PENDING = "pending"
    ON = "on"
    OFF = "off"


class Channel(models.Model):
    """One target. `config` is sealed JSON with every address and secret; `shown` is what people may see of it.

    `failing_since` is the first failure after the last success: five days of only failures switch it off.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="channels")
    kind = models.CharField(max_length=16)
    name = models.CharField(max_length=80)
    shown = models.CharField(max_length=254, blank=True)
    config = models.BinaryField()
    state = models.CharField(max_length=8, choices=ChannelState.choices, default=ChannelState.ON)
    off_reason = models.CharField(max_length=512, blank=True)
    off_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    made_by = models.CharField(max_length=254)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="channel_name_in_project")]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class ChannelThread(models.Model):
    """What a channel knows a drift by: the number of an issue, the id of a chat message. Open until the drift ends.

    `told_by` is the delivery that told of it last, so that its next attempt does not say it twice.
    """

    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="+")
    channel = models.ForeignKey("Channel", on_delete=models.CASCADE, related_name="threads")
    drift_id = models.CharField(max_length=64)
    ref = models.CharField(max_length=254)
    is_open = models.BooleanField(default=True)
    told_by = models.UUIDField(null=True)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "drift_id"], name="channel_thread_once")]

    @override
    def __str__(self) -> str:
        return f"{self.drift_id[:10]} {self.ref}"
