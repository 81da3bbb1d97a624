"""Waivers of a project: those of its `parity.toml` and those made by people."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import READ, Scopes, bad_parameter, nothing_here
from paritycheck.api.body import WireCall, taken
from paritycheck.api.csv import FORMAT, CsvView
from paritycheck.api.csv import PARAMETER as AS_CSV
from paritycheck.api.drifts import DriftSerializer, drift_document
from paritycheck.api.pagination import PARAMETERS as PAGES
from paritycheck.api.pagination import PageSerializer, SequencePages
from paritycheck.api.schema import GONE, PAGE_PARAMETERS, READ_REFUSALS, REFUSALS
from paritycheck.api.shapes import ProjectApiView, page_url, zulu
from paritycheck.core.waiver_terms import MOST_DRIFTS, Terms, TermsError, read_terms
from paritycheck.models import Project, Waiver
from paritycheck.selectors import clock
from paritycheck.selectors.filters import FilterError
from paritycheck.selectors.waivers import PARAMETERS, SOURCES, Stand, WaiverFilter, document_of, find_waiver, standing
from paritycheck.services.errors import Refused
from paritycheck.services.waivers import (
    MOST_SHOWN,
    create_waiver,
    end_waiver,
    preview_waiver,
    require_waiving,
)
from paritycheck_agent.wire.reading import read_json

WAIVE = frozenset({"waive"})
BODY_BYTES = 64 * 1024
WITHIN = {"type": "integer", "minimum": 1, "maximum": 9999}
STILL_SHOWS = "A drift that gets worse than it is now still shows."
KIND_SHOWS = "A change of kind or a disappearance still shows."


class AskedWaiverSerializer(serializers.Serializer[Any]):
    """What to accept: one of `match`, `drift`, `drifts` and `ratchet`; an end unless it is a ratchet."""

    match = serializers.CharField(required=False, help_text="`section/name` or `section/name:rule`, a glob.")
    pair = serializers.CharField(required=False, help_text="`staging..production`; each pair when left out.")
    drift = serializers.CharField(required=False, help_text="One identity, or its first ten digits.")
    drifts = serializers.ListField(child=serializers.CharField(), required=False, max_length=MOST_DRIFTS)
    ratchet = serializers.BooleanField(required=False, help_text="All that is open now, of the pair or the project.")
    reason = serializers.CharField()
    owner = serializers.CharField(help_text="Who sees to it: a person or a team.")
    until = serializers.CharField(required=False, help_text="A date, which counts to its end (UTC), or an instant.")
    until_change = serializers.BooleanField(required=False, help_text="Ends for a drift when either side changes.")
    until_converged = serializers.BooleanField(required=False, help_text="Ends for a drift once both sides agree.")


class WaiverSerializer(serializers.Serializer[Any]):
    """A decision, by a person or in the policy file; `id` is null for the file's, which only the file ends."""

    id = serializers.UUIDField(allow_null=True)
    source = serializers.ChoiceField(SOURCES)  # type: ignore[assignment]  # DRF takes fields off the class
    match = serializers.CharField(allow_null=True, help_text="Null where drifts are named one by one.")
    title = serializers.CharField(help_text="What it covers, in short.")
    pair = serializers.CharField(allow_null=True)
    ratchet = serializers.BooleanField()
    reason = serializers.CharField()
    owner = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True)
    until_change = serializers.BooleanField()
    until_converged = serializers.BooleanField()
    made_by = serializers.CharField(allow_null=True)
    made_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    ended_by = serializers.CharField(allow_null=True)
    ended_why = serializers.ChoiceField(("date", "hand"), allow_null=True)
    line = serializers.IntegerField(allow_null=True, help_text="In `parity.toml`.")
    covers = serializers.IntegerField(help_text="Live drifts that it hides now.")
    ending = serializers.BooleanField(help_text="Within 14 days.")
    unused = serializers.BooleanField(help_text="Hides nothing now.")
    url = serializers.URLField()


class WaiversSerializer(PageSerializer):
    """Those in force: the file's in its order, then people's by when they were made."""

    results = WaiverSerializer(many=True)


class WaiverPreviewSerializer(serializers.Serializer[Any]):
    """What a waiver would do; nothing is kept."""

    hides = serializers.IntegerField()
    drifts = DriftSerializer(many=True, help_text=f"The first {MOST_SHOWN}.")
    note = serializers.CharField()


def waiver_document(project: Project, stand: Stand, row: Waiver | None = None) -> dict[str, Any]:
    """A waiver as scripts read it."""
    said = {name: value for name, value in stand.document.items() if name != "key"}
    return {
        **said,
        "until": zulu(said["until"]),
        "made_at": zulu(said["made_at"]),
        "ended_at": row.ended_at if row else None,
        "ended_by": (row.ended_by or None) if row else None,
        "ended_why": (row.ended_why or None) if row else None,
        "covers": stand.covers,
        "ending": stand.ending,
        "unused": stand.unused,
        "url": page_url(project, "waivers"),
    }


