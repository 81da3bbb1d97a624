"""Projects and their environments."""

import uuid

from django.core.validators import RegexValidator
from django.db import models
from typing_extensions import override

SLUG = RegexValidator(r"\A[a-z0-9][a-z0-9-]{0,62}\Z", "Use 1 to 63 of a-z, 0-9 and -, not beginning with -.")


class Tier(models.TextChoices):
    """How near to users an environment is."""

    DEVELOPMENT = "development"
    TESTING = "testing"
    STAGING = "staging"
    PRODUCTION = "production"
    OTHER = "other"


class EnvironmentKind(models.TextChoices):
    """One deploy that stays, many laptops counted as one population, or a review app with a time to live."""

    PERSISTENT = "persistent"
    COHORT = "cohort"
    EPHEMERAL = "ephemeral"


class Project(models.Model):
    """One codebase with many deploys (a twelve-factor app).

    `policy_from` names the environment whose `parity.toml` counts; the baseline where it names none.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.CharField(max_length=63, unique=True, validators=[SLUG])
    baseline = models.ForeignKey("Environment", null=True, on_delete=models.SET_NULL, related_name="+")
    policy = models.ForeignKey("Policy", null=True, on_delete=models.SET_NULL, related_name="+")
    policy_version = models.PositiveIntegerField(default=0)
    policy_from = models.ForeignKey("Environment", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    @override
    def __str__(self) -> str:
        return self.slug


class Environment(models.Model):
    """One named deploy of a project. `policy` is the text that it reported last, in force or not; `shallow` says that
    the clone its commits came from last is. `expired_at` is when the time to live of an ephemeral one had passed, empty
    again with its next report.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="environments")
    slug = models.CharField(max_length=63, validators=[SLUG])
    tier = models.CharField(max_length=12, choices=Tier.choices)
    kind = models.CharField(max_length=12, choices=EnvironmentKind.choices, default=EnvironmentKind.PERSISTENT)
    latest = models.ForeignKey("Snapshot", null=True, on_delete=models.SET_NULL, related_name="+")
    policy = models.ForeignKey("Policy", null=True, on_delete=models.SET_NULL, related_name="+")
    shallow = models.BooleanField(default=False, db_default=False)
    expired_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "slug"], name="environment_slug_in_project")]

    @override
    def __str__(self) -> str:
        return self.slug
