"""`/api/v1/projects/{project}/channels`: where alerts go. What a channel was told is never read back."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import READ, Scopes, bad_parameter, nothing_here
from paritycheck.api.body import WireCall, taken
from paritycheck.api.channel_body import CHANNEL_KINDS, AskedChannelSerializer, ChannelChangeSerializer, read_asked
from paritycheck.api.pagination import PARAMETERS, CursorPages, PageSerializer
from paritycheck.api.schema import GONE, PAGE_PARAMETERS, READ_REFUSALS, REFUSALS
from paritycheck.api.shapes import ProjectApiView
from paritycheck.models import Channel, Project, User
from paritycheck.models.channels import ChannelState
from paritycheck.services.channels import (
    add_channel,
    change_channel,
    find_channel,
    invalid,
    made_secret,
    remove_channel,
    require_maintaining,
    rotate_secret,
    send_test,
    switch_off,
    switch_on,
)

WRITE = frozenset({"write"})
BODY_BYTES = 64 * 1024
CHANNEL_STATES = tuple(ChannelState.values)
EXAMPLE = {
    "id": "0e6c2d2c-6f0d-4d4b-9d3c-3d8a9a3f6f11",
    "kind": "webhook",
    "name": "ops receiver",
    "shown": "hooks.example.com",
    "state": "on",
    "off_reason": None,
    "off_at": None,
    "failing_since": None,
    "sent_at": "2026-11-23T09:14:02Z",
    "made_by": "maria@example.com",
    "made_at": "2026-11-20T08:00:00Z",
}
ASKED = OpenApiExample(
    "A webhook",
    value={"kind": "webhook", "name": "ops receiver", "settings": {"url": "https://hooks.example.com/parity"}},
    request_only=True,
)
MADE = OpenApiExample(
    "A webhook, with its secret this once",
    value={**EXAMPLE, "sent_at": None, "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDPlEXAMPLE0="},
    response_only=True,
    status_codes=["201"],
)


class ChannelSerializer(serializers.Serializer[Any]):
    """Where alerts go. `shown` is what may be seen of the target: a host, a repository, a mail address."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(CHANNEL_KINDS)
    name = serializers.CharField()
    shown = serializers.CharField()
    state = serializers.ChoiceField(CHANNEL_STATES, help_text="`pending` until a mail address is confirmed.")
    off_reason = serializers.CharField(allow_null=True)
    off_at = serializers.DateTimeField(allow_null=True)
    failing_since = serializers.DateTimeField(allow_null=True, help_text="The first failure after the last success.")
    sent_at = serializers.DateTimeField(allow_null=True)
    made_by = serializers.CharField()
    made_at = serializers.DateTimeField()


class MadeChannelSerializer(ChannelSerializer):
    """A new channel; `secret` signs a webhook's messages and is not shown again."""

    secret = serializers.CharField(allow_null=True)


class ChannelsSerializer(PageSerializer):
    """In order of name."""

    results = ChannelSerializer(many=True)


class SecretSerializer(serializers.Serializer[Any]):
    """A secret that is shown this once."""

    secret = serializers.CharField()


class TestedSerializer(serializers.Serializer[Any]):
    """The delivery that carries the test; its attempts are among the project's deliveries."""

    delivery = serializers.UUIDField()


def channel_document(channel: Channel) -> dict[str, Any]:
    """A channel as scripts read it."""
    return {
        "id": channel.pk,
        "kind": channel.kind,
        "name": channel.name,
        "shown": channel.shown,
        "state": channel.state,
        "off_reason": channel.off_reason or None,
        "off_at": channel.off_at,
        "failing_since": channel.failing_since,
        "sent_at": channel.sent_at,
        "made_by": channel.made_by,
        "made_at": channel.made_at,
    }


class ChannelApiView(ProjectApiView):
    """Reads for all who see the project, changes for its maintainers."""

    def maintained(self) -> tuple[Project, User]:
        """The project and the person who may change its channels."""
        project = self.project()
        return project, require_maintaining(user=self.token.user, project=project)

    def channel(self, project: Project, ident: UUID) -> Channel:
        """The channel of the address."""
        found = find_channel(project, ident)
        if found is None:
            raise nothing_here()
        return found


