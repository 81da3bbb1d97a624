"""`/api/v1/projects/{project}/gate`: CI asks with a candidate, a promotion is asked for with curl alone."""

from typing import Any, ClassVar

from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api import documents
from paritycheck.api.base import Scopes, bad_parameter, nothing_here
from paritycheck.api.body import WireCall, taken
from paritycheck.api.schema import GONE, READ_REFUSALS, REFUSALS, opaque, refused
from paritycheck.api.shapes import FACT_STATES, SEVERITIES, ProjectApiView
from paritycheck.core.addresses import is_slug
from paritycheck.selectors import clock
from paritycheck.selectors.projects import find_environment
from paritycheck.services.gate import Question, judge_candidate, judge_promotion
from paritycheck_agent.wire import limits
from paritycheck_agent.wire.candidates import check_candidate
from paritycheck_agent.wire.reading import read_json

STATUS = {"pass": 200, "fail": 412, "unknown": 424}
PARAMETERS = frozenset({"environment", "against", "fail_on", "max_age_s", "min_coverage", "strict"})
MOST_PERCENT = 100


class FindingSideSerializer(serializers.Serializer[Any]):
    """One side of a finding; members beyond these are the fact's own."""

    name = serializers.CharField()
    state = serializers.ChoiceField(FACT_STATES)
    kind = serializers.CharField(required=False)
    value = serializers.JSONField(required=False, help_text="A string, or several.")
    reason = serializers.CharField(required=False)
    sources = serializers.ListField(child=serializers.CharField())


class FindingSerializer(serializers.Serializer[Any]):
    """An expectation that does not hold."""

    id = serializers.CharField()
    section = serializers.CharField()
    name = serializers.CharField()
    rule = serializers.CharField()
    severity = serializers.ChoiceField(SEVERITIES)
    distance = serializers.IntegerField(allow_null=True)
    expectation = serializers.CharField()
    left = FindingSideSerializer()
    right = FindingSideSerializer()


class FindingWaiverSerializer(serializers.Serializer[Any]):
    """What accepts a finding; `id` is null where a file does."""

    id = serializers.UUIDField(allow_null=True)
    source = serializers.ChoiceField(  # type: ignore[assignment]  # DRF takes fields off the class
        ("candidate", "policy", "person")
    )
    reason = serializers.CharField()
    owner = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True)


class WaivedFindingSerializer(FindingSerializer):
    """A finding that is accepted."""

    waiver = FindingWaiverSerializer()


class UnknownFactSerializer(serializers.Serializer[Any]):
    """A fact that could not be compared."""

    section = serializers.CharField()
    name = serializers.CharField()
    reason = serializers.CharField()


class CandidateSerializer(serializers.Serializer[Any]):
    """What was judged: a commit, or an environment's snapshot."""

    commit = serializers.CharField(allow_null=True)
    branch = serializers.CharField(allow_null=True, required=False)
    dirty = serializers.BooleanField(required=False)
    environment = serializers.CharField(required=False)
    snapshot = serializers.CharField(allow_null=True, required=False)
    age_s = serializers.IntegerField(allow_null=True, required=False)


class AgainstSerializer(serializers.Serializer[Any]):
    """What it was compared with, and how long ago that was confirmed."""

    environment = serializers.CharField()
    snapshot = serializers.CharField(allow_null=True)
    age_s = serializers.IntegerField(allow_null=True)


class BaseSerializer(serializers.Serializer[Any]):
    """What the default branch brings already."""

    source = serializers.ChoiceField(  # type: ignore[assignment]  # DRF takes fields off the class
        ("default-branch", "merge-base", "none")
    )
    commit = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField(allow_null=True)


class GatePolicySerializer(serializers.Serializer[Any]):
    """The policy that judged."""

    version = serializers.IntegerField()
    sha256 = serializers.CharField(allow_null=True)


class VerdictSerializer(serializers.Serializer[Any]):
    """The gate's answer, `paritycheck.gate/1`; where bodies are missing it is `{"missing": [...]}` instead."""

    schema = serializers.CharField()
    verdict = serializers.ChoiceField(("pass", "fail", "unknown"))
    exit_code = serializers.IntegerField()
    reason = serializers.CharField(required=False, help_text="Of verdict unknown: stale or coverage.")
    fail_on = serializers.ChoiceField(SEVERITIES)
    project = serializers.CharField()
    candidate = CandidateSerializer()
    against = AgainstSerializer()
    base = BaseSerializer()
    policy = GatePolicySerializer()
    coverage = serializers.FloatField()
    introduced = FindingSerializer(many=True)
    fixed = FindingSerializer(many=True)
    remaining = FindingSerializer(many=True)
    waived = WaivedFindingSerializer(many=True, help_text="Those first that the change itself waives.")
    unknown = UnknownFactSerializer(many=True)
    warnings = serializers.ListField(child=serializers.CharField())
    url = serializers.URLField()


