"""`GET /api/v1/projects/{project}/compare`: any two snapshots side by side."""

import hashlib
import json
from typing import Any, ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import READ, Scopes, bad_parameter, nothing_here
from paritycheck.api.csv import FORMAT, CsvView
from paritycheck.api.csv import PARAMETER as AS_CSV
from paritycheck.api.pagination import PARAMETERS as PAGES
from paritycheck.api.pagination import PageSerializer, SequencePages
from paritycheck.api.schema import PAGE_PARAMETERS, READ_REFUSALS, UNSAID
from paritycheck.api.shapes import FACT_STATES, page_url, zulu
from paritycheck.api.snapshots import SnapshotSerializer, snapshot_document
from paritycheck.codec.comparing import RULES
from paritycheck.codec.sides import BUCKETS, counts_of, fact_document, row_document, total
from paritycheck.core.addresses import AddressError
from paritycheck.core.comparison import Row
from paritycheck.core.facts import SECTIONS, Fact
from paritycheck.models import Project
from paritycheck.selectors.comparisons import (
    PARAMETERS,
    ComparisonFilter,
    Place,
    comparison_of,
    find_place,
    rows_asked,
    sources_of,
)
from paritycheck.selectors.filters import FilterError

ADDRESS = (
    "`production` (its latest), `production#42`, `production~2`, `production@{2026-11-20T12:00Z}`, `@{2.weeks.ago}`"
)
EXAMPLE = OpenApiExample(
    "What changed in production",
    value={
        "left": {"address": "production#41", "number": 41, "opened_at": "2026-11-12T13:30:00Z",
                 "confirmed_at": "2026-11-17T14:00:00Z", "commit": "4b0e7d1", "instances": 2},
        "right": {"address": "production#42", "number": 42, "opened_at": "2026-11-17T14:05:00Z",
                  "confirmed_at": "2026-11-23T09:00:00Z", "commit": "8f31c2e", "instances": 2},
        "counts": {"different": 1, "left": 0, "right": 0, "unknown": 0, "same": 1243},
        "sections": {"dependencies": {"different": 1, "left": 0, "right": 0, "unknown": 0, "same": 1243}},
        "url": "https://parity.example/p/shop/compare?left=production~1&right=production%2342",
        "next": None, "previous": None,
        "results": [{
            "section": "dependencies", "name": "pkg:pypi/django", "bucket": "different", "distance": 1, "reason": None,
            "left": {"name": "pkg:pypi/django", "state": "present", "value": "5.2.15", "sources": ["uv.lock:412"],
                     "read_at": "2026-11-17T14:00:00Z"},
            "right": {"name": "pkg:pypi/django", "state": "present", "value": "5.2.17", "sources": ["uv.lock:412"],
                      "read_at": "2026-11-23T09:00:00Z"},
        }],
    },
    response_only=True,
)  # fmt: skip


class BucketsSerializer(serializers.Serializer[Any]):
    """How many facts, by bucket."""

    different = serializers.IntegerField()
    left = serializers.IntegerField(help_text="Only on the left.")
    right = serializers.IntegerField(help_text="Only on the right.")
    unknown = serializers.IntegerField()
    same = serializers.IntegerField()


class ComparedSideSerializer(serializers.Serializer[Any]):
    """A fact on one side; members beyond these are as the agent sent them."""

    name = serializers.CharField(help_text="The right side's, but for a service that has another handle here.")
    state = serializers.ChoiceField(FACT_STATES)
    kind = serializers.CharField(required=False)
    value = serializers.JSONField(required=False, help_text="A string, or several.")
    reason = serializers.CharField(required=False, help_text="Why it is unknown.")
    sources = serializers.ListField(child=serializers.CharField(), help_text="Where it was read.")
    read_at = serializers.DateTimeField(required=False)


class ComparedRowSerializer(serializers.Serializer[Any]):
    """One fact on both sides."""

    section = serializers.ChoiceField(SECTIONS)
    name = serializers.CharField()
    bucket = serializers.ChoiceField(list(BUCKETS))
    distance = serializers.IntegerField(allow_null=True, help_text="0 equal, 1 patch, 2 minor, 3 major, 4 farthest.")
    reason = serializers.CharField(allow_null=True, help_text="Why it cannot be compared.")
    left = ComparedSideSerializer()
    right = ComparedSideSerializer()


