"""`POST /api/v1/reports`: what holds, by digest."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import ApiView, Scopes
from paritycheck.api.body import WireCall, taken
from paritycheck.api.schema import REFUSALS, opaque
from paritycheck.selectors import clock
from paritycheck.services.heartbeat import beat_in_turn
from paritycheck.services.ingest import take_report
from paritycheck.services.reports import clock_warnings
from paritycheck_agent.wire import limits
from paritycheck_agent.wire.reading import read_json
from paritycheck_agent.wire.reports import check_report, state_of


class CommitsWantedSerializer(serializers.Serializer[Any]):
    """Which commits to send."""

    have = serializers.ListField(child=serializers.CharField(), required=False, help_text="At most 20 the server has.")
    tips = serializers.ListField(child=serializers.CharField(), required=False, help_text="Their parents are unknown.")
    want = serializers.IntegerField(help_text="How many a call may bring.")


class MissingSerializer(serializers.Serializer[Any]):
    """Nothing was taken: send these bodies and the report again; or the report is old news."""

    missing = serializers.ListField(child=serializers.CharField(), required=False)
    commits = CommitsWantedSerializer(required=False)
    report = serializers.UUIDField(required=False)
    duplicate = serializers.BooleanField(required=False)
    stale = serializers.BooleanField(required=False)
    current_seq = serializers.IntegerField(required=False)


class TakenSerializer(serializers.Serializer[Any]):
    """The report was taken."""

    report = serializers.UUIDField()
    snapshot = serializers.IntegerField(required=False)
    unchanged = serializers.BooleanField(required=False)
    interval_s = serializers.IntegerField(required=False)
    warnings = serializers.ListField(child=serializers.CharField(), required=False)
    commits = CommitsWantedSerializer(required=False)


class ReportsView(ApiView):
    """Takes reports of agents; a heartbeat is answered here as `api/heartbeat.py` answers it."""

    scopes: ClassVar[Scopes] = {"POST": {"report"}}
    wire = WireCall("POST", "application/json", limits.REPORT_BYTES)

    @extend_schema(
        operation_id="send_report",
        summary="Send a report",
        request=opaque("application/json"),
        responses={
            202: TakenSerializer,
            200: OpenApiResponse(MissingSerializer, description="Bodies are missing, or a duplicate, or stale."),
            **REFUSALS,
        },
    )
    def post(self, request: Request) -> Response:
        """Take one report, or say what is missing for it."""
        document = read_json(taken(request).decoded)
        warnings = check_report(document)
        now = clock.now()
        if not warnings and not clock_warnings(document, now) and self._beats(document):
            return Response({"report": str(UUID(document["report_id"])), "unchanged": True}, status=202)
        answer = take_report(token=self.token, document=document, warnings=warnings, now=now)
        return Response(answer.body, status=answer.status)

    def _beats(self, document: dict[str, Any]) -> bool:
        key = document["instance"]["id"]
        own = self.token.instance_key in {"", key}
        return (
            own
            and self.token.environment_id is not None
            and beat_in_turn(
                environment_id=self.token.environment_id,
                key=key,
                state=state_of(document),
                seq=document["seq"],
                report_id=UUID(document["report_id"]),
            )
        )