class GateView(ProjectApiView):
    """Judges, and of a candidate keeps the verdict."""

    scopes: ClassVar[Scopes] = {"POST": {"gate"}, "GET": {"gate", "read"}}
    wire = WireCall("POST", "application/json", limits.REPORT_BYTES)
    parameters = PARAMETERS

    @extend_schema(
        operation_id="ask_gate",
        summary="Would this change bring drift?",
        request=opaque("application/json"),
        responses={200: VerdictSerializer, **REFUSALS, **GONE},
    )
    def post(self, request: Request, project: str) -> Response:
        """Judge a candidate; bodies go first, by digest."""
        del project
        document = read_json(taken(request).decoded)
        warnings = check_candidate(document)
        if request.query_params:
            raise bad_parameter("this call takes no query parameters")
        answer = judge_candidate(
            token=self.token, project=self.project(), document=document, warnings=warnings, now=clock.now()
        )
        return Response(answer)

    @extend_schema(
        operation_id="ask_promotion",
        summary="Would this promotion bring drift?",
        parameters=[
            OpenApiParameter("environment", str, required=True, description="What would be promoted."),
            OpenApiParameter("against", str, description="The baseline when left out."),
            OpenApiParameter("fail_on", enum=list(SEVERITIES)),
            OpenApiParameter("max_age_s", int, description="How old the evidence may be, in seconds."),
            OpenApiParameter("min_coverage", int, description="0 to 100 percent."),
            OpenApiParameter("strict", enum=["0", "1"], description="1: 412 for fail, 424 for unknown."),
        ],
        responses={
            200: VerdictSerializer,
            **refused(412, "Strict, and the verdict is fail; the verdict's members stand beside."),
            **refused(424, "Strict, and the verdict is unknown; the verdict's members stand beside."),
            **READ_REFUSALS,
        },
    )
    def get(self, request: Request, project: str) -> Response:
        """Judge a promotion; keeps nothing."""
        del project
        query = request.query_params
        slug, against, question = _slug(query, "environment"), query.get("against"), _question(query)
        if slug is None:
            raise bad_parameter("environment is needed: what would be promoted")
        found = self.project()
        environment = find_environment(found, slug)
        if environment is None:
            raise nothing_here()
        if against is not None:
            _slug(query, "against")
        answer = judge_promotion(
            project=found, environment=environment, against=against, question=question, now=clock.now()
        )
        return _strictly(request, answer) if query.get("strict") == "1" else Response(answer)


def _slug(query: QueryDict, name: str) -> str | None:
    said = query.get(name)
    if said is not None and not is_slug(said):
        raise bad_parameter(f"{name} is the name of an environment")
    return said


def _question(query: QueryDict) -> Question:
    fail_on = query.get("fail_on", "error")
    if fail_on not in SEVERITIES:
        raise bad_parameter(f"fail_on is one of {', '.join(SEVERITIES)}")
    if query.get("strict", "0") not in {"0", "1"}:
        raise bad_parameter("strict is 0 or 1")
    coverage = _number(query, "min_coverage", MOST_PERCENT)
    return Question(fail_on, _number(query, "max_age_s", limits.INTEGER_MAX), coverage or 0)


def _number(query: QueryDict, name: str, most: int) -> int | None:
    said = query.get(name)
    if said is None:
        return None
    if not (said.isascii() and said.isdigit() and len(said) <= len(str(most)) and int(said) <= most):
        raise bad_parameter(f"{name} is a whole number from 0 to {most}")
    return int(said)


def _strictly(request: Request, answer: dict[str, Any]) -> Response:
    """A verdict whose status alone tells: a pass as ever, anything else as a problem that holds the verdict too."""
    status = STATUS[answer["verdict"]]
    if status == STATUS["pass"]:
        return Response(answer)
    code, detail = ("drift", "drift at or above fail_on") if status == STATUS["fail"] else ("no-evidence", "too little")
    problem = documents.Problem(code, status, detail, extra=answer)
    return Response(
        documents.document(problem, documents.request_id(request)), status=status, content_type=documents.MEDIA_TYPE
    )
