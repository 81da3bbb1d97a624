"""Drifts of a project, and one with its life."""

from datetime import datetime
from typing import Any, ClassVar

from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import READ, Scopes, bad_parameter, nothing_here
from paritycheck.api.csv import FORMAT, CsvView
from paritycheck.api.csv import PARAMETER as AS_CSV
from paritycheck.api.pagination import PARAMETERS as PAGES
from paritycheck.api.pagination import CursorPages, PageSerializer
from paritycheck.api.schema import PAGE_PARAMETERS, READ_REFUSALS, UNSAID
from paritycheck.api.shapes import DRIFT_STATES, FACT_STATES, SEVERITIES, ProjectApiView, page_url, zulu
from paritycheck.core.facts import SECTIONS
from paritycheck.core.findings import RULES
from paritycheck.models import Drift, DriftEvent, Project
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.drifts import drifts_of, events_of, find_drift
from paritycheck.selectors.filters import ALL, KINDS, LIVE, MANY, PARAMETERS, DriftFilter, FilterError
from paritycheck.selectors.since import since_of

SHOWN_DIGITS = 10


class SaidSerializer(serializers.Serializer[Any]):
    """What some instances of an environment say, where they disagree."""

    state = serializers.ChoiceField(FACT_STATES)
    kind = serializers.CharField(required=False)
    value = serializers.CharField(allow_blank=True)
    instances = serializers.ListField(child=serializers.CharField(), help_text="The first three.")
    count = serializers.IntegerField(help_text="How many they are.")


class DriftSideSerializer(serializers.Serializer[Any]):
    """What one side showed; members beyond these are the fact's own."""

    environment = serializers.CharField()
    snapshot = serializers.CharField(allow_null=True)
    state = serializers.ChoiceField(FACT_STATES)
    kind = serializers.CharField(required=False)
    value = serializers.JSONField(required=False, help_text="A string, or several.")
    reason = serializers.CharField(required=False)
    sources = serializers.ListField(
        child=serializers.CharField(), help_text="Where it was read; of what is absent, where it was looked for."
    )
    read_at = serializers.DateTimeField(allow_null=True)
    said = SaidSerializer(many=True, required=False, help_text="Of rule `skew`: who says what.")


class DriftSerializer(serializers.Serializer[Any]):
    """An expectation that does not hold."""

    id = serializers.CharField(help_text="64 hex digits; a call takes the first ten as well.")
    pair = serializers.CharField()
    section = serializers.ChoiceField(SECTIONS)
    name = serializers.CharField()
    rule = serializers.ChoiceField(RULES)
    severity = serializers.ChoiceField(SEVERITIES)
    distance = serializers.IntegerField(allow_null=True)
    expectation = serializers.CharField()
    state = serializers.ChoiceField(DRIFT_STATES)
    initial = serializers.BooleanField()
    also = serializers.ListField(child=serializers.CharField())
    left = DriftSideSerializer()
    right = DriftSideSerializer()
    opened_at = serializers.DateTimeField()
    changed_at = serializers.DateTimeField()
    resolved_at = serializers.DateTimeField(allow_null=True)
    reopened = serializers.IntegerField()
    owner = serializers.CharField(allow_null=True)
    waiver = serializers.JSONField(allow_null=True)
    url = serializers.URLField()


class DriftPageSerializer(PageSerializer):
    """Drifts, last opened first."""

    results = DriftSerializer(many=True)


class DriftEventSerializer(serializers.Serializer[Any]):
    """One step of a drift's life."""

    kind = serializers.CharField()
    at = serializers.DateTimeField()
    severity = serializers.ChoiceField(SEVERITIES)
    initial = serializers.BooleanField()
    actor = serializers.CharField(allow_null=True, help_text="The person, where one did it.")
    why = serializers.CharField(
        allow_null=True,
        help_text="Of `waived` the reason; of `unwaived` what ended it: date, hand, changed, worse, removed.",
    )
    left = DriftSideSerializer()
    right = DriftSideSerializer()


class SinceSerializer(serializers.Serializer[Any]):
    """The snapshot since which it holds, by the policy in force now."""

    environment = serializers.CharField()
    snapshot = serializers.CharField()
    at = serializers.DateTimeField()
    release = serializers.CharField(allow_null=True)
    commit = serializers.CharField(allow_null=True)
    commits = serializers.IntegerField(allow_null=True, help_text="How many it brought.")
    before = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="The last two snapshots that were not apart."
    )
    exact = serializers.BooleanField(help_text="false: the history does not tell; it holds since then at least.")


class DriftDetailSerializer(DriftSerializer):
    """A drift with its life, newest step first, and since when it holds."""

    since = SinceSerializer(allow_null=True)
    events = DriftEventSerializer(many=True)


