"""What happened besides drifts that somebody should hear of."""

from django.db import models
from typing_extensions import override


class NoticeKind(models.TextChoices):
    """An agent fell silent or is back, a gap moved to another band, a waiver ends soon, a channel was switched off."""

    SILENT = "silent"
    HEARD = "heard"
    BAND = "band"
    WAIVER_ENDING = "waiver-ending"
    CHANNEL_OFF = "channel-off"


class Notice(models.Model):
    """One transition; like a drift event it is also the work of routing until `routed_at` is set.

    `about` names what it is about within its kind (an instance, a pair and gap, a waiver, a channel); `dedupe` makes
    it one however often it is noticed. `detail` holds the plain words and figures that the message is made of.
    """

    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=NoticeKind.choices)
    about = models.CharField(max_length=254)
    left = models.ForeignKey("Environment", null=True, on_delete=models.CASCADE, related_name="+")
    right = models.ForeignKey("Environment", null=True, on_delete=models.CASCADE, related_name="+")
    gap = models.CharField(max_length=12, blank=True)
    severity = models.CharField(max_length=8)
    detail = models.JSONField(default=dict)
    dedupe = models.CharField(max_length=254)
    at = models.DateTimeField()
    routed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "dedupe"], name="notice_once")]
        indexes = [
            models.Index(fields=["at"], condition=models.Q(routed_at__isnull=True), name="notice_unrouted"),
            models.Index(fields=["project", "kind", "about", "-at"], name="notice_by_kind"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.about}"
