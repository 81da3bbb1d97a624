"""Messages that were sent, wait, or were given up; and what a maintainer can do about one."""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import READ, Scopes, bad_parameter, nothing_here
from paritycheck.api.pagination import PARAMETERS as PAGES
from paritycheck.api.pagination import CursorPages, PageSerializer
from paritycheck.api.schema import PAGE_PARAMETERS, READ_REFUSALS, UNSAID, refused
from paritycheck.api.shapes import ProjectApiView, page_url
from paritycheck.models import Delivery, DeliveryAttempt, Project, User
from paritycheck.models.deliveries import DeliveryState
from paritycheck.selectors.access import may_maintain
from paritycheck.selectors.deliveries import (
    PARAMETERS,
    DeliveryFilter,
    attempts_of,
    deliveries_of,
    find_delivery,
    may_see_recipient,
)
from paritycheck.selectors.filters import FilterError
from paritycheck.services.deliveries import GIVE_UP, SEND_NOW, give_up, send_now

WRITE = frozenset({"write"})
ENDED: Any = refused(409, "It has ended already, or a sender has it just now.")
ATTEMPT = {
    "number": 1, "at": "2026-11-23T06:11:04Z", "ok": False, "error": "503 service unavailable", "took_ms": 812,
}  # fmt: skip
EXAMPLE = {
    "id": "0193f0c2-7b1e-7c33-9d52-0a4be1f1d7aa",
    "kind": "alert",
    "title": "ci runs PostgreSQL 13, production runs 16",
    "subject": "[shop] error: ci runs PostgreSQL 13, production runs 16",
    "severity": "error",
    "channel": "slack",
    "channel_id": "3d0c8f7e-55a1-4b8f-8a55-0c7a6d9d2f10",
    "to": "#shop-parity",
    "subscription": "8e6f0a3a-8f0c-4a55-b0d4-5a8d5a4f9a11",
    "state": "due",
    "held_for": None,
    "attempts": 1,
    "error": "503 service unavailable",
    "created_at": "2026-11-23T06:11:02Z",
    "due_at": "2026-11-23T06:11:34Z",
    "sent_at": None,
    "acted": None,
    "acted_by": None,
    "acted_at": None,
    "url": "https://parity.example/p/shop/alerts?open=0193f0c2-7b1e-7c33-9d52-0a4be1f1d7aa",
}


class DeliverySerializer(serializers.Serializer[Any]):
    """One message to one recipient."""

    id = serializers.UUIDField(help_text="The message's id, the same in every attempt; receivers dedupe on it.")
    kind = serializers.CharField(help_text="`alert`, `digest`, `test`, ...")
    title = serializers.CharField()
    subject = serializers.CharField()
    severity = serializers.CharField(allow_null=True)
    channel = serializers.CharField(help_text="`mail`, `webhook`, `slack`, ...")
    channel_id = serializers.UUIDField(allow_null=True, help_text="null for a member's own mail.")
    to = serializers.CharField(
        allow_null=True, help_text="The channel's name, or a member's address, which only they and maintainers see."
    )
    subscription = serializers.UUIDField(allow_null=True)
    state = serializers.ChoiceField(DeliveryState.values)
    held_for = serializers.CharField(
        allow_null=True, help_text="Why it waits, where it is held: `quiet hours`, `after a restore`."
    )
    attempts = serializers.IntegerField()
    error = serializers.CharField(allow_null=True, help_text="What the last attempt ended in.")
    created_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(help_text="When it is tried next, while it is `due`.")
    sent_at = serializers.DateTimeField(allow_null=True)
    acted = serializers.ChoiceField((SEND_NOW, GIVE_UP), allow_null=True, help_text="What a person did with it last.")
    acted_by = serializers.CharField(allow_null=True)
    acted_at = serializers.DateTimeField(allow_null=True)
    url = serializers.URLField()


class DeliveryPageSerializer(PageSerializer):
    """Deliveries, newest first."""

    results = DeliverySerializer(many=True)


class AttemptSerializer(serializers.Serializer[Any]):
    """One try that ended by itself."""

    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    ok = serializers.BooleanField()
    error = serializers.CharField(allow_null=True)
    took_ms = serializers.IntegerField(allow_null=True)


class DeliveryDetailSerializer(DeliverySerializer):
    """A delivery with its attempts, oldest first; `tries` counts less than `attempts` where a sender was killed."""

    tries = AttemptSerializer(many=True)


def delivery_document(row: Delivery, project: Project, reader: User | None, *, maintains: bool) -> dict[str, Any]:
    """A delivery as scripts read it."""
    return {
        "id": row.pk,
        "kind": row.kind,
        "title": getattr(row, "title", None) or row.subject,
        "subject": row.subject,
        "severity": getattr(row, "severity", None),
        "channel": row.channel,
        "channel_id": row.target_id,
        "to": to_of(row, reader, maintains=maintains),
        "subscription": row.subscription_id,
        "state": row.state,
        "held_for": row.held_for or None,
        "attempts": row.attempts,
        "error": row.error or None,
        "created_at": row.created_at,
        "due_at": row.due_at,
        "sent_at": row.sent_at,
        "acted": row.acted or None,
        "acted_by": row.acted_by or None,
        "acted_at": row.acted_at,
        "url": f"{page_url(project, 'alerts')}?open={row.pk}",
    }


