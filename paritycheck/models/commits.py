"""The commit graph, content-addressed by git's own hash."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from typing_extensions import override


class Commit(models.Model):
    """One commit of a project's repository. An address is kept as its HMAC only (`codec/people.py`); whether it was a
    bot's is told before. `co_authors` is a list of `[name, key, bot]`, in older rows of `[name, key]`. `scopes` are the
    path scopes that it touches, of those that it was looked at for: `looked_for`, each as `<name>:<mark>`.
    """

    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="commits")
    sha = models.CharField(max_length=64)
    parents = ArrayField(models.CharField(max_length=64))
    author_name = models.CharField(max_length=512, blank=True)
    author_key = models.CharField(max_length=64, blank=True)
    author_bot = models.BooleanField(default=False, db_default=False)
    co_authors = models.JSONField(default=list)
    authored_at = models.DateTimeField()
    committed_at = models.DateTimeField()
    subject = models.CharField(max_length=120, blank=True)
    scopes = ArrayField(models.CharField(max_length=512), default=list)
    looked_for = ArrayField(models.CharField(max_length=80), default=list, db_default=[])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "sha"], name="commit_once_in_project")]

    @override
    def __str__(self) -> str:
        return self.sha[:12]
