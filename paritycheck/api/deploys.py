"""`/api/v1/projects/{project}/deploys`: what was deployed where, when and by whom."""

from datetime import datetime
from typing import Any, ClassVar

from django.http import QueryDict
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import READ, Scopes, bad_parameter, nothing_here
from paritycheck.api.body import WireCall, taken
from paritycheck.api.csv import FORMAT, CsvView
from paritycheck.api.csv import PARAMETER as AS_CSV
from paritycheck.api.deploy_body import SOURCES, read_deploy
from paritycheck.api.pagination import PARAMETERS as PAGES
from paritycheck.api.pagination import CursorPages, PageSerializer
from paritycheck.api.schema import GONE, PAGE_PARAMETERS, READ_REFUSALS, REFUSALS
from paritycheck.codec.times import instant
from paritycheck.core.actors import HOSTS, ROLES
from paritycheck.core.addresses import is_slug
from paritycheck.models.deploys import DeploySource, DeployStatus
from paritycheck.selectors import clock
from paritycheck.selectors.access import may_write
from paritycheck.selectors.deploys import deploys_of
from paritycheck.selectors.projects import find_environment
from paritycheck.services.announce import announce_deploy
from paritycheck.services.errors import Refused
from paritycheck_agent.wire import limits
from paritycheck_agent.wire.reading import read_json

STATUSES = tuple(DeployStatus.values)


class ActorSerializer(serializers.Serializer[Any]):
    """Who took part."""

    role = serializers.ChoiceField(ROLES)
    name = serializers.CharField()
    bot = serializers.BooleanField()


class DeploySerializer(serializers.Serializer[Any]):
    """A finished deploy."""

    id = serializers.UUIDField()
    environment = serializers.CharField()
    commit = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True, help_text="The commit of the success before it.")
    deployed_at = serializers.DateTimeField()
    status = serializers.ChoiceField(STATUSES)
    source = serializers.ChoiceField(  # type: ignore[assignment]  # DRF takes fields off the class
        tuple(DeploySource.values), help_text="Who told of it."
    )
    external_id = serializers.CharField(allow_null=True)
    release = serializers.CharField(allow_null=True)
    artifact = serializers.CharField(allow_null=True)
    url = serializers.CharField(allow_null=True)
    actors = ActorSerializer(many=True)


class DeployPageSerializer(PageSerializer):
    """Deploys, newest first."""

    results = DeploySerializer(many=True)


class DeployKeptSerializer(DeploySerializer):
    """The deploy that was told of."""

    created = serializers.BooleanField(help_text="False where it was told of already.")


class SentActorSerializer(serializers.Serializer[Any]):
    """Who took part, by name, address or login. An address is turned into a key and not kept."""

    role = serializers.ChoiceField(ROLES)
    name = serializers.CharField(required=False)
    email = serializers.CharField(required=False)
    login = serializers.CharField(required=False)
    provider = serializers.ChoiceField(tuple(HOSTS), required=False)
    bot = serializers.BooleanField(required=False)


class SentDeploySerializer(serializers.Serializer[Any]):
    """A finished deploy to keep."""

    environment = serializers.CharField()
    commit = serializers.CharField(help_text="40 or 64 hex digits.")
    status = serializers.ChoiceField(STATUSES, required=False)
    deployed_at = serializers.DateTimeField(required=False, help_text="Now when left out.")
    external_id = serializers.CharField(required=False, help_text="Told twice under one id it is one deploy.")
    release = serializers.CharField(required=False)
    artifact = serializers.CharField(required=False)
    url = serializers.URLField(required=False)
    source = serializers.ChoiceField(  # type: ignore[assignment]  # DRF takes fields off the class
        SOURCES, required=False
    )
    actors = SentActorSerializer(many=True, required=False)


def deploy_document(row: Any) -> dict[str, Any]:
    """A deploy with its annotation of `deploys_of`."""
    return {
        "id": row.pk,
        "environment": row.environment.slug,
        "commit": row.commit or None,
        "previous": row.previous or None,
        "deployed_at": row.deployed_at,
        "status": row.status,
        "source": row.source,
        "external_id": row.external_id or None,
        "release": row.release or None,
        "artifact": row.artifact or None,
        "url": row.url or None,
        "actors": row.actors,
    }


class DeploysView(CsvView):
    """The deploys of a project."""

    export = "deploys"
    scopes: ClassVar[Scopes] = {"POST": {"deploy", "write"}, "GET": READ}
    parameters = PAGES | {"environment", "since", FORMAT}
    wire = WireCall("POST", "application/json", limits.REPORT_BYTES, spends=True)

    @extend_schema(
        operation_id="list_deploys",
        summary="List deploys",
        parameters=[
            OpenApiParameter("environment", str, description="Of this environment only."),
            OpenApiParameter("since", datetime, description="Deployed then or later."),
            AS_CSV,
            *PAGE_PARAMETERS,
        ],
        responses={200: DeployPageSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str) -> HttpResponseBase:
        """A page of deploys, newest first."""
        del project
        file = self.csv(request)
        if file is not None:
            return file
        slug, since = _environment(request.query_params), _since(request.query_params)
        found = self.project()
        if slug is not None and find_environment(found, slug) is None:
            raise nothing_here()
        pages = CursorPages("-deployed_at", "-id")
        rows = pages.paginate_queryset(deploys_of(found, environment=slug, since=since), request)
        return pages.get_paginated_response(DeploySerializer([deploy_document(row) for row in rows], many=True).data)

    @extend_schema(
        operation_id="keep_deploy",
        summary="Tell of a finished deploy",
        request=SentDeploySerializer,
        responses={201: DeployKeptSerializer, 200: DeployKeptSerializer, **REFUSALS, **GONE},
    )
    def post(self, request: Request, project: str) -> Response:
        """Keep it, once: 201, or 200 where it was told of already."""
        del project
        now, body = clock.now(), taken(request).decoded
        found = self.project()
        if not may_write(self.token, found):
            raise Refused("forbidden", 403, "this needs a member of the project; viewers read")
        if request.query_params:
            raise bad_parameter("this call takes no query parameters")
        slug, told = read_deploy(read_json(body), now)
        environment = find_environment(found, slug)
        if environment is None:
            raise nothing_here()
        deploy, created = announce_deploy(environment=environment, told=told, now=now)
        document = deploy_document(deploys_of(found).get(pk=deploy.pk))
        return Response(DeployKeptSerializer({**document, "created": created}).data, status=201 if created else 200)


def _environment(query: QueryDict) -> str | None:
    said = query.get("environment")
    if said is not None and not is_slug(said):
        raise bad_parameter("environment is the name of an environment")
    return said


def _since(query: QueryDict) -> datetime | None:
    said = query.get("since")
    try:
        return None if said is None else instant(said)
    except (ValueError, OverflowError):
        raise bad_parameter("since is a time as RFC 3339 has it, such as 2026-11-20T12:00:00Z") from None
