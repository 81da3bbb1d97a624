"""Lock files and bills of materials that were uploaded for an environment, as they were read."""

from django.db import models
from typing_extensions import override

from paritycheck.models.projects import Environment


class Upload(models.Model):
    """One file by its name. `lock` is the gzip of what was read of it: the file itself, which may hold a login to a
    registry, is not kept. `sha256` is the file's.
    """

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=256)
    bill = models.BooleanField()
    sha256 = models.BinaryField(max_length=32)
    lock = models.BinaryField()
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["environment", "bill", "name"], name="upload_once_by_name")]

    @override
    def __str__(self) -> str:
        return self.name
