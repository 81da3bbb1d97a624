"""`GET /api/v1/projects/{project}/audit`: who changed what, for maintainers and owners."""

from datetime import datetime
from typing import Any, ClassVar

from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import READ, Scopes, bad_parameter
from paritycheck.api.pagination import PARAMETERS, CursorPages, PageSerializer
from paritycheck.api.schema import PAGE_PARAMETERS, READ_REFUSALS
from paritycheck.api.shapes import ProjectApiView
from paritycheck.models import AuditEntry, Project
from paritycheck.selectors.access import may_maintain
from paritycheck.selectors.audit import entries_of, head_of
from paritycheck.services.errors import Refused

LONGEST = 254
NOTHING = "0" * 64
EXAMPLE = {
    "number": 41,
    "at": "2026-11-24T09:12:03.114205Z",
    "actor": "maria@example.com",
    "action": "waiver.created",
    "target": "services/database:version",
    "detail": {"id": "9b0f...", "reason": "upgrade on 3 December", "until": "2026-12-04T00:00:00+00:00"},
    "previous": "5be1...",
    "sha256": "c07a...",
}


class EntrySerializer(serializers.Serializer[Any]):
    """One act."""

    number = serializers.IntegerField(help_text="From 1, without a gap.")
    at = serializers.DateTimeField()
    actor = serializers.CharField(help_text="A person's address, a machine's token by its public id, or `system`.")
    action = serializers.CharField(help_text="`<noun>.<what happened>`.")
    target = serializers.CharField(allow_blank=True)
    detail = serializers.DictField()
    previous = serializers.CharField(help_text="`sha256` of the entry before, zeros for the first.")
    sha256 = serializers.CharField()


class HeadSerializer(serializers.Serializer[Any]):
    """The newest entry's number and digest: kept elsewhere, they show whether the log was cut or changed since."""

    chain = serializers.UUIDField()
    number = serializers.IntegerField()
    sha256 = serializers.CharField()


class AuditPageSerializer(PageSerializer):
    """Entries, newest first."""

    head = HeadSerializer()
    results = EntrySerializer(many=True)


def entry_document(entry: AuditEntry) -> dict[str, Any]:
    """An entry as scripts read it."""
    return {
        "number": entry.number,
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "target": entry.target,
        "detail": entry.detail,
        "previous": bytes(entry.previous).hex(),
        "sha256": bytes(entry.sha256).hex(),
    }


def head_document(project: Project) -> dict[str, Any]:
    """What all entries hang on."""
    head = head_of(project)
    digest = bytes(head.sha256).hex() if head else NOTHING
    return {"chain": project.pk, "number": head.number if head else 0, "sha256": digest}


def _since(said: str | None) -> datetime | None:
    if said is None:
        return None
    try:
        found = parse_datetime(said)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise bad_parameter("since is an instant with its zone, such as 2026-11-24T00:00:00Z")
    return found


class AuditView(ProjectApiView):
    """The audit log of a project."""

    scopes: ClassVar[Scopes] = {"GET": READ}
    parameters = PARAMETERS | {"action", "actor", "since"}

    @extend_schema(
        operation_id="list_audit",
        summary="Who changed what?",
        parameters=[
            OpenApiParameter("action", str, description="`waiver.created`, or `waiver` for all of them."),
            OpenApiParameter("actor", str, description="As entries name it."),
            OpenApiParameter("since", datetime),
            *PAGE_PARAMETERS,
        ],
        examples=[
            OpenApiExample(
                "A waiver",
                {
                    "next": None,
                    "previous": None,
                    "head": {"chain": "0193f1c2-7f3a-7d15-8f0a-6b1f6e0a1d11", "number": 41, "sha256": "c07a..."},
                    "results": [EXAMPLE],
                },
                response_only=True,
            )
        ],
        responses={200: AuditPageSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str) -> Response:
        """For maintainers and owners. Entries are never changed or taken out, and each holds the digest of the one
        before it.
        """
        del project
        found, query = self.project(), request.query_params
        if not may_maintain(self.token.user, found):
            raise Refused("forbidden", 403, "maintainers and owners of the project read its audit log")
        if any(len(query.get(name, "")) > LONGEST for name in ("action", "actor")):
            raise bad_parameter(f"action and actor have at most {LONGEST} characters")
        rows = entries_of(
            found,
            action=query.get("action", ""),
            actor=query.get("actor", ""),
            since=_since(query.get("since")),
        )
        pages = CursorPages("-number")
        documents = [entry_document(entry) for entry in pages.paginate_queryset(rows, request)]
        page = pages.get_paginated_response(documents)
        page.data["head"] = head_document(found)
        return page
