"""The badge of a project: an address that shows two numbers to whoever has it."""

from django.db import models
from typing_extensions import override


class Badge(models.Model):
    """Where a project's badge is served. `secret` is the address, 192 bits: kept as it is, since readers of the project
    copy it from a page, and what it opens are two numbers and a word.
    """

    project = models.OneToOneField("Project", on_delete=models.CASCADE, primary_key=True, related_name="badge")
    secret = models.CharField(max_length=32, unique=True)
    made_by = models.EmailField(blank=True)
    made_at = models.DateTimeField()

    @override
    def __str__(self) -> str:
        return "badge"
