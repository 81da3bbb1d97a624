"""`GET /api/v1/projects/{project}/environments` and one of them with its instances."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import READ, Scopes
from paritycheck.api.pagination import PARAMETERS, CursorPages, PageSerializer
from paritycheck.api.schema import PAGE_PARAMETERS, READ_REFUSALS
from paritycheck.api.shapes import INSTANCE_KINDS, KINDS, TIERS, ProjectApiView, address_of, page_url, zulu
from paritycheck.core.freshness import Pulse, fresh
from paritycheck.models import Environment, Instance, Project
from paritycheck.selectors.projects import environments_of, instances_of


class EnvironmentSerializer(serializers.Serializer[Any]):
    """One named deploy."""

    slug = serializers.CharField()
    tier = serializers.ChoiceField(TIERS)
    kind = serializers.ChoiceField(
        KINDS,
        help_text="An `ephemeral` one ends by itself, without a message, once its time to live has passed since its "
        "last report: `ttl` of its table in parity.toml, else 7 days. Its drifts are resolved; the next report "
        "begins it anew. A baseline never ends.",
    )
    baseline = serializers.BooleanField()
    latest = serializers.CharField(allow_null=True, help_text="The address of its latest snapshot.")
    instances = serializers.IntegerField(help_text="Those that are not retired.")
    last_seen = serializers.DateTimeField(allow_null=True)
    url = serializers.URLField()


class EnvironmentPageSerializer(PageSerializer):
    """Environments by slug."""

    results = EnvironmentSerializer(many=True)


class SectionStandSerializer(serializers.Serializer[Any]):
    """What an instance last said of a section."""

    name = serializers.CharField()
    status = serializers.CharField()
    reason = serializers.CharField(required=False)
    digest = serializers.CharField(required=False)
    at = serializers.DateTimeField()


class InstanceSerializer(serializers.Serializer[Any]):
    """One host, container, pod, runner or laptop."""

    id = serializers.CharField(source="key", help_text="As it names itself.")
    kind = serializers.ChoiceField(INSTANCE_KINDS)
    fresh = serializers.BooleanField()
    last_seen = serializers.DateTimeField()
    interval_s = serializers.IntegerField(allow_null=True, help_text="None for one-shot reports.")
    agent_version = serializers.CharField()
    retired_at = serializers.DateTimeField(allow_null=True)
    sections = SectionStandSerializer(many=True)


class EnvironmentDetailSerializer(EnvironmentSerializer):
    """One named deploy with those that report from it."""

    reporting = InstanceSerializer(many=True)


def environment_document(environment: Environment, project: Project) -> dict[str, Any]:
    """An environment with its annotations of `environments_of`."""
    counted: Any = environment
    return {
        "slug": environment.slug,
        "tier": environment.tier,
        "kind": environment.kind,
        "baseline": environment.pk == project.baseline_id,
        "latest": address_of(environment, environment.latest),
        "instances": counted.instance_count,
        "last_seen": counted.last_seen,
        "url": page_url(project, "environments", environment.slug),
    }


def _reporting(environment: Environment) -> list[dict[str, Any]]:
    rows = instances_of(environment)
    live = [row for row in rows if row.retired_at is None]
    keys = fresh([Pulse(row.key, row.kind, row.last_seen, row.interval_s) for row in live], timezone.now())
    return [_instance(row, is_fresh=row.retired_at is None and row.key in keys) for row in rows]


def _instance(row: Instance, *, is_fresh: bool) -> dict[str, Any]:
    sections = [{"name": name, **entry, "at": zulu(entry.get("at"))} for name, entry in sorted(row.sections.items())]
    return {
        "key": row.key,
        "kind": row.kind,
        "fresh": is_fresh,
        "last_seen": row.last_seen,
        "interval_s": row.interval_s,
        "agent_version": row.agent_version,
        "retired_at": row.retired_at,
        "sections": sections,
    }


class EnvironmentsView(ProjectApiView):
    """The environments of a project."""

    scopes: ClassVar[Scopes] = {"GET": READ}
    parameters = PARAMETERS

    @extend_schema(
        operation_id="list_environments",
        summary="List environments",
        parameters=PAGE_PARAMETERS,
        responses={200: EnvironmentPageSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str) -> Response:
        """A page of environments."""
        del project
        found = self.project()
        pages = CursorPages("slug")
        rows = pages.paginate_queryset(environments_of(found), request)
        documents = [environment_document(row, found) for row in rows]
        return pages.get_paginated_response(EnvironmentSerializer(documents, many=True).data)


class EnvironmentView(ProjectApiView):
    """One environment."""

    scopes: ClassVar[Scopes] = {"GET": READ}

    @extend_schema(
        operation_id="get_environment",
        summary="One environment with its instances",
        responses={200: EnvironmentDetailSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str, environment: str) -> Response:
        """The environment and every instance that ever reported from it."""
        del request, project, environment
        found = self.project()
        row = environments_of(found).get(pk=self.environment(found).pk)
        document = {**environment_document(row, found), "reporting": _reporting(row)}
        return Response(EnvironmentDetailSerializer(document).data)