def to_of(row: Delivery, reader: User | None, *, maintains: bool) -> str | None:
    """Whom it goes to, as far as the reader may know."""
    if row.target is not None:
        return row.target.name
    return row.recipient if may_see_recipient(row, reader, maintains=maintains) else None


def _attempt_document(attempt: DeliveryAttempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "at": attempt.at,
        "ok": attempt.ok,
        "error": attempt.error or None,
        "took_ms": attempt.took_ms,
    }


class DeliveriesView(ProjectApiView):
    """The deliveries of a project."""

    scopes: ClassVar[Scopes] = {"GET": READ}
    parameters = PAGES | PARAMETERS

    @extend_schema(
        operation_id="list_deliveries",
        summary="List deliveries",
        parameters=[
            OpenApiParameter("state", enum=[*DeliveryState.values, UNSAID], description="All when left out."),
            OpenApiParameter("channel", str, description="A kind, such as `mail`, or the id of one channel."),
            OpenApiParameter("q", str, description="A part of the subject."),
            *PAGE_PARAMETERS,
        ],
        examples=[
            OpenApiExample("One waits", {"next": None, "previous": None, "results": [EXAMPLE]}, response_only=True)
        ],
        responses={200: DeliveryPageSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str) -> Response:
        """A page of deliveries, newest first."""
        del project
        try:
            asked = DeliveryFilter.read(request.query_params.dict())
        except FilterError as error:
            raise bad_parameter(str(error)) from None
        found, reader = self.project(), self.token.user
        pages = CursorPages("-created_at", "-id")
        rows = pages.paginate_queryset(deliveries_of(found, asked), request)
        maintains = may_maintain(reader, found)
        return pages.get_paginated_response(
            [delivery_document(row, found, reader, maintains=maintains) for row in rows]
        )


class OneDeliveryView(ProjectApiView):
    """What every call about one delivery shares."""

    def found(self, project: Project, ident: UUID) -> Delivery:
        """The delivery of the address."""
        row = find_delivery(project, ident)
        if row is None:
            raise nothing_here()
        return row

    def answer(self, project: Project, ident: UUID) -> Response:
        """It as it is now, with its attempts."""
        row, reader = self.found(project, ident), self.token.user
        document = delivery_document(row, project, reader, maintains=may_maintain(reader, project))
        return Response({**document, "tries": [_attempt_document(attempt) for attempt in attempts_of(row)]})


class DeliveryView(OneDeliveryView):
    """One delivery."""

    scopes: ClassVar[Scopes] = {"GET": READ}

    @extend_schema(
        operation_id="get_delivery",
        summary="One delivery with its attempts",
        examples=[OpenApiExample("It waits", {**EXAMPLE, "tries": [ATTEMPT]}, response_only=True)],
        responses={200: DeliveryDetailSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str, ident: UUID) -> Response:
        """Each attempt with its instant, what it ended in, and how long it took."""
        del request, project
        return self.answer(self.project(), ident)


class _ActView(OneDeliveryView):
    """A verb on one delivery, for maintainers."""

    scopes: ClassVar[Scopes] = {"POST": WRITE}

    def act(self, verb: Callable[..., Delivery], ident: UUID) -> Response:
        """Do it and answer with the delivery."""
        found = self.project()
        verb(delivery=self.found(found, ident), by=self.token.user)
        return self.answer(found, ident)


class SendDeliveryView(_ActView):
    """Send one now."""

    @extend_schema(
        operation_id="send_delivery",
        summary="Send one now",
        request=None,
        examples=[OpenApiExample("Due now", {**EXAMPLE, "acted": SEND_NOW, "tries": [ATTEMPT]}, response_only=True)],
        responses={200: DeliveryDetailSerializer, **READ_REFUSALS, **ENDED},
    )
    def post(self, request: Request, project: str, ident: UUID) -> Response:
        """Due at once, whatever it waits for; one that was given up gets another attempt under the same id."""
        del request, project
        return self.act(send_now, ident)


class GiveUpDeliveryView(_ActView):
    """Give one up."""

    @extend_schema(
        operation_id="give_up_delivery",
        summary="Give one up",
        request=None,
        examples=[
            OpenApiExample(
                "Given up", {**EXAMPLE, "state": "dead", "acted": GIVE_UP, "tries": [ATTEMPT]}, response_only=True
            )
        ],
        responses={200: DeliveryDetailSerializer, **READ_REFUSALS, **ENDED},
    )
    def post(self, request: Request, project: str, ident: UUID) -> Response:
        """Nothing is sent of it any more."""
        del request, project
        return self.act(give_up, ident)
