"""`POST /api/v1/projects/{project}/deploys/hooks/...`: deploys as GitHub, GitLab and CDEvents tell of them."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import ApiView, Scopes
from paritycheck.api.body import WireCall, taken
from paritycheck.api.schema import GONE, REFUSALS, opaque
from paritycheck.api.shapes import ProjectApiView
from paritycheck.selectors import clock
from paritycheck.services import hook_cdevents, hook_github, hook_gitlab
from paritycheck.services.announce import project_of_hook, take_announced
from paritycheck_agent.wire.errors import Invalid
from paritycheck_agent.wire.reading import read_json

HOOK_BYTES = 256 * 1024
JSON = "application/json"
STRUCTURED = "application/cloudevents+json"


class HookTakenSerializer(serializers.Serializer[Any]):
    """What became of an event."""

    deploy = serializers.UUIDField(required=False)
    environment = serializers.CharField(required=False)
    created = serializers.BooleanField(required=False, help_text="False where the deploy was told of already.")
    ignored = serializers.CharField(required=False, help_text="Why the event makes no deploy.")


class SignedHookView(ApiView):
    """Taken from whoever shows that they hold the project's hook secret; no token."""

    authentication_classes = ()
    permission_classes = ()
    scopes: ClassVar[Scopes] = {"POST": frozenset()}
    wire = WireCall("POST", JSON, HOOK_BYTES, signed=True)


class GithubHookView(SignedHookView):
    """GitHub's webhooks."""

    @extend_schema(
        operation_id="send_github_hook",
        summary="A webhook of GitHub",
        description="Signed in `X-Hub-Signature-256`; `deployment_status` events make deploys, others are ignored.",
        request=opaque(JSON),
        responses={202: HookTakenSerializer, **REFUSALS},
    )
    def post(self, request: Request, project: str) -> Response:
        """Take an event."""
        body = taken(request).decoded
        shown = request.headers.get("X-Hub-Signature-256", "")
        found = project_of_hook(slug=project, provider="github", body=body, shown=shown)
        now = clock.now()
        said = hook_github.read(request.headers.get("X-GitHub-Event", ""), read_json(body), now)
        return Response(take_announced(project=found, said=said, now=now), status=202)


class GitlabHookView(SignedHookView):
    """GitLab's webhooks."""

    @extend_schema(
        operation_id="send_gitlab_hook",
        summary="A webhook of GitLab",
        description="With the secret in `X-Gitlab-Token`; deployment events make deploys, others are ignored.",
        request=opaque(JSON),
        responses={202: HookTakenSerializer, **REFUSALS},
    )
    def post(self, request: Request, project: str) -> Response:
        """Take an event."""
        body = taken(request).decoded
        shown = request.headers.get("X-Gitlab-Token", "")
        found = project_of_hook(slug=project, provider="gitlab", body=body, shown=shown)
        now = clock.now()
        said = hook_gitlab.read(request.headers.get("X-Gitlab-Event", ""), read_json(body), now)
        return Response(take_announced(project=found, said=said, now=now), status=202)


class CdeventsHookView(ProjectApiView):
    """CDEvents over CloudEvents."""

    scopes: ClassVar[Scopes] = {"POST": {"deploy"}}
    wire = WireCall("POST", JSON, HOOK_BYTES, spends=True, also=(STRUCTURED,))

    @extend_schema(
        operation_id="send_cdevent",
        summary="A CDEvent",
        description="A CloudEvent in structured or binary mode. `dev.cdevents.service.deployed`, `.upgraded` and "
        "`.rolledback` make deploys, other types are ignored.",
        request={**opaque(JSON), STRUCTURED: opaque(JSON)[JSON]},
        responses={202: HookTakenSerializer, **REFUSALS, **GONE},
    )
    def post(self, request: Request, project: str) -> Response:
        """Take an event."""
        del project
        document = read_json(taken(request).decoded)
        kind, event = _opened(request, document)
        found, now = self.project(), clock.now()
        said = hook_cdevents.read(kind, event, now)
        return Response(take_announced(project=found, said=said, now=now), status=202)


def _opened(request: Request, document: Any) -> tuple[str, Any]:
    """Type and data of a CloudEvent: its envelope is the body, or the headers."""
    if not isinstance(document, dict):
        raise Invalid("invalid-event", "must be a JSON object")
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() == STRUCTURED:
        kind, event = document.get("type"), document.get("data")
    else:
        kind, event = request.headers.get("Ce-Type"), document
    if not isinstance(kind, str) or not isinstance(event, dict):
        raise Invalid("invalid-event", "a CloudEvent has a type and data: in the body, or a ce-type header")
    return kind, event
