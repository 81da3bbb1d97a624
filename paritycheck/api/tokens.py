"""Tokens: those of a project, for maintainers, and one's own."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from typing_extensions import override

from paritycheck.api.asked import read_asked
from paritycheck.api.base import READ, ApiView, Scopes, nothing_here
from paritycheck.api.body import WireCall
from paritycheck.api.pagination import PARAMETERS, CursorPages, PageSerializer
from paritycheck.api.schema import GONE, PAGE_PARAMETERS, READ_REFUSALS, REFUSALS
from paritycheck.api.shapes import ProjectApiView
from paritycheck.api.token_body import (
    AskedPersonalTokenSerializer,
    AskedTokenSerializer,
    TokenChangeSerializer,
    networks_field,
)
from paritycheck.api.token_samples import EXAMPLE, PAGE_EXAMPLE, SECRET
from paritycheck.models import Project, Token, User
from paritycheck.selectors import clock
from paritycheck.selectors.tokens import find_personal_token, find_token, tokens_of, tokens_of_person
from paritycheck.services.errors import Refused
from paritycheck.services.handing_out import (
    Bounds,
    make_personal_token,
    make_project_token,
    require_administering,
)
from paritycheck.services.token_places import change_places
from paritycheck.services.tokens import revoke_token

ADMIN = frozenset({"admin"})
BODY_BYTES = 16 * 1024
CODE = "invalid-token"
KIND_WORDS = {"a": "report", "g": "gate", "e": "enroll", "u": "personal"}
KINDS = tuple(KIND_WORDS.values())


class TokenSerializer(serializers.Serializer[Any]):
    """A token without its secret."""

    id = serializers.CharField()
    shown = serializers.CharField(help_text="Its prefix and id, as logs name it.")
    kind = serializers.ChoiceField(KINDS)
    name = serializers.CharField(allow_blank=True)
    environment = serializers.CharField(allow_null=True)
    instance = serializers.CharField(allow_null=True, help_text="Whose it is, of one that was got by enrolling.")
    scopes = serializers.ListField(child=serializers.CharField())
    uses = serializers.IntegerField(allow_null=True, help_text="How many instances an `enroll` token enrols.")
    used = serializers.IntegerField(allow_null=True, help_text="How many it has enrolled.")
    made_by = serializers.CharField(allow_null=True, help_text="Null for those that a command made.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="To the minute.")
    last_used_from = serializers.IPAddressField(allow_null=True, help_text="The address that it was last used from.")
    refused = serializers.IntegerField(help_text="How often it was used from where it may not be.")
    refused_at = serializers.DateTimeField(allow_null=True)
    refused_from = serializers.IPAddressField(allow_null=True)

    @override
    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python, so that it cannot be written as a member."""
        return {
            **super().get_fields(),
            "from": networks_field("The networks that it may be used from, all where there is none."),
        }


class MadeTokenSerializer(TokenSerializer):
    """A token with its secret, which is shown this once."""

    token = serializers.CharField()


class TokenPageSerializer(PageSerializer):
    """Tokens that still work, newest first."""

    results = TokenSerializer(many=True)


def token_document(token: Token) -> dict[str, Any]:
    """A token as scripts read it."""
    return {
        "id": token.pk,
        "shown": str(token),
        "kind": KIND_WORDS[token.kind],
        "name": token.name,
        "environment": token.environment.slug if token.environment else None,
        "instance": token.instance_key or None,
        "scopes": token.scopes,
        "uses": token.max_uses,
        "used": token.uses if token.max_uses else None,
        "made_by": token.made_by or None,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "last_used_from": token.last_used_from,
        "from": token.allowed_from.split(),
        "refused": token.refused,
        "refused_at": token.refused_at,
        "refused_from": token.refused_from,
    }


class _ProjectTokens(ProjectApiView):
    """For maintainers and owners."""

    def administered(self) -> tuple[Project, User]:
        """The project and the person who may give out its tokens."""
        project = self.project()
        return project, require_administering(user=self.token.user, project=project)


