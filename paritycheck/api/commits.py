"""`POST /api/v1/commits`: the commit graph, as lines."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import ApiView, Scopes
from paritycheck.api.body import WireCall, taken
from paritycheck.api.schema import REFUSALS, opaque
from paritycheck.services.ingest import take_commits
from paritycheck_agent.wire import limits
from paritycheck_agent.wire.commits import check_commits


class CommitsTakenSerializer(serializers.Serializer[Any]):
    """The commits were taken."""

    commits = serializers.IntegerField(help_text="How many of them were new.")


class CommitsView(ApiView):
    """Keeps commits once per project, by git's own hash."""

    scopes: ClassVar[Scopes] = {"POST": {"report"}}
    wire = WireCall("POST", "application/x-ndjson", limits.BODY_WIRE_BYTES, limits.BODY_BYTES, spends=True)

    @extend_schema(
        operation_id="send_commits",
        summary="Send commits",
        request=opaque("application/x-ndjson"),
        responses={202: CommitsTakenSerializer, **REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """Take at most 500 commits."""
        header, commits = check_commits(taken(request).decoded)
        return Response(take_commits(token=self.token, header=header, commits=commits), status=202)
