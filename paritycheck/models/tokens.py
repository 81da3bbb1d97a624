"""Bearer tokens, stored as id and hash only."""

from django.db import models
from typing_extensions import override


class TokenKind(models.TextChoices):
    """Who holds it; the letter of its prefix `pc<letter>_`."""

    REPORT = "a"
    GATE = "g"
    ENROL = "e"
    PERSONAL = "u"


class Token(models.Model):
    """A token's public id, the SHA-256 of the whole token, and what it is bound to.

    `made_by` is the address of who made it, empty for those of commands; it is text, so that it stays when they go.
    `allowed_from` holds networks with blanks between them, none where it may be used from everywhere; `refused` counts
    uses from elsewhere.
    `refusal` is what an agent with it was refused last: `{"code", "detail", "at"}`.
    `instance_key` is the instance that a token of an enrolment reports as, empty where the report names it.
    `max_uses` and `uses` are of tokens that enrol; NULL is no bound.
    """

    id = models.CharField(primary_key=True, max_length=12)
    kind = models.CharField(max_length=1, choices=TokenKind.choices)
    sha256 = models.BinaryField(max_length=32)
    name = models.CharField(max_length=80, blank=True, default="")
    made_by = models.EmailField(blank=True, default="")
    scopes = models.JSONField(default=list)
    project = models.ForeignKey("Project", null=True, on_delete=models.CASCADE, related_name="tokens")
    environment = models.ForeignKey("Environment", null=True, on_delete=models.CASCADE, related_name="tokens")
    user = models.ForeignKey("User", null=True, on_delete=models.CASCADE, related_name="tokens")
    bucket = models.FloatField(default=600)
    bucket_at = models.DateTimeField(auto_now_add=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    last_used_from = models.GenericIPAddressField(null=True)
    allowed_from = models.CharField(max_length=1024, blank=True, default="", db_default="")
    refused = models.PositiveIntegerField(default=0, db_default=0)
    refused_at = models.DateTimeField(null=True)
    refused_from = models.GenericIPAddressField(null=True)
    refusal = models.JSONField(null=True)
    instance_key = models.CharField(max_length=256, blank=True, default="", db_default="")
    max_uses = models.PositiveIntegerField(null=True)
    uses = models.PositiveIntegerField(default=0, db_default=0)

    @override
    def __str__(self) -> str:
        return f"pc{self.kind}_{self.id}"