class ProjectTokensView(_ProjectTokens):
    """The tokens of a project, and making one."""

    scopes: ClassVar[Scopes] = {"GET": READ, "POST": ADMIN}
    parameters = PARAMETERS
    wire = WireCall("POST", "application/json", BODY_BYTES)

    @extend_schema(
        operation_id="list_project_tokens",
        summary="Who may report and ask?",
        parameters=PAGE_PARAMETERS,
        examples=[OpenApiExample("A pipeline's", PAGE_EXAMPLE, response_only=True)],
        responses={200: TokenPageSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str) -> Response:
        """Those that still work, newest first; never a secret."""
        del project
        found, _user = self.administered()
        pages = CursorPages("-created_at", "id")
        rows = pages.paginate_queryset(tokens_of(found), request)
        return pages.get_paginated_response([token_document(row) for row in rows])

    @extend_schema(
        operation_id="create_project_token",
        summary="Make a token",
        request=AskedTokenSerializer,
        examples=[
            OpenApiExample("A pipeline's", {"kind": "gate", "name": "GitHub of shop"}, request_only=True),
            OpenApiExample(
                "For fifty hosts",
                {"kind": "enroll", "name": "new hosts", "environment": "staging", "uses": 50, "hours": 4},
                request_only=True,
            ),
            OpenApiExample("Made", {**EXAMPLE, **SECRET}, response_only=True, status_codes=["201"]),
        ],
        responses={201: MadeTokenSerializer, **REFUSALS, **GONE},
    )
    def post(self, request: Request, project: str) -> Response:
        """`token` is in this answer and nowhere else."""
        del project
        found, user = self.administered()
        known = {"kind": str, "name": str, "environment": str, "days": int, "from": list, "hours": int, "uses": int}
        said = read_asked(request, CODE, known, ("kind", "name"))
        said["networks"] = said.pop("from", [])
        said["bounds"] = Bounds(**{name: said.pop(name, None) for name in ("days", "hours", "uses")})
        token, text = make_project_token(project=found, by=user, now=clock.now(), **said)
        return Response({**token_document(token), "token": text}, status=201)


class ProjectTokenView(_ProjectTokens):
    """One token of a project."""

    http_method_names = ["patch", "delete"]  # noqa: RUF012  Django's own form
    scopes: ClassVar[Scopes] = {"PATCH": ADMIN, "DELETE": ADMIN}
    wire = WireCall("PATCH", "application/json", BODY_BYTES)

    def found(self, ident: str) -> tuple[Token, User]:
        """The token of the address, and the person who may change it."""
        project, user = self.administered()
        token = find_token(project, ident)
        if token is None:
            raise nothing_here()
        return token, user

    @extend_schema(
        operation_id="change_project_token",
        summary="Say from where a token may be used",
        request=TokenChangeSerializer,
        examples=[OpenApiExample("From an office", {"from": ["203.0.113.0/24"]}, request_only=True)],
        responses={200: TokenSerializer, **REFUSALS, **GONE},
    )
    def patch(self, request: Request, project: str, ident: str) -> Response:
        """At once; within five seconds in other processes of the server."""
        del project
        token, user = self.found(ident)
        said = read_asked(request, CODE, {"from": list}, ("from",))
        return Response(token_document(change_places(token=token, networks=said["from"], by=user)))

    @extend_schema(
        operation_id="revoke_project_token", summary="Revoke a token", responses={204: None, **READ_REFUSALS}
    )
    def delete(self, request: Request, project: str, ident: str) -> Response:
        """At once; within five seconds in other processes of the server."""
        del request, project
        token, user = self.found(ident)
        revoke_token(token=token, by=user)
        return Response(status=204)


class _OwnTokens(ApiView):
    """Of the person who asks."""

    def person(self) -> User:
        """Whose token this is."""
        if self.token.user is None:
            raise Refused("forbidden", 403, "this token may not do that")
        return self.token.user


class TokensView(_OwnTokens):
    """One's own tokens."""

    scopes: ClassVar[Scopes] = {"GET": READ, "POST": ADMIN}
    parameters = PARAMETERS
    wire = WireCall("POST", "application/json", BODY_BYTES)

    @extend_schema(
        operation_id="list_tokens",
        summary="List your own tokens",
        parameters=PAGE_PARAMETERS,
        responses={200: TokenPageSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """Those that still work, newest first."""
        pages = CursorPages("-created_at", "id")
        rows = pages.paginate_queryset(tokens_of_person(self.person()), request)
        return pages.get_paginated_response([token_document(row) for row in rows])

    @extend_schema(
        operation_id="create_token",
        summary="Make a token of your own",
        request=AskedPersonalTokenSerializer,
        examples=[
            OpenApiExample("To read", {"name": "laptop", "scopes": ["read"], "days": 90}, request_only=True),
        ],
        responses={201: MadeTokenSerializer, **REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """Of the scopes that the asking token has itself. `token` is in this answer and nowhere else."""
        user = self.person()
        said = read_asked(request, CODE, {"name": str, "scopes": list, "days": int}, ("name", "scopes", "days"))
        token, text = make_personal_token(user=user, now=clock.now(), within=self.token.scopes, **said)
        return Response({**token_document(token), "token": text}, status=201)


class TokenView(_OwnTokens):
    """One of them."""

    http_method_names = ["delete"]  # noqa: RUF012  Django's own form
    scopes: ClassVar[Scopes] = {"DELETE": ADMIN}

    @extend_schema(
        operation_id="revoke_token", summary="Revoke a token of your own", responses={204: None, **READ_REFUSALS}
    )
    def delete(self, request: Request, ident: str) -> Response:
        """At once; within five seconds in other processes of the server."""
        del request
        user = self.person()
        token = find_personal_token(user, ident)
        if token is None:
            raise nothing_here()
        revoke_token(token=token, by=user)
        return Response(status=204)
