"""`PUT /api/v1/policies/{sha256}`: the text of `parity.toml`."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import ApiView, Scopes
from paritycheck.api.body import WireCall, taken
from paritycheck.api.schema import REFUSALS, FaultSerializer, opaque
from paritycheck.services.ingest import store_policy
from paritycheck_agent.wire import limits
from paritycheck_agent.wire.errors import Invalid
from paritycheck_agent.wire.reading import decode


class PolicyKeptSerializer(serializers.Serializer[Any]):
    """The text was kept; with errors it never comes in force."""

    errors = FaultSerializer(many=True)  # type: ignore[assignment]  # DRF takes fields off the class


class PoliciesView(ApiView):
    """Keeps a text once per project; it comes in force when the baseline reports it."""

    scopes: ClassVar[Scopes] = {"PUT": {"report", "gate"}}
    wire = WireCall("PUT", "application/toml", limits.POLICY_BYTES, limits.POLICY_BYTES, spends=True)

    @extend_schema(
        operation_id="put_policy",
        summary="Send a policy",
        request=opaque("application/toml"),
        responses={201: PolicyKeptSerializer, **REFUSALS},
    )
    def put(self, request: Request, sha256: str) -> Response:
        """Keep one text; the answer names its mistakes with line and column."""
        text = taken(request).decoded
        if not text:
            raise Invalid("empty-body", "the body is empty")
        if "\0" in decode(text):
            raise Invalid("control-character", "the text holds the character U+0000")
        return Response(store_policy(token=self.token, digest=bytes.fromhex(sha256), text=text), status=201)
