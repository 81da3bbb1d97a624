"""Who is told what, and when."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import READ, Scopes, bad_parameter, nothing_here
from paritycheck.api.body import WireCall
from paritycheck.api.pagination import PARAMETERS as PAGES
from paritycheck.api.pagination import CursorPages, PageSerializer
from paritycheck.api.schema import GONE, PAGE_PARAMETERS, READ_REFUSALS, REFUSALS
from paritycheck.api.shapes import SEVERITIES, ProjectApiView
from paritycheck.api.subscription_body import CLOCKS, MEMBERS, read_members, read_terms, wrong
from paritycheck.core.subscription_words import rule_words
from paritycheck.core.subscriptions import GAPS, WHENS, SubscriptionTerms
from paritycheck.models import Channel, Project, Subscription
from paritycheck.selectors.access import may_maintain
from paritycheck.selectors.channels import find_channel
from paritycheck.selectors.recipients import terms_of
from paritycheck.selectors.subscriptions import (
    find_subscription,
    may_change,
    may_end,
    may_subscribe,
    subscriptions_of,
)
from paritycheck.services.errors import Refused
from paritycheck.services.subscriptions import add_subscription, change_subscription, end_subscription

WRITE = frozenset({"write"})
BODY_BYTES = 64 * 1024
HAND = "hand"
ASKED = {"when": "digest", "at_least": "warning", "gaps": ["tools"], "cron": "0 8 * * 1", "timezone": "Europe/Berlin"}
EXAMPLE = {
    "id": "8e6f0a3a-8f0c-4a55-b0d4-5a8d5a4f9a11",
    "user": "maria@example.com",
    "channel": None,
    "channel_name": None,
    "summary": "Errors and warnings of the tools gap, every Monday at 08:00 Europe/Berlin",
    "when": "digest",
    "at_least": "warning",
    "gaps": ["tools"],
    "environments": [],
    "pairs": [],
    "names": [],
    "only_owned": False,
    "cron": "0 8 * * 1",
    "timezone": "Europe/Berlin",
    "skip_unchanged": True,
    "quiet_from": None,
    "quiet_to": None,
    "due_at": "2026-11-30T07:00:00Z",
    "last_at": "2026-11-23T07:00:00Z",
    "made_by": "maria@example.com",
    "made_at": "2026-11-02T10:14:00Z",
}


def _globs(help_text: str) -> Any:
    return serializers.ListField(child=serializers.CharField(), required=False, help_text=help_text)


class TermsSerializer(serializers.Serializer[Any]):
    """What to tell and when; what is left out is as in the example of an empty rule: errors of all gaps, at once."""

    when = serializers.ChoiceField(WHENS, required=False)
    at_least = serializers.ChoiceField(SEVERITIES, required=False)
    gaps = serializers.ListField(child=serializers.ChoiceField(GAPS), required=False, help_text="Empty is all.")
    environments = _globs("`stag*`; empty is all.")
    pairs = _globs("`staging..production`; empty is all.")
    names = _globs("`services/*`; empty is all.")
    only_owned = serializers.BooleanField(required=False, help_text="Only what the member or their teams own.")
    cron = serializers.CharField(required=False, help_text="Five fields, at most once an hour; a digest needs it.")
    timezone = serializers.CharField(required=False, help_text="IANA, `Europe/Berlin`. `UTC` when left out.")
    skip_unchanged = serializers.BooleanField(required=False, help_text="Leave a digest out when nothing changed.")
    quiet_from = serializers.CharField(required=False, allow_null=True, help_text="`22:00`, by that zone's clock.")
    quiet_to = serializers.CharField(required=False, allow_null=True, help_text="Held until then, not dropped.")


class AskedSubscriptionSerializer(TermsSerializer):
    """A rule of one's own, or with `channel` of that channel, which takes a maintainer."""

    channel = serializers.UUIDField(required=False, allow_null=True, help_text="Null or left out: mail to oneself.")


class SubscriptionSerializer(serializers.Serializer[Any]):
    """One rule, of a member or of a channel."""

    id = serializers.UUIDField()
    user = serializers.CharField(allow_null=True)
    channel = serializers.UUIDField(allow_null=True)
    channel_name = serializers.CharField(allow_null=True)
    summary = serializers.CharField(help_text="The rule in plain words.")
    when = serializers.ChoiceField(WHENS)
    at_least = serializers.ChoiceField(SEVERITIES)
    gaps = serializers.ListField(child=serializers.ChoiceField(GAPS))
    environments = serializers.ListField(child=serializers.CharField())
    pairs = serializers.ListField(child=serializers.CharField())
    names = serializers.ListField(child=serializers.CharField())
    only_owned = serializers.BooleanField()
    cron = serializers.CharField(allow_blank=True)
    timezone = serializers.CharField()
    skip_unchanged = serializers.BooleanField()
    quiet_from = serializers.CharField(allow_null=True)
    quiet_to = serializers.CharField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True, help_text="When the next digest goes out.")
    last_at = serializers.DateTimeField(allow_null=True)
    made_by = serializers.CharField()
    made_at = serializers.DateTimeField()


class SubscriptionPageSerializer(PageSerializer):
    """Rules, newest first."""

    results = SubscriptionSerializer(many=True)


