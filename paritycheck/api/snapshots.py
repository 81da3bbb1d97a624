"""Snapshots of an environment, and one with its facts."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import READ, Scopes, bad_parameter, nothing_here
from paritycheck.api.pagination import PARAMETERS, CursorPages, PageSerializer
from paritycheck.api.schema import PAGE_PARAMETERS, READ_REFUSALS
from paritycheck.api.shapes import ProjectApiView, address_of, zulu
from paritycheck.core.addresses import Address, AddressError, parse_address
from paritycheck.models import Environment, Snapshot
from paritycheck.selectors.snapshots import find_snapshot, sections_of, snapshots_of


class SnapshotSerializer(serializers.Serializer[Any]):
    """The merged facts of an environment while they stayed unchanged."""

    address = serializers.CharField()
    number = serializers.IntegerField()
    opened_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField()
    commit = serializers.CharField(allow_null=True)
    instances = serializers.IntegerField()


class SnapshotPageSerializer(PageSerializer):
    """Snapshots, newest first."""

    results = SnapshotSerializer(many=True)


class FactSerializer(serializers.Serializer[Any]):
    """One fact with where it was read; members beyond these are as the agent sent them."""

    name = serializers.CharField()
    value = serializers.JSONField(required=False, help_text="A string, or several.")
    kind = serializers.CharField(required=False)
    absent = serializers.BooleanField(required=False)
    unknown = serializers.CharField(required=False)
    sources = serializers.ListField(child=serializers.CharField(), required=False)


class SectionSerializer(serializers.Serializer[Any]):
    """One class of facts; with a reason it is unknown as a whole."""

    name = serializers.CharField()
    status = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(required=False)
    covers = serializers.ListField(child=serializers.CharField(), required=False)
    warnings = serializers.ListField(child=serializers.CharField(), required=False)
    facts = FactSerializer(many=True, required=False)


class SnapshotDetailSerializer(SnapshotSerializer):
    """A snapshot with every fact."""

    sections = SectionSerializer(many=True)


def snapshot_document(environment: Environment, snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot without its facts."""
    return {
        "address": address_of(environment, snapshot),
        "number": snapshot.number,
        "opened_at": snapshot.opened_at,
        "confirmed_at": snapshot.confirmed_at,
        "commit": snapshot.commit or None,
        "instances": snapshot.instances,
    }


class SnapshotsView(ProjectApiView):
    """The history of an environment."""

    scopes: ClassVar[Scopes] = {"GET": READ}
    parameters = PARAMETERS

    @extend_schema(
        operation_id="list_snapshots",
        summary="List snapshots",
        parameters=PAGE_PARAMETERS,
        responses={200: SnapshotPageSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str, environment: str) -> Response:
        """A page of snapshots, newest first."""
        del project, environment
        found = self.environment(self.project())
        pages = CursorPages("-number")
        rows = pages.paginate_queryset(snapshots_of(found), request)
        documents = [snapshot_document(found, row) for row in rows]
        return pages.get_paginated_response(SnapshotSerializer(documents, many=True).data)


class SnapshotView(ProjectApiView):
    """One snapshot."""

    scopes: ClassVar[Scopes] = {"GET": READ}

    @extend_schema(
        operation_id="get_snapshot",
        summary="One snapshot with its facts",
        description="`place` is a number, `latest`, `~2` (two back) or `@{2026-11-20T12:00Z}`.",
        responses={200: SnapshotDetailSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str, environment: str, place: str) -> Response:
        """The facts as they were read; fingerprints stay here."""
        del request, project, environment
        found = self.environment(self.project())
        snapshot = find_snapshot(found, _address(found, place), timezone.now())
        if snapshot is None:
            raise nothing_here()
        head = SnapshotSerializer(snapshot_document(found, snapshot)).data
        return Response(
            {**head, "sections": [{**section, "at": zulu(section["at"])} for section in sections_of(snapshot)]}
        )


def _address(environment: Environment, place: str) -> Address:
    written = {"latest": ""}.get(place, f"#{place}" if place.isdigit() else place)
    try:
        return parse_address(f"{environment.slug}{written}")
    except AddressError as error:
        raise bad_parameter(str(error)) from None