def drift_document(drift: Drift, project: Project) -> dict[str, Any]:
    """A drift as scripts read it."""
    return {
        "id": drift.id,
        "pair": f"{drift.left.slug}..{drift.right.slug}",
        "section": drift.section,
        "name": drift.name,
        "rule": drift.rule,
        "severity": drift.severity,
        "distance": drift.distance,
        "expectation": drift.expectation,
        "state": drift.state,
        "initial": drift.initial,
        "also": drift.also,
        "left": side_document(drift.left_side),
        "right": side_document(drift.right_side),
        "opened_at": drift.opened_at,
        "changed_at": drift.changed_at,
        "resolved_at": drift.resolved_at,
        "reopened": drift.reopened,
        "owner": drift.owner or None,
        "waiver": shown_waiver(drift.waiver),
        "url": page_url(project, "d", drift.id[:SHOWN_DIGITS]),
    }


def shown_waiver(stored: dict[str, Any] | None) -> dict[str, Any] | None:
    """The waiver that covers a drift, without our own key of it."""
    if stored is None:
        return None
    said = {name: value for name, value in stored.items() if name != "key"}
    return {**said, "until": zulu(said["until"]), "made_at": zulu(said["made_at"])}


def side_document(stored: dict[str, Any]) -> dict[str, Any]:
    """One side as it was stored, with what every side has; times end in Z as everywhere in the API."""
    said = {"environment": None, "snapshot": None, **stored, "sources": stored.get("sources", [])}
    return {**said, "read_at": zulu(stored.get("read_at"))}


def _event_document(event: DriftEvent) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "at": event.at,
        "severity": event.severity,
        "initial": event.initial,
        "actor": event.actor or None,
        "why": event.why or None,
        "left": side_document(event.left_side),
        "right": side_document(event.right_side),
    }


def _since_document(project: Project, drift: Drift) -> dict[str, Any] | None:
    since = since_of(project, drift)
    if since is None:
        return None
    names = ("environment", "snapshot", "at", "release", "commit", "commits", "exact")
    return {**{name: getattr(since, name) for name in names}, "before": list(since.before) if since.before else None}


FILTERS = [
    OpenApiParameter(
        "state",
        enum=[*DriftState.values, LIVE, ALL, UNSAID],
        description="`open` when left out, or `live`, open and waived, where `severity` holds `waived`.",
    ),
    OpenApiParameter("pair", str, description="`development..production`, or one environment."),
    OpenApiParameter("section", enum=[*SECTIONS, UNSAID], many=True, description="May be given again: any of them."),
    OpenApiParameter(
        "severity",
        enum=[*KINDS, UNSAID],
        many=True,
        description="May be given again: any of them. With `waived` the others mean drifts that are not waived, as on "
        "the matrix. `unknown` is the matrix' word for facts that nobody could read: none of them is a drift.",
    ),
    OpenApiParameter("rule", enum=[*RULES, UNSAID]),
    OpenApiParameter(
        "q", str, description="A part of the name, of the owner, or of a configuration name that leads to a service."
    ),
    OpenApiParameter("name", str, description="The whole name: `*` is any characters, `?` is one."),
    OpenApiParameter("owner", str, description="The whole owner, a person or a team."),
    OpenApiParameter("initial", enum=["0", "1", UNSAID], description="1: from the first evaluation of its pair."),
    OpenApiParameter(
        "waived", enum=["0", "1", UNSAID], description="With `state=all`: waived ones alone, or all others."
    ),
    OpenApiParameter("changed_since", datetime, description="Opened, changed or resolved then or later."),
]


class DriftsView(CsvView):
    """The drifts of a project."""

    export = "drifts"
    scopes: ClassVar[Scopes] = {"GET": READ}
    parameters = PAGES | PARAMETERS | {FORMAT}
    several = frozenset(MANY)

    @extend_schema(
        operation_id="list_drifts",
        summary="List drifts",
        parameters=[*FILTERS, AS_CSV, *PAGE_PARAMETERS],
        responses={200: DriftPageSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str) -> HttpResponseBase:
        """A page of drifts, last opened first. A filter that is empty is as one that is left out."""
        del project
        file = self.csv(request)
        if file is not None:
            return file
        try:
            asked = DriftFilter.read(dict(request.query_params.lists()))
        except FilterError as error:
            raise bad_parameter(str(error)) from None
        found = self.project()
        pages = CursorPages("-opened_at", "-id")
        rows = pages.paginate_queryset(drifts_of(found, asked), request)
        return pages.get_paginated_response([drift_document(row, found) for row in rows])


class DriftView(ProjectApiView):
    """One drift."""

    scopes: ClassVar[Scopes] = {"GET": READ}

    @extend_schema(
        operation_id="get_drift",
        summary="One drift with its life",
        responses={200: DriftDetailSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str, ident: str) -> Response:
        """Both sides with their sources, and every step."""
        del request, project
        found = self.project()
        drift = find_drift(found, ident)
        if drift is None:
            raise nothing_here()
        events = [_event_document(event) for event in events_of(drift)]
        return Response({**drift_document(drift, found), "since": _since_document(found, drift), "events": events})
