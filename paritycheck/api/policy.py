"""`/api/v1/projects/{project}/policy`: what is in force and where from; changed, previewed, back-tested."""

from typing import Any, ClassVar

from django.http import QueryDict
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import READ, Scopes, bad_parameter, nothing_here
from paritycheck.api.body import WireCall, taken
from paritycheck.api.pagination import PARAMETERS, CursorPages, PageSerializer
from paritycheck.api.schema import GONE, PAGE_PARAMETERS, READ_REFUSALS, REFUSALS, FaultSerializer, refused
from paritycheck.api.shapes import ProjectApiView
from paritycheck.models import PolicyVersion, Project
from paritycheck.selectors.access import may_maintain
from paritycheck.selectors.policies import decides, refused_policy, version_of, versions_of
from paritycheck.selectors.projects import find_environment, find_project
from paritycheck.services.errors import Refused
from paritycheck.services.policies import choose_policy_source, save_policy
from paritycheck_agent.wire import limits
from paritycheck_agent.wire.errors import Invalid
from paritycheck_agent.wire.reading import read_json

BODY_BYTES = 6 * limits.POLICY_BYTES
"""The text as JSON may write it: an escape takes six bytes."""
ORIGINS = ("shipped", "repository", "saved")


class VersionSerializer(serializers.Serializer[Any]):
    """A text that came into force: reported by an environment's agent, or saved by a person."""

    version = serializers.IntegerField()
    sha256 = serializers.CharField(allow_null=True)
    origin = serializers.ChoiceField(ORIGINS)
    environment = serializers.CharField(allow_null=True)
    commit = serializers.CharField(allow_null=True)
    user = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField(allow_null=True)


class VersionPageSerializer(PageSerializer):
    """Versions, newest first."""

    results = VersionSerializer(many=True)


class RefusedPolicySerializer(serializers.Serializer[Any]):
    """The text that was reported last and has mistakes, so that the one before it stays in force."""

    sha256 = serializers.CharField()
    received_at = serializers.DateTimeField()
    errors = FaultSerializer(many=True)  # type: ignore[assignment]  # DRF takes fields off the class


class ProjectPolicySerializer(VersionSerializer):
    """The policy in force, or the version asked for; version 0 is the shipped expectations, without a text."""

    effective = serializers.BooleanField(help_text="Whether this is the version in force.")
    text = serializers.CharField(allow_null=True)
    policy_from = serializers.CharField(allow_null=True, help_text="The environment whose parity.toml counts.")
    in_repository = serializers.BooleanField(help_text="Whether that environment reports one; then none can be saved.")
    refused = RefusedPolicySerializer(allow_null=True)


class PolicyChangeSerializer(serializers.Serializer[Any]):
    """`text` or `policy_from` or both."""

    text = serializers.CharField(required=False, allow_blank=True)
    policy_from = serializers.CharField(
        required=False, allow_null=True, help_text="The environment whose parity.toml counts; null is the baseline."
    )
    version = serializers.IntegerField(
        required=False, help_text="The version that the text was made from; refused where another is in force by now."
    )


def version_document(version: PolicyVersion | None) -> dict[str, Any]:
    """A version without its text; None is the shipped expectations."""
    if version is None:
        nothing = dict.fromkeys(("sha256", "environment", "commit", "user", "at"))
        return {"version": 0, "origin": "shipped", **nothing}
    return {
        "version": version.number,
        "sha256": bytes(version.policy.digest).hex(),
        "origin": "repository" if version.environment_id or version.commit else "saved",
        "environment": version.environment.slug if version.environment else None,
        "commit": version.commit or None,
        "user": version.user.email if version.user else None,
        "at": version.at,
    }


def policy_document(project: Project, version: PolicyVersion | None) -> dict[str, Any]:
    """A version with its text, and what decides about the next one."""
    source = decides(project)
    wrong = refused_policy(project)
    return {
        **version_document(version),
        "effective": project.policy_version == (version.number if version else 0),
        "text": version.policy.text if version else None,
        "policy_from": source.slug if source else None,
        "in_repository": source is not None and source.policy is not None,
        "refused": wrong
        and {"sha256": bytes(wrong.digest).hex(), "received_at": wrong.received_at, "errors": wrong.errors},
    }


