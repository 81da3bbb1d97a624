"""`/api/v1/projects/{project}/trusts`: whose id tokens a project takes, for its maintainers."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.asked import read_asked
from paritycheck.api.base import READ, Scopes, nothing_here
from paritycheck.api.body import WireCall
from paritycheck.api.schema import GONE, READ_REFUSALS, REFUSALS
from paritycheck.api.shapes import ProjectApiView
from paritycheck.core.trust import CONDITIONS, GITHUB, GITLAB, IDS, OTHER, Terms
from paritycheck.models import Project, Trust, User
from paritycheck.services.handing_out import require_administering
from paritycheck.services.trusts import add_trust, remove_trust, terms_of

ADMIN = frozenset({"admin"})
BODY_BYTES = 16 * 1024
CODE = "invalid-trust"
TRUST_KINDS = (GITHUB, GITLAB, OTHER)
MEMBERS = ("kind", "issuer", *IDS, *CONDITIONS)
EXAMPLE = {
    "id": "0193f1c2-7f3a-7d15-8f0a-6b1f6e0a1d11",
    "kind": GITHUB,
    "issuer": "https://token.actions.githubusercontent.com",
    "repository_id": "811634771",
    "repository_owner_id": "1342004",
    "project_id": "",
    "ref": "refs/heads/main",
    "environment": "",
    "job_workflow_ref": "",
    "made_by": "maria@example.com",
    "made_at": "2026-11-24T09:12:03Z",
}
ASKED = {"kind": GITHUB, "repository_id": "811634771", "repository_owner_id": "1342004", "ref": "refs/heads/main"}


class AskedTrustSerializer(serializers.Serializer[Any]):
    """Whom to trust: by numbers, which stay when a name changes hands. What is left out or empty is not asked for."""

    kind = serializers.ChoiceField(TRUST_KINDS)
    issuer = serializers.CharField(
        required=False, allow_blank=True, help_text="Of `other`: one of the server's OIDC_ISSUERS."
    )
    repository_id = serializers.CharField(
        required=False, allow_blank=True, help_text="GitHub's number of the repository."
    )
    repository_owner_id = serializers.CharField(required=False, allow_blank=True, help_text="And of its owner.")
    project_id = serializers.CharField(required=False, allow_blank=True, help_text="GitLab's number of the project.")
    ref = serializers.CharField(
        required=False, allow_blank=True, help_text="`refs/heads/main`, as the token's claim has it."
    )
    environment = serializers.CharField(required=False, allow_blank=True)
    job_workflow_ref = serializers.CharField(
        required=False, allow_blank=True, help_text="GitHub's, of a reusable workflow."
    )


class TrustSerializer(serializers.Serializer[Any]):
    """A pipeline that signs in without a stored secret; what is empty is not asked for."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(TRUST_KINDS)
    issuer = serializers.URLField()
    repository_id = serializers.CharField(allow_blank=True)
    repository_owner_id = serializers.CharField(allow_blank=True)
    project_id = serializers.CharField(allow_blank=True)
    ref = serializers.CharField(allow_blank=True)
    environment = serializers.CharField(allow_blank=True)
    job_workflow_ref = serializers.CharField(allow_blank=True)
    made_by = serializers.CharField()
    made_at = serializers.DateTimeField()


class TrustsSerializer(serializers.Serializer[Any]):
    """In the order in which they were made."""

    results = TrustSerializer(many=True)


def trust_document(trust: Trust) -> dict[str, Any]:
    """A trust as scripts read it."""
    terms = terms_of(trust)
    said = {name: getattr(terms, name) for name in MEMBERS}
    return {"id": trust.pk, **said, "made_by": trust.made_by, "made_at": trust.made_at}


class _TrustsView(ProjectApiView):
    """For maintainers and owners."""

    def administered(self) -> tuple[Project, User]:
        """The project and the person who may say whom it trusts."""
        project = self.project()
        return project, require_administering(user=self.token.user, project=project)


class TrustsView(_TrustsView):
    """Whom a project trusts, and trusting one more."""

    scopes: ClassVar[Scopes] = {"GET": READ, "POST": ADMIN}
    wire = WireCall("POST", "application/json", BODY_BYTES)

    @extend_schema(
        operation_id="list_trusts",
        summary="Which pipelines sign in without a secret?",
        examples=[OpenApiExample("A repository", {"results": [EXAMPLE]}, response_only=True)],
        responses={200: TrustsSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str) -> Response:
        """In the order in which they were made."""
        del request, project
        found, _user = self.administered()
        return Response({"results": [trust_document(row) for row in found.trusts.order_by("made_at", "id")]})

    @extend_schema(
        operation_id="add_trust",
        summary="Trust a pipeline",
        request=AskedTrustSerializer,
        examples=[
            OpenApiExample("A repository's main branch", ASKED, request_only=True),
            OpenApiExample("Made", EXAMPLE, response_only=True, status_codes=["201"]),
        ],
        responses={201: TrustSerializer, **REFUSALS, **GONE},
    )
    def post(self, request: Request, project: str) -> Response:
        """Its id tokens are exchanged for gate tokens of ten minutes at `POST /api/v1/auth/oidc`."""
        del project
        found, user = self.administered()
        said = read_asked(request, CODE, dict.fromkeys(MEMBERS, str), ("kind",))
        trust = add_trust(project=found, terms=Terms(**said), by=user, now=timezone.now())
        return Response(trust_document(trust), status=201)


class TrustView(_TrustsView):
    """One of them."""

    http_method_names = ["delete"]  # noqa: RUF012  Django's own form
    scopes: ClassVar[Scopes] = {"DELETE": ADMIN}

    @extend_schema(operation_id="remove_trust", summary="Trust one no more", responses={204: None, **READ_REFUSALS})
    def delete(self, request: Request, project: str, ident: UUID) -> Response:
        """Tokens that it was given end within their ten minutes."""
        del request, project
        found, user = self.administered()
        trust = found.trusts.select_related("project").filter(pk=ident).first()
        if trust is None:
            raise nothing_here()
        remove_trust(trust=trust, by=user)
        return Response(status=204)
