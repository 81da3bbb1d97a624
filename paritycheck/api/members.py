"""`/api/v1/projects/{project}/members`: who belongs to a project; its owners change that."""

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
from paritycheck.api.schema import GONE, READ_REFUSALS, REFUSALS, refused
from paritycheck.api.shapes import ProjectApiView
from paritycheck.models import Membership, Project, User
from paritycheck.models.people import Role
from paritycheck.selectors.access import may_own
from paritycheck.selectors.members import find_member, members_of
from paritycheck.services.errors import Refused
from paritycheck.services.invitations import is_invited
from paritycheck.services.members import add_member, change_member, remove_member, require_owning

ADMIN = frozenset({"admin"})
BODY_BYTES = 16 * 1024
CODE = "invalid-member"
LAST = refused(409, "The last owner stays one.")
EXAMPLE = {
    "id": "0193f1c2-7f3a-7d15-8f0a-6b1f6e0a1d11",
    "email": "bo@example.com",
    "name": "Bo",
    "role": "member",
    "since": "2026-11-24T09:12:03Z",
    "invited": False,
}


class MemberSerializer(serializers.Serializer[Any]):
    """A person and their role; `id` is the person's."""

    id = serializers.UUIDField()
    email = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    role = serializers.ChoiceField(Role.values)
    since = serializers.DateTimeField()
    invited = serializers.BooleanField(help_text="Let in, and has never signed in.")


class MembersSerializer(serializers.Serializer[Any]):
    """By address."""

    results = MemberSerializer(many=True)


class AskedMemberSerializer(serializers.Serializer[Any]):
    """Whom to let in."""

    email = serializers.EmailField()
    role = serializers.ChoiceField(Role.values, required=False, help_text="`member` when left out.")


class RoleSerializer(serializers.Serializer[Any]):
    """Another role."""

    role = serializers.ChoiceField(Role.values)


def member_document(row: Membership) -> dict[str, Any]:
    """A member as scripts read one."""
    return {
        "id": row.user_id,
        "email": row.user.email,
        "name": row.user.name,
        "role": row.role,
        "since": row.created_at,
        "invited": is_invited(row.user),
    }


class _MembersView(ProjectApiView):
    """Reads for all who see the project, changes for its owners."""

    def owned(self) -> tuple[Project, User]:
        """The project and the person who may say who gets in."""
        project = self.project()
        return project, require_owning(user=self.token.user, project=project)

    def member(self, project: Project, ident: UUID) -> Membership:
        """The member of the address."""
        found = find_member(project, ident)
        if found is None:
            raise nothing_here()
        return found


class MembersView(_MembersView):
    """The members of a project, and letting one in."""

    scopes: ClassVar[Scopes] = {"GET": READ, "POST": ADMIN}
    wire = WireCall("POST", "application/json", BODY_BYTES)

    @extend_schema(
        operation_id="list_members",
        summary="Who belongs to the project?",
        examples=[OpenApiExample("Members", {"results": [EXAMPLE]}, response_only=True)],
        responses={200: MembersSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str) -> Response:
        """By address."""
        del request, project
        return Response({"results": [member_document(row) for row in members_of(self.project())]})

    @extend_schema(
        operation_id="add_member",
        summary="Let somebody in",
        request=AskedMemberSerializer,
        examples=[
            OpenApiExample("As a viewer", {"email": "bo@example.com", "role": "viewer"}, request_only=True),
            OpenApiExample("Let in", EXAMPLE, response_only=True, status_codes=["201"]),
        ],
        responses={201: MemberSerializer, **REFUSALS, **GONE},
    )
    def post(self, request: Request, project: str) -> Response:
        """Somebody who is not known yet gets an account, and a mail with a link to choose its password."""
        del project
        found, user = self.owned()
        said = read_asked(request, CODE, {"email": str, "role": str}, ("email",))
        role = said.get("role", Role.MEMBER)
        row = add_member(project=found, email=said["email"], role=role, by=user, now=timezone.now())
        return Response(member_document(row), status=201)


class MemberView(_MembersView):
    """One member."""

    http_method_names = ["patch", "delete"]  # noqa: RUF012  Django's own form
    scopes: ClassVar[Scopes] = {"PATCH": ADMIN, "DELETE": ADMIN}
    wire = WireCall("PATCH", "application/json", BODY_BYTES)

    @extend_schema(
        operation_id="change_member",
        summary="Give a member another role",
        request=RoleSerializer,
        examples=[OpenApiExample("Changed", EXAMPLE, response_only=True)],
        responses={200: MemberSerializer, **REFUSALS, **GONE, **LAST},
    )
    def patch(self, request: Request, project: str, ident: UUID) -> Response:
        """At once, for their tokens too."""
        del project
        found, user = self.owned()
        row = self.member(found, ident)
        said = read_asked(request, CODE, {"role": str}, ("role",))
        return Response(member_document(change_member(membership=row, role=said["role"], by=user, now=timezone.now())))

    @extend_schema(
        operation_id="remove_member", summary="End a membership", responses={204: None, **READ_REFUSALS, **LAST}
    )
    def delete(self, request: Request, project: str, ident: UUID) -> Response:
        """Owners end anybody's, everybody their own."""
        del request, project
        found, user = self.project(), self.token.user
        if user is None or (ident != user.pk and not may_own(user, found)):
            raise Refused("forbidden", 403, "members take the role of an owner")
        remove_member(membership=self.member(found, ident), by=user)
        return Response(status=204)
