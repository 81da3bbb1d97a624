"""`GET /api/v1/projects` and one of them."""

from typing import Any, ClassVar

from django.db.models import Count
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import READ, ApiView, Scopes
from paritycheck.api.pagination import PARAMETERS, CursorPages, PageSerializer
from paritycheck.api.schema import PAGE_PARAMETERS, READ_REFUSALS
from paritycheck.api.shapes import CountsSerializer, ProjectApiView, counts, page_url
from paritycheck.models import Project
from paritycheck.selectors.projects import live_drifts, visible_projects


class PolicySerializer(serializers.Serializer[Any]):
    """The policy in force; version 0 without a digest is the shipped one."""

    version = serializers.IntegerField()
    sha256 = serializers.CharField(allow_null=True)


class ProjectSerializer(serializers.Serializer[Any]):
    """One codebase with many deploys."""

    slug = serializers.CharField()
    baseline = serializers.CharField(allow_null=True, help_text="The environment the others are compared with.")
    environments = serializers.IntegerField()
    policy = PolicySerializer()
    open_drifts = CountsSerializer()
    created_at = serializers.DateTimeField()
    url = serializers.URLField()


class ProjectPageSerializer(PageSerializer):
    """Projects by slug."""

    results = ProjectSerializer(many=True)


def project_document(project: Project, environments: int, drifts: dict[str, int]) -> dict[str, Any]:
    """A project as the API shows it."""
    return {
        "slug": project.slug,
        "baseline": project.baseline.slug if project.baseline else None,
        "environments": environments,
        "policy": policy_document(project),
        "open_drifts": counts(drifts),
        "created_at": project.created_at,
        "url": page_url(project),
    }


def policy_document(project: Project) -> dict[str, Any]:
    """Which policy is in force."""
    digest = bytes(project.policy.digest).hex() if project.policy else None
    return {"version": project.policy_version, "sha256": digest}


class ProjectsView(ApiView):
    """The projects that the token's owner is a member of."""

    scopes: ClassVar[Scopes] = {"GET": READ}
    parameters = PARAMETERS

    @extend_schema(
        operation_id="list_projects",
        summary="List projects",
        parameters=PAGE_PARAMETERS,
        responses={200: ProjectPageSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """A page of projects."""
        pages = CursorPages("slug")
        rows = visible_projects(self.token).select_related("baseline", "policy")
        projects = pages.paginate_queryset(rows.annotate(size=Count("environments", distinct=True)), request)
        drifts = live_drifts(project.pk for project in projects)
        found = [project_document(project, project.size, drifts.get(project.pk, {})) for project in projects]
        return pages.get_paginated_response(ProjectSerializer(found, many=True).data)


class ProjectView(ProjectApiView):
    """One project."""

    scopes: ClassVar[Scopes] = {"GET": READ}

    @extend_schema(
        operation_id="get_project",
        summary="One project",
        responses={200: ProjectSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str) -> Response:
        """The project, if the token may see it."""
        del request, project
        found = self.project()
        drifts = live_drifts([found.pk]).get(found.pk, {})
        return Response(ProjectSerializer(project_document(found, found.environments.count(), drifts)).data)
