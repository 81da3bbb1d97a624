"""Documents that several calls answer with."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from paritycheck.api.base import ApiView, nothing_here
from paritycheck.models import Environment, Project, Snapshot
from paritycheck.models.drifts import DriftState
from paritycheck.models.instances import InstanceKind
from paritycheck.selectors.projects import find_environment, find_project

TIERS = ("development", "testing", "staging", "production", "other")
KINDS = ("persistent", "cohort", "ephemeral")
BANDS = ("ok", "warning", "error", "unknown")
SEVERITIES = ("error", "warning", "note")
FACT_STATES = ("present", "absent", "unknown")
DRIFT_STATES = tuple(DriftState.values)
INSTANCE_KINDS = tuple(InstanceKind.values)


class ProjectApiView(ApiView):
    """A view under `/projects/{project}`."""

    def project(self) -> Project:
        """The project of the address, if the token may see it."""
        project = find_project(self.token, self.kwargs["project"])
        if project is None:
            raise nothing_here()
        return project

    def environment(self, project: Project) -> Environment:
        """The environment of the address."""
        environment = find_environment(project, self.kwargs["environment"])
        if environment is None:
            raise nothing_here()
        return environment


def page_url(project: Project, *parts: str) -> str:
    """The address of a page for people; never built from the request's host."""
    return "/".join([settings.PUBLIC_URL, "p", project.slug, *parts])


def address_of(environment: Environment, snapshot: Snapshot | None) -> str | None:
    """`production#42`."""
    return None if snapshot is None else f"{environment.slug}#{snapshot.number}"


def zulu(text: str | None) -> str | None:
    """A stored time of UTC as every time of the API ends."""
    return text.replace("+00:00", "Z") if text else None


class CountsSerializer(serializers.Serializer[Any]):
    """How many, by severity."""

    error = serializers.IntegerField()
    warning = serializers.IntegerField()
    note = serializers.IntegerField()


def counts(by_severity: dict[str, int]) -> dict[str, int]:
    """Every severity, also those of which there are none."""
    return {severity: by_severity.get(severity, 0) for severity in SEVERITIES}