def subscription_document(row: Subscription) -> dict[str, Any]:
    """A rule as scripts read it."""
    terms = terms_of(row)
    said = {name: getattr(terms, name) for name in sorted(MEMBERS)}
    clocks = {name: f"{said[name]:%H:%M}" if said[name] else None for name in CLOCKS}
    return {
        "id": row.pk,
        "user": row.user.email if row.user else None,
        "channel": row.channel_id,
        "channel_name": row.channel.name if row.channel else None,
        "summary": rule_words(terms),
        **said,
        **clocks,
        "due_at": row.due_at,
        "last_at": row.last_at,
        "made_by": row.made_by,
        "made_at": row.made_at,
    }


def _forbidden() -> Refused:
    return Refused("forbidden", 403, "your own take a member, those of channels and others a maintainer")


class SubscriptionsView(ProjectApiView):
    """The rules of a project, and adding one."""

    scopes: ClassVar[Scopes] = {"GET": READ, "POST": WRITE}
    parameters = PAGES | {"when", "channel"}
    wire = WireCall("POST", "application/json", BODY_BYTES, spends=True)

    @extend_schema(
        operation_id="list_subscriptions",
        summary="List subscriptions",
        parameters=[
            OpenApiParameter("when", enum=list(WHENS)),
            OpenApiParameter("channel", UUID, description="Only those of one channel."),
            *PAGE_PARAMETERS,
        ],
        examples=[
            OpenApiExample("A digest", {"next": None, "previous": None, "results": [EXAMPLE]}, response_only=True)
        ],
        responses={200: SubscriptionPageSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str) -> Response:
        """Your own, those of channels, and for maintainers everybody's."""
        del project
        found, query = self.project(), request.query_params
        rows = subscriptions_of(found, self.token.user)
        if query.get("when", WHENS[0]) not in WHENS:
            raise bad_parameter(f"when is one of {', '.join(WHENS)}")
        if "when" in query:
            rows = rows.filter(when=query["when"])
        if "channel" in query:
            rows = rows.filter(channel_id=_uuid(query["channel"]))
        pages = CursorPages("-made_at", "-id")
        shown = pages.paginate_queryset(rows, request)
        return pages.get_paginated_response([subscription_document(row) for row in shown])

    @extend_schema(
        operation_id="create_subscription",
        summary="Subscribe yourself, or a channel",
        request=AskedSubscriptionSerializer,
        examples=[
            OpenApiExample("Tools on Mondays", ASKED, request_only=True),
            OpenApiExample("Made", EXAMPLE, response_only=True, status_codes=["201"]),
        ],
        responses={201: SubscriptionSerializer, **REFUSALS, **GONE},
    )
    def post(self, request: Request, project: str) -> Response:
        """Your own takes a member, a channel's a maintainer."""
        del project
        if request.query_params:
            raise bad_parameter("this call takes no query parameters")
        found, user = self.project(), self.token.user
        said = read_members(request, MEMBERS | {"channel"})
        channel = _channel(found, said["channel"]) if said.get("channel") is not None else None
        allowed = may_maintain(user, found) if channel else may_subscribe(user, found)
        if user is None or not allowed:
            raise _forbidden()
        row = add_subscription(
            project=found,
            user=None if channel else user,
            channel=channel,
            terms=read_terms(said, SubscriptionTerms()),
            by=user,
            now=timezone.now(),
        )
        return Response(subscription_document(row), status=201)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise bad_parameter("channel is the id of a channel") from None


def _channel(project: Project, said: Any) -> Channel:
    try:
        channel = find_channel(project, UUID(said)) if isinstance(said, str) else None
    except ValueError:
        channel = None
    if channel is None:
        raise wrong("channel", "the id of a channel of this project")
    return channel


class SubscriptionView(ProjectApiView):
    """One rule."""

    http_method_names = ["get", "head", "patch", "delete"]  # noqa: RUF012  Django's own form
    scopes: ClassVar[Scopes] = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}
    wire = WireCall("PATCH", "application/json", BODY_BYTES, spends=True)

    def found(self, ident: UUID) -> Subscription:
        """The rule of the address, as far as one may see it."""
        row = find_subscription(self.project(), self.token.user, ident)
        if row is None:
            raise nothing_here()
        return row

    @extend_schema(
        operation_id="get_subscription",
        summary="One subscription",
        examples=[OpenApiExample("A digest", EXAMPLE, response_only=True)],
        responses={200: SubscriptionSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str, ident: UUID) -> Response:
        """The rule, in its members and in plain words."""
        del request, project
        return Response(subscription_document(self.found(ident)))

    @extend_schema(
        operation_id="change_subscription",
        summary="Change a subscription",
        request=TermsSerializer,
        examples=[
            OpenApiExample("Quiet at night", {"quiet_from": "22:00", "quiet_to": "07:00"}, request_only=True),
            OpenApiExample("Changed", EXAMPLE, response_only=True),
        ],
        responses={200: SubscriptionSerializer, **REFUSALS, **GONE},
    )
    def patch(self, request: Request, project: str, ident: UUID) -> Response:
        """What is not said stays as it is."""
        del project
        row, user = self.found(ident), self.token.user
        if user is None or not may_change(row, user):
            raise _forbidden()
        terms = read_terms(read_members(request, MEMBERS), terms_of(row))
        return Response(
            subscription_document(change_subscription(subscription=row, terms=terms, by=user, now=timezone.now()))
        )

    @extend_schema(
        operation_id="end_subscription",
        summary="End a subscription",
        responses={204: None, **READ_REFUSALS},
    )
    def delete(self, request: Request, project: str, ident: UUID) -> Response:
        """Nothing is sent by it any more."""
        del request, project
        row = self.found(ident)
        if not may_end(row, self.token.user):
            raise _forbidden()
        end_subscription(subscription=row, why=HAND, now=timezone.now(), by=self.token.user)
        return Response(status=204)