def terms_of(request: Request, now: datetime) -> Terms:
    """What the body asks for; Refused(invalid-waiver or unknown-field) with a pointer for each mistake."""
    said = read_json(taken(request).decoded)
    if not isinstance(said, dict):
        raise Refused("invalid-waiver", 422, "a waiver is an object", errors=[{"pointer": "", "detail": "an object"}])
    try:
        return read_terms(said, now)
    except TermsError as error:
        places = [
            {"pointer": f"/{member}" if member else "", "code": "invalid-waiver", "detail": detail}
            for member, detail in error.faults
        ]
        raise Refused("invalid-waiver", 422, error.faults[0][1], errors=places) from None


def _row_document(project: Project, waiver: Waiver, now: datetime) -> dict[str, Any]:
    key = document_of(waiver)["key"]
    found = next((stand for stand in standing(project, now) if stand.document["key"] == key), None)
    return waiver_document(project, found or Stand(document_of(waiver), 0, ending=False), waiver)


class WaiversView(CsvView):
    """The waivers in force, and making one."""

    export = "waivers"
    scopes: ClassVar[Scopes] = {"GET": READ, "POST": WAIVE}
    parameters = PAGES | PARAMETERS | {FORMAT}
    wire = WireCall("POST", "application/json", BODY_BYTES)

    @extend_schema(
        operation_id="list_waivers",
        summary="List waivers in force",
        parameters=[
            OpenApiParameter("unused", enum=["1"], description="Only those that hide nothing now."),
            OpenApiParameter("ending", enum=["1"], description="Only those that end within 14 days."),
            OpenApiParameter(
                "within", WITHIN, description="Only those that end within so many days, the nearest first."
            ),
            OpenApiParameter("source", enum=list(SOURCES)),
            AS_CSV,
            *PAGE_PARAMETERS,
        ],
        responses={200: WaiversSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str) -> HttpResponseBase:
        """A page of the policy file's and people's."""
        del project
        file = self.csv(request)
        if file is not None:
            return file
        try:
            asked = WaiverFilter.read(request.query_params)
        except FilterError as error:
            raise bad_parameter(str(error)) from None
        found, pages = self.project(), SequencePages(asked.key)
        stands = pages.paginate_sequence(asked.stands(found, clock.now()), request)
        return pages.get_paginated_response([waiver_document(found, stand) for stand in stands])

    @extend_schema(
        operation_id="create_waiver",
        summary="Accept drifts for a while",
        request=AskedWaiverSerializer,
        responses={201: WaiverSerializer, **REFUSALS, **GONE},
    )
    def post(self, request: Request, project: str) -> Response:
        """What it covers is waived when the answer comes. A drift that gets worse than accepted counts again."""
        del project
        if request.query_params:
            raise bad_parameter("this call takes no query parameters")
        found, now = self.project(), clock.now()
        user = require_waiving(user=self.token.user, project=found)
        waiver = create_waiver(project=found, user=user, terms=terms_of(request, now), now=now)
        return Response(_row_document(found, waiver, now), status=201)


class WaiverPreviewView(ProjectApiView):
    """What a waiver would hide."""

    scopes: ClassVar[Scopes] = {"POST": WAIVE}
    wire = WireCall("POST", "application/json", BODY_BYTES)

    @extend_schema(
        operation_id="preview_waiver",
        summary="What would a waiver hide?",
        request=AskedWaiverSerializer,
        responses={200: WaiverPreviewSerializer, **REFUSALS, **GONE},
    )
    def post(self, request: Request, project: str) -> Response:
        """Takes what making one takes; keeps nothing."""
        del project
        found, now = self.project(), clock.now()
        require_waiving(user=self.token.user, project=found)
        terms = terms_of(request, now)
        hidden = preview_waiver(project=found, terms=terms, now=now)
        shown = [drift_document(drift, found) for drift in hidden[:MOST_SHOWN]]
        note = STILL_SHOWS if terms.ratchet or len(terms.drifts) > 1 else KIND_SHOWS
        return Response({"hides": len(hidden), "drifts": shown, "note": note})


class WaiverView(ProjectApiView):
    """One waiver made by a person."""

    http_method_names = ["get", "head", "delete"]  # noqa: RUF012  Django's own form
    scopes: ClassVar[Scopes] = {"GET": READ, "DELETE": WAIVE}

    def _found(self, project: Project, ident: UUID) -> Waiver:
        waiver = find_waiver(project, str(ident))
        if waiver is None:
            raise nothing_here()
        return waiver

    @extend_schema(operation_id="get_waiver", summary="One waiver", responses={200: WaiverSerializer, **READ_REFUSALS})
    def get(self, request: Request, project: str, ident: UUID) -> Response:
        """In force or ended."""
        del request, project
        found = self.project()
        return Response(_row_document(found, self._found(found, ident), clock.now()))

    @extend_schema(
        operation_id="end_waiver", summary="End a waiver early", responses={200: WaiverSerializer, **READ_REFUSALS}
    )
    def delete(self, request: Request, project: str, ident: UUID) -> Response:
        """Its drifts count again when the answer comes; the decision stays on record."""
        del request, project
        found, now = self.project(), clock.now()
        user = require_waiving(user=self.token.user, project=found)
        waiver = end_waiver(waiver=self._found(found, ident), user=user, now=now)
        return Response(_row_document(found, waiver, now))