class ComparisonSerializer(PageSerializer):
    """Two snapshots, the counts of the whole comparison whatever is filtered, and a page of rows."""

    left = SnapshotSerializer()
    right = SnapshotSerializer()
    counts = BucketsSerializer()
    sections = serializers.DictField(child=BucketsSerializer())
    url = serializers.URLField(help_text="The page for people.")
    results = ComparedRowSerializer(many=True)


class CompareView(CsvView):
    """Two snapshots of one project."""

    export = "compare"
    scopes: ClassVar[Scopes] = {"GET": READ}
    parameters = PAGES | PARAMETERS | {"left", "right", FORMAT}

    @extend_schema(
        operation_id="compare_snapshots",
        summary="Compare two snapshots",
        description="Rows by section and name. The answer has an `ETag`; `If-None-Match` gives 304 while it holds.",
        parameters=[
            OpenApiParameter("left", str, required=True, description=ADDRESS),
            OpenApiParameter("right", str, required=True, description="As `left`; `#` is written `%23` in a query."),
            OpenApiParameter("only", enum=[*BUCKETS, UNSAID], description="Everything but `same` when left out."),
            OpenApiParameter("section", enum=[*SECTIONS, UNSAID]),
            OpenApiParameter("q", str, description="A part of the fact's name."),
            AS_CSV,
            *PAGE_PARAMETERS,
        ],
        responses={200: ComparisonSerializer, 304: OpenApiResponse(description="As you have it."), **READ_REFUSALS},
        examples=[EXAMPLE],
    )
    def get(self, request: Request, project: str) -> HttpResponseBase:
        """A page of what they have and have not in common."""
        del project
        file = self.csv(request)
        if file is not None:
            return file
        found = self.project()
        asked = _asked(request)
        left, right = (_place(found, request, name) for name in ("left", "right"))
        tag = _tag(request, left, right)
        if tag in [each.strip() for each in request.headers.get("If-None-Match", "").split(",")]:
            return Response(status=304, headers={"ETag": tag})
        pages = SequencePages(_key)
        rows = pages.paginate_sequence(rows_asked(left, right, asked), request)
        head = _head(found, left, right)
        page = pages.get_paginated_response([_row(row, left, right) for row in rows])
        return Response({**head, **page.data}, headers={"ETag": tag})


def _asked(request: Request) -> ComparisonFilter:
    try:
        return ComparisonFilter.read(request.query_params)
    except FilterError as error:
        raise bad_parameter(str(error)) from None


def _place(project: Project, request: Request, name: str) -> Place:
    text = request.query_params.get(name)
    if not text:
        raise bad_parameter(f"{name} is needed: the address of a snapshot, such as production or production~2")
    try:
        place = find_place(project, text, timezone.now())
    except AddressError as error:
        raise bad_parameter(f"{name}: {error}") from None
    if place is None:
        raise nothing_here()
    return place


def _tag(request: Request, left: Place, right: Place) -> str:
    """Of all that the answer is made of: the rules, both snapshots as stored, and the question."""
    sides = [(snapshot_document(each.environment, each.snapshot), each.environment.tier, each.environment.kind,
              each.snapshot.sections) for each in (left, right)]  # fmt: skip
    made = json.dumps([RULES, sides, request.get_full_path()], cls=DjangoJSONEncoder, sort_keys=True)
    return f'"{hashlib.sha256(made.encode()).hexdigest()[:32]}"'


def _head(project: Project, left: Place, right: Place) -> dict[str, Any]:
    sections = counts_of(comparison_of(left, right))
    heads = [SnapshotSerializer(snapshot_document(each.environment, each.snapshot)).data for each in (left, right)]
    query = "&".join(f"{name}={_quoted(each.asked)}" for name, each in (("left", left), ("right", right)))
    url = f"{page_url(project, 'compare')}?{query}"
    return {"left": heads[0], "right": heads[1], "counts": total(sections), "sections": sections, "url": url}


def _quoted(address: str) -> str:
    return address.replace("#", "%23").replace("+", "%2B").replace("{", "%7B").replace("}", "%7D").replace(" ", "%20")


def _key(row: Row) -> tuple[str, str]:
    return row.section, row.name


def _row(row: Row, left: Place, right: Place) -> dict[str, Any]:
    return row_document(row, _side(left, row, row.left), _side(right, row, row.right))


def _side(place: Place, row: Row, fact: Fact) -> dict[str, Any]:
    at = zulu(place.snapshot.sections.get(row.section, {}).get("at"))
    return fact_document(fact, sources_of(place, row.section, fact), at)