class ChannelsView(ChannelApiView):
    """The channels of a project, and making one."""

    scopes: ClassVar[Scopes] = {"GET": READ, "POST": WRITE}
    parameters = PARAMETERS
    wire = WireCall("POST", "application/json", BODY_BYTES)

    @extend_schema(
        operation_id="list_channels",
        summary="Where do alerts go?",
        parameters=PAGE_PARAMETERS,
        responses={200: ChannelsSerializer, **READ_REFUSALS},
        examples=[
            OpenApiExample(
                "Channels",
                value={"next": None, "previous": None, "results": [EXAMPLE]},
                response_only=True,
                status_codes=["200"],
            )
        ],
    )
    def get(self, request: Request, project: str) -> Response:
        """A page of channels, in order of name."""
        del project
        pages = CursorPages("name")
        rows = pages.paginate_queryset(self.project().channels.all(), request)
        return pages.get_paginated_response([channel_document(row) for row in rows])

    @extend_schema(
        operation_id="create_channel",
        summary="Make a channel",
        request=AskedChannelSerializer,
        responses={201: MadeChannelSerializer, **REFUSALS, **GONE},
        examples=[ASKED, MADE],
    )
    def post(self, request: Request, project: str) -> Response:
        """A mail address that is no member's is `pending` until a link in a mail to it is followed."""
        del project
        if request.query_params:
            raise bad_parameter("this call takes no query parameters")
        found, user = self.maintained()
        said = read_asked(taken(request).decoded, {"kind": str, "name": str, "settings": dict})
        for name in ("kind", "name"):
            if name not in said:
                raise invalid(name, "is missing")
        channel = add_channel(
            project=found,
            kind=said["kind"],
            name=said["name"],
            settings=said.get("settings", {}),
            by=user,
            now=timezone.now(),
        )
        return Response({**channel_document(channel), "secret": made_secret(channel)}, status=201)


class ChannelView(ChannelApiView):
    """One channel."""

    http_method_names = ["get", "head", "patch", "delete"]  # noqa: RUF012  Django's own form
    scopes: ClassVar[Scopes] = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}
    wire = WireCall("PATCH", "application/json", BODY_BYTES)

    @extend_schema(
        operation_id="get_channel",
        summary="One channel",
        responses={200: ChannelSerializer, **READ_REFUSALS},
        examples=[OpenApiExample("A webhook", value=EXAMPLE, response_only=True, status_codes=["200"])],
    )
    def get(self, request: Request, project: str, ident: UUID) -> Response:
        """On, off with the reason, or pending."""
        del request, project
        return Response(channel_document(self.channel(self.project(), ident)))

    @extend_schema(
        operation_id="change_channel",
        summary="Change a channel, switch it off or on",
        request=ChannelChangeSerializer,
        responses={200: ChannelSerializer, **REFUSALS, **GONE},
        examples=[OpenApiExample("Switch it on again", value={"state": "on"}, request_only=True)],
    )
    def patch(self, request: Request, project: str, ident: UUID) -> Response:
        """Settings that are named replace those it had. What is due to a channel that is off is dropped."""
        del project
        found, user = self.maintained()
        channel, now = self.channel(found, ident), timezone.now()
        said = read_asked(taken(request).decoded, {"name": str, "settings": dict, "state": str})
        if said.get("state", "on") not in {"on", "off"}:
            raise invalid("state", "is on or off")
        change_channel(channel=channel, by=user, now=now, name=said.get("name"), settings=said.get("settings"))
        if said.get("state") == "off":
            switch_off(channel=channel, reason=f"by {user.email}", now=now, by=user)
        elif said.get("state") == "on":
            switch_on(channel=channel, now=now, by=user)
        return Response(channel_document(self.channel(found, ident)))

    @extend_schema(
        operation_id="remove_channel",
        summary="Remove a channel",
        responses={204: None, **READ_REFUSALS},
    )
    def delete(self, request: Request, project: str, ident: UUID) -> Response:
        """What it was told is forgotten; its deliveries stay on record."""
        del request, project
        found, user = self.maintained()
        remove_channel(channel=self.channel(found, ident), by=user, now=timezone.now())
        return Response(status=204)


class ChannelTestView(ChannelApiView):
    """Trying a channel."""

    scopes: ClassVar[Scopes] = {"POST": WRITE}

    @extend_schema(
        operation_id="test_channel",
        summary="Send a test",
        request=None,
        responses={202: TestedSerializer, **REFUSALS, **GONE},
    )
    def post(self, request: Request, project: str, ident: UUID) -> Response:
        """One attempt, now; five a minute. An off channel can be tried too."""
        del request, project
        found, user = self.maintained()
        row = send_test(channel=self.channel(found, ident), by=user, now=timezone.now())
        return Response({"delivery": row.pk}, status=202)


class ChannelRotateView(ChannelApiView):
    """A webhook's secret."""

    scopes: ClassVar[Scopes] = {"POST": WRITE}

    @extend_schema(
        operation_id="rotate_channel_secret",
        summary="Make a new signing secret",
        request=None,
        responses={200: SecretSerializer, **REFUSALS, **GONE},
    )
    def post(self, request: Request, project: str, ident: UUID) -> Response:
        """Shown this once. For 24 hours each message is signed with the old one too."""
        del request, project
        found, user = self.maintained()
        return Response({"secret": rotate_secret(channel=self.channel(found, ident), now=timezone.now(), by=user)})
