"""What was deployed where, when and by whom."""

import uuid

from django.db import models
from django.db.models import Q
from typing_extensions import override


class DeployStatus(models.TextChoices):
    """How a deploy ended; one that still runs is no record yet."""

    SUCCESS = "success"
    FAILURE = "failure"


class DeploySource(models.TextChoices):
    """Who told of it."""

    REPORT = "report"
    CLI = "cli"
    API = "api"
    GITHUB = "github"
    GITLAB = "gitlab"
    CDEVENTS = "cdevents"


class Deploy(models.Model):
    """One finished deploy of an environment. The commit that ran before is that of the success before it.

    `actors` is a list of `{"role": trigger|approver|merger|watcher, "key", "name", "bot"}`; `key` is an HMAC as of
    `Commit.author_key`, over the lower-case e-mail address or `<login>@users.noreply.<host>`. An address is never kept.
    `external_id` is the sender's own name of the deploy; told twice, it is one record.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="deploys")
    environment = models.ForeignKey("Environment", on_delete=models.CASCADE, related_name="deploys")
    commit = models.CharField(max_length=64, blank=True)
    deployed_at = models.DateTimeField()
    status = models.CharField(max_length=8, choices=DeployStatus.choices, default=DeployStatus.SUCCESS)
    source = models.CharField(max_length=8, choices=DeploySource.choices)
    external_id = models.CharField(max_length=256, blank=True)
    release = models.CharField(max_length=256, blank=True)
    artifact = models.CharField(max_length=512, blank=True)
    url = models.CharField(max_length=2048, blank=True)
    actors = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "environment", "source", "external_id"],
                condition=~Q(external_id=""),
                name="deploy_once_by_external_id",
            )
        ]
        indexes = [models.Index(fields=["environment", "-deployed_at"], name="deploy_by_time")]

    @override
    def __str__(self) -> str:
        return f"{self.environment_id} {self.commit[:12]}"
