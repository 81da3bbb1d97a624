"""Section bodies and policy texts, stored once per project by digest."""

from django.db import models
from typing_extensions import override


class SectionBody(models.Model):
    """One section's facts, or its evidence, as the gzip that came."""

    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="+")
    digest = models.BinaryField(max_length=32)
    section = models.CharField(max_length=32)
    evidence = models.BooleanField()
    body = models.BinaryField()
    decoded_length = models.PositiveIntegerField()
    received_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "digest"], name="section_body_once_in_project")]

    @override
    def __str__(self) -> str:
        return f"{self.section} {bytes(self.digest).hex()[:12]}"


class Policy(models.Model):
    """A version of `parity.toml`; one with `errors` is kept and never in force."""

    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="policies")
    digest = models.BinaryField(max_length=32)
    text = models.TextField()
    errors = models.JSONField(default=list)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "digest"], name="policy_once_in_project")]

    @override
    def __str__(self) -> str:
        return bytes(self.digest).hex()[:12]
