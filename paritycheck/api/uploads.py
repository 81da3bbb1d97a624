"""Ways in without an agent: a lock file or a bill of materials as the body of a request, with curl alone."""

import re
from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import READ, Scopes, bad_parameter, nothing_here
from paritycheck.api.body import WireCall, taken
from paritycheck.api.converters import FileName
from paritycheck.api.pagination import PARAMETERS as PAGES
from paritycheck.api.pagination import CursorPages, PageSerializer
from paritycheck.api.schema import GONE, PAGE_PARAMETERS, READ_REFUSALS, REFUSALS
from paritycheck.api.shapes import ProjectApiView
from paritycheck.models import Environment, Upload
from paritycheck.selectors import clock
from paritycheck.selectors.access import may_write
from paritycheck.selectors.projects import find_environment
from paritycheck.selectors.uploads import uploads_of
from paritycheck.services.errors import Refused
from paritycheck.services.uploads import drop_upload, take_upload
from paritycheck_agent.wire import limits

USUAL_NAME = "sbom"
SENDERS = frozenset({"report", "write"})
# What curl says of a body by itself, and what those who know better say.
ANY_TEXT = (
    "application/x-www-form-urlencoded", "text/plain", "application/json", "application/xml", "text/xml",
    "application/toml", "application/yaml", "application/vnd.cyclonedx+json", "application/vnd.cyclonedx+xml",
    "application/spdx+json", "text/spdx",
)  # fmt: skip
FILE = {("application/octet-stream"): OpenApiTypes.BINARY}
EXAMPLE = {
    "name": "web/package-lock.json",
    "kind": "lock",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "received_at": "2026-11-24T09:12:03Z",
}
NAME = OpenApiParameter(
    "name",
    {"type": "string", "pattern": f"^{FileName.regex}$"},
    description=f"Of the file, `{USUAL_NAME}` when left out: each name is kept once.",
)


class UploadTakenSerializer(serializers.Serializer[Any]):
    """The file was read and what it says is reported."""

    report = serializers.UUIDField()
    file = serializers.CharField(help_text="Its name. A later file of this name replaces it, others stay.")
    packages = serializers.IntegerField(help_text="How many it names.")
    whole = serializers.BooleanField(help_text="Whether it was read whole: what it does not name is then absent.")
    snapshot = serializers.IntegerField(required=False)
    unchanged = serializers.BooleanField(required=False, help_text="It says what was known.")
    warnings = serializers.ListField(child=serializers.CharField())


class UploadView(ProjectApiView):
    """What both ways in share."""

    http_method_names = ["post", "delete"]  # noqa: RUF012  Django's own form
    scopes: ClassVar[Scopes] = {"POST": SENDERS, "DELETE": SENDERS}
    wire = WireCall(
        "POST", "application/octet-stream", limits.BODY_WIRE_BYTES, limits.BODY_BYTES, spends=True, also=ANY_TEXT
    )

    def target(self) -> Environment:
        """The environment of the address, where the token may report of it: its own, or a person's as a member."""
        bound = self.token.environment
        if bound is not None and self.token.project is not None:
            told = (self.kwargs["project"], self.kwargs["environment"])
            found = find_environment(self.token.project, bound.slug)
            if found is None or told != (self.token.project.slug, bound.slug):
                raise nothing_here()
            return found
        project = self.project()
        environment = self.environment(project)
        if not may_write(self.token, project):
            raise Refused("forbidden", 403, "this needs a member of the project; viewers read")
        return environment

    def take(self, request: Request, name: str, *, bill: bool) -> Response:
        """Take the body as the file of this name."""
        environment, data = self.target(), taken(request).decoded
        answer = take_upload(environment=environment, name=name, data=data, bill=bill, now=clock.now())
        return Response(UploadTakenSerializer(answer.body).data, status=answer.status)

    def drop(self, name: str, *, bill: bool) -> Response:
        """Take the file of this name out."""
        if not drop_upload(environment=self.target(), name=name, bill=bill, now=clock.now()):
            raise nothing_here()
        return Response(status=204)


class UploadSerializer(serializers.Serializer[Any]):
    """A file that was uploaded. What was read of it is kept, the file is not."""

    name = serializers.CharField()
    kind = serializers.ChoiceField(("lock", "sbom"))
    sha256 = serializers.CharField(help_text="Of the file as it was decoded, in hex.")
    received_at = serializers.DateTimeField()


class UploadPageSerializer(PageSerializer):
    """Those of an environment by name, lock files first."""

    results = UploadSerializer(many=True)


class UploadsView(ProjectApiView):
    """What an environment's dependencies were uploaded as."""

    http_method_names = ["get", "head"]  # noqa: RUF012  Django's own form
    scopes: ClassVar[Scopes] = {"GET": READ}
    parameters = PAGES

    @extend_schema(
        operation_id="list_uploads",
        summary="List uploaded files",
        parameters=PAGE_PARAMETERS,
        examples=[OpenApiExample("One", {"next": None, "previous": None, "results": [EXAMPLE]}, response_only=True)],
        responses={200: UploadPageSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str, environment: str) -> Response:
        """A page of lock files and bills of materials; each can be sent again, which replaces it, or taken out."""
        del project, environment
        found, pages = self.environment(self.project()), CursorPages("bill", "name")
        rows = pages.paginate_queryset(uploads_of(found), request)
        return pages.get_paginated_response([_document(row) for row in rows])


def _document(row: Upload) -> dict[str, Any]:
    return {
        "name": row.name,
        "kind": "sbom" if row.bill else "lock",
        "sha256": bytes(row.sha256).hex(),
        "received_at": row.received_at,
    }


class LocksView(UploadView):
    """A lock file by its name, with its folder where it has one."""

    @extend_schema(
        operation_id="send_lock",
        summary="Upload a lock file",
        request=FILE,
        responses={202: UploadTakenSerializer, **REFUSALS, **GONE},
    )
    def post(self, request: Request, project: str, environment: str, name: str) -> Response:
        """The body is the file, plain or gzip, of at most 1 MiB as sent and 8 MiB decoded. It is read and not kept."""
        del project, environment
        return self.take(request, name, bill=False)

    @extend_schema(operation_id="forget_lock", summary="Take a lock file out", responses={204: None, **READ_REFUSALS})
    def delete(self, request: Request, project: str, environment: str, name: str) -> Response:
        """What it alone said is no longer reported."""
        del request, project, environment
        return self.drop(name, bill=False)


class SbomView(UploadView):
    """A bill of materials."""

    parameters = frozenset({"name"})

    @extend_schema(
        operation_id="send_sbom",
        summary="Upload a bill of materials",
        parameters=[NAME],
        request=FILE,
        responses={202: UploadTakenSerializer, **REFUSALS, **GONE},
    )
    def post(self, request: Request, project: str, environment: str) -> Response:
        """CycloneDX (JSON, XML) or SPDX (JSON, tag-value, JSON-LD), told by what it holds; sizes as of lock files."""
        del project, environment
        return self.take(request, self.named(request), bill=True)

    @extend_schema(
        operation_id="forget_sbom",
        summary="Take a bill of materials out",
        parameters=[NAME],
        responses={204: None, **READ_REFUSALS},
    )
    def delete(self, request: Request, project: str, environment: str) -> Response:
        """What it alone said is no longer reported."""
        del project, environment
        return self.drop(self.named(request), bill=True)

    def named(self, request: Request) -> str:
        """The name that the query gives it."""
        said = request.query_params.get("name", USUAL_NAME)
        if not re.fullmatch(FileName.regex, said):
            raise bad_parameter("name is a file's: letters, digits and @ + . _ -, folders with a slash")
        return said
