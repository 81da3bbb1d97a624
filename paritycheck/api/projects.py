"""`/api/v1/projects`: those there are, making one, and which environment its others are compared with."""

from typing import Any, ClassVar

from django.db.models import Count
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.asked import read_asked, wrong
from paritycheck.api.base import READ, ApiView, Scopes
from paritycheck.api.body import WireCall
from paritycheck.api.pagination import PARAMETERS, CursorPages, PageSerializer
from paritycheck.api.schema import GONE, PAGE_PARAMETERS, READ_REFUSALS, REFUSALS, refused
from paritycheck.api.shapes import CountsSerializer, ProjectApiView, counts, page_url
from paritycheck.models import Project
from paritycheck.selectors.projects import find_environment, live_drifts, visible_projects
from paritycheck.services.channels import require_maintaining
from paritycheck.services.environments import choose_baseline
from paritycheck.services.projects import make_project, require_making

ADMIN, WRITE = frozenset({"admin"}), frozenset({"write"})
BODY_BYTES = 16 * 1024
CODE = "bad-parameter"
TAKEN = refused(409, "There is one of that name.")


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


class AskedProjectSerializer(serializers.Serializer[Any]):
    """A project to make."""

    slug = serializers.CharField(help_text="1 to 63 of a-z, 0-9 and -, not beginning with -; unique on this server.")


class ProjectChangeSerializer(serializers.Serializer[Any]):
    """What of a project to change."""

    baseline = serializers.CharField(help_text="The environment to compare the others with from now on.")


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

    scopes: ClassVar[Scopes] = {"GET": READ, "POST": ADMIN}
    parameters = PARAMETERS
    wire = WireCall("POST", "application/json", BODY_BYTES)

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

    @extend_schema(
        operation_id="create_project",
        summary="Make a project",
        request=AskedProjectSerializer,
        responses={201: ProjectSerializer, **REFUSALS, **TAKEN},
    )
    def post(self, request: Request) -> Response:
        """For administrators of the installation; who makes it is its owner."""
        user = require_making(user=self.token.user)
        said = read_asked(request, CODE, {"slug": str}, ("slug",))
        made = make_project(slug=said["slug"], by=user)
        return Response(ProjectSerializer(project_document(made, 0, {})).data, status=201)


class ProjectView(ProjectApiView):
    """One project."""

    http_method_names = ["get", "head", "patch"]  # noqa: RUF012  Django's own form
    scopes: ClassVar[Scopes] = {"GET": READ, "PATCH": WRITE}
    wire = WireCall("PATCH", "application/json", BODY_BYTES)

    @extend_schema(
        operation_id="get_project",
        summary="One project",
        responses={200: ProjectSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str) -> Response:
        """The project, if the token may see it."""
        del request, project
        return self._shown(self.project())

    @extend_schema(
        operation_id="change_project",
        summary="Choose the baseline",
        request=ProjectChangeSerializer,
        responses={200: ProjectSerializer, **REFUSALS, **GONE},
    )
    def patch(self, request: Request, project: str) -> Response:
        """For maintainers. Everything is compared anew; drifts against the former baseline end without a message."""
        del project
        found = self.project()
        user = require_maintaining(user=self.token.user, project=found)
        said = read_asked(request, CODE, {"baseline": str}, ("baseline",))
        environment = find_environment(found, said["baseline"])
        if environment is None:
            raise wrong(CODE, "baseline", "is an environment of this project")
        if environment.pk != found.baseline_id:
            choose_baseline(project=found, environment=environment, by=user, now=timezone.now())
        return self._shown(self.project())

    def _shown(self, found: Project) -> Response:
        drifts = live_drifts([found.pk]).get(found.pk, {})
        return Response(ProjectSerializer(project_document(found, found.environments.count(), drifts)).data)