def read_change(data: bytes, known: frozenset[str]) -> dict[str, Any]:
    """The members of a request's body. Raises Invalid: unknown-field, bad-policy."""
    document = read_json(data)
    if not isinstance(document, dict):
        raise Invalid("bad-policy", "the body is a JSON object", status=422)
    if set(document) - known:
        expected = ", ".join(sorted(known))
        raise Invalid("unknown-field", f"a field is not known; known here: {expected}", status=422)
    for name, kind, word in (("text", str, "a text"), ("days", int, "a number"), ("version", int, "a number")):
        if name in document and (not isinstance(document[name], kind) or isinstance(document[name], bool)):
            raise _wrong(name, f"{name} is {word}")
    return document


def _wrong(name: str, detail: str) -> Invalid:
    place = {"pointer": f"/{name}", "code": "bad-policy", "detail": detail}
    return Invalid("bad-policy", detail, status=422, errors=[place])


class PolicyView(ProjectApiView):
    """The project's policy."""

    scopes: ClassVar[Scopes] = {"GET": READ, "PUT": {"write"}}
    parameters: ClassVar[frozenset[str]] = frozenset({"version"})
    wire = WireCall("PUT", "application/json", BODY_BYTES, spends=True)

    @extend_schema(
        operation_id="get_policy",
        summary="The policy in force",
        parameters=[OpenApiParameter("version", int, description="A version that was in force before.")],
        responses={200: ProjectPolicySerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str) -> Response:
        """The text, its version and where it comes from; the mistakes of the last one that was refused."""
        del project
        found = self.project()
        number = _version(request.query_params, found.policy_version)
        version = version_of(found, number)
        if version is None and number:
            raise nothing_here()
        return Response(policy_document(found, version))

    @extend_schema(
        operation_id="save_policy",
        summary="Save a policy, or name the environment whose file counts",
        request=PolicyChangeSerializer,
        responses={
            200: ProjectPolicySerializer,
            **REFUSALS,
            **GONE,
            **refused(409, "The file in the codebase wins, or another version came into force meanwhile."),
        },
    )
    def put(self, request: Request, project: str) -> Response:
        """For maintainers. Mistakes come back with line and column, and nothing is kept."""
        del project
        found = self.project()
        if not may_maintain(self.token.user, found):
            raise Refused("forbidden", 403, "maintainers and owners of the project may do that")
        change = read_change(taken(request).decoded, frozenset({"text", "policy_from", "version"}))
        if not change.keys() & {"text", "policy_from"}:
            raise _wrong("text", "text or policy_from is needed")
        if request.query_params:
            raise bad_parameter("this call takes no query parameters")
        self._change(found, change)
        again = find_project(self.token, found.slug) or found
        return Response(policy_document(again, version_of(again, again.policy_version)))

    def _change(self, project: Project, change: dict[str, Any]) -> None:
        now = timezone.now()
        if "policy_from" in change:
            slug = change["policy_from"]
            environment = find_environment(project, slug) if isinstance(slug, str) else None
            if environment is None and slug is not None:
                raise _wrong("policy_from", "policy_from is an environment of this project, or null")
            choose_policy_source(project=project, environment=environment, now=now, by=self.token.user)
        if "text" in change:
            save_policy(project=project, user=self.token.user, text=change["text"], seen=change.get("version"), now=now)


def _version(query: QueryDict, current: int) -> int:
    said = query.get("version")
    if said is None:
        return current
    if not (said.isascii() and said.isdigit() and len(said) < len(str(limits.INTEGER_MAX)) // 2):
        raise bad_parameter("version is a whole number")
    return int(said)


class PolicyVersionsView(ProjectApiView):
    """Every policy that was in force."""

    scopes: ClassVar[Scopes] = {"GET": READ}
    parameters = PARAMETERS

    @extend_schema(
        operation_id="list_policies",
        summary="Versions of the policy",
        parameters=PAGE_PARAMETERS,
        responses={200: VersionPageSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str) -> Response:
        """A page of versions, newest first; `policy?version=` has the text of one."""
        del project
        pages = CursorPages("-number")
        rows = pages.paginate_queryset(versions_of(self.project()), request)
        return pages.get_paginated_response([version_document(row) for row in rows])
