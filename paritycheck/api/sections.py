"""`PUT /api/v1/sections/{sha256}`: one section's facts, or its evidence, as lines."""

from typing import ClassVar

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import ApiView, Scopes
from paritycheck.api.body import WireCall, taken
from paritycheck.api.schema import REFUSALS, opaque
from paritycheck.services.ingest import store_section
from paritycheck_agent.wire import limits


class SectionsView(ApiView):
    """Keeps a body as it came, once per project."""

    scopes: ClassVar[Scopes] = {"PUT": {"report", "gate"}}
    wire = WireCall("PUT", "application/x-ndjson", limits.BODY_WIRE_BYTES, limits.BODY_BYTES, spends=True)

    @extend_schema(
        operation_id="put_section",
        summary="Send one body of a section",
        request=opaque("application/x-ndjson"),
        responses={201: OpenApiResponse(description="Kept, or it was there already."), **REFUSALS},
    )
    def put(self, request: Request, sha256: str) -> Response:
        """Check and keep one body; 201 also when it was there already."""
        body = taken(request)
        store_section(token=self.token, digest=bytes.fromhex(sha256), decoded=body.decoded, gzipped=body.gzipped)
        return Response({}, status=201)
