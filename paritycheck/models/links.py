"""Accounts that are one person."""

from django.db import models
from typing_extensions import override


class PersonLink(models.Model):
    """An account by its key (`Commit.author_key`), and the person it is: one key of the group that was linked."""

    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="person_links")
    key = models.CharField(max_length=64)
    person = models.CharField(max_length=64)
    linked_by = models.ForeignKey("User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "key"], name="person_link_once")]

    @override
    def __str__(self) -> str:
        return f"{self.key[:12]} is {self.person[:12]}"
