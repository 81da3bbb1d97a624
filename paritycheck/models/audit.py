"""Who changed what: a log that only grows, each entry holding the digest of the one before."""

from typing import Final
from uuid import UUID

from django.db import models
from typing_extensions import override

INSTALLATION: Final = UUID(int=0)


class AuditEntry(models.Model):
    """One act. `chain` is the project's id, or the nil UUID for acts on the installation; `number` counts from 1 in it.

    `actor` is a person's address, a token's public id or `system`; it is text, so that it stays when they go. `sha256`
    is over everything else and `previous`, the `sha256` of the entry before (32 zero bytes for the first): whoever
    changes or takes out one entry breaks the chain from there on.
    """

    chain = models.UUIDField()
    number = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=254)
    action = models.CharField(max_length=64)
    target = models.CharField(max_length=512, blank=True)
    detail = models.JSONField(default=dict)
    previous = models.BinaryField(max_length=32)
    sha256 = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain", "number"], name="audit_number_in_chain")]

    @override
    def __str__(self) -> str:
        return f"{self.number} {self.action}"
