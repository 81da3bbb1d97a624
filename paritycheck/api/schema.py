"""The OpenAPI document of the API, and what every call's description shares."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from drf_spectacular.views import SpectacularAPIView
from rest_framework import serializers

from paritycheck.api.base import OnlyJson
from paritycheck.api.documents import MEDIA_TYPE
from paritycheck.api.pagination import MOST, USUAL


class FaultSerializer(serializers.Serializer[Any]):
    """One thing that is wrong, and where."""

    line = serializers.IntegerField(required=False)
    column = serializers.IntegerField(required=False)
    pointer = serializers.CharField(required=False)
    code = serializers.CharField(required=False)
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """An error (RFC 9457). Never repeats what was sent."""

    type = serializers.URLField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    instance = serializers.CharField(help_text="`urn:uuid:` and the request's id, as in the server's log.")
    retryable = serializers.BooleanField(help_text="Whether the same request can succeed later.")
    reenroll = serializers.BooleanField(
        required=False, help_text="With 401 to a token of an agent: one that may enrol can do so anew."
    )
    errors = FaultSerializer(  # type: ignore[assignment]  # DRF takes fields off the class
        many=True, required=False, help_text="At most 20."
    )


def refused(status: int, description: str) -> dict[tuple[int, str], OpenApiResponse]:
    """An error's entry among the responses of a call."""
    return {(status, MEDIA_TYPE): OpenApiResponse(ProblemSerializer, description=description)}


BAD_REQUEST = refused(400, "Malformed, or a parameter that is not known.")
CLOSED = {**refused(401, "No valid token."), **refused(403, "The token's scopes do not allow it.")}
GONE = refused(404, "Nothing here, or no access to it.")
BUSY = {**refused(429, "Too many requests; see Retry-After."), **refused(503, "Not available just now.")}

REFUSALS: Mapping[Any, OpenApiResponse] = {
    **BAD_REQUEST,
    **CLOSED,
    **refused(411, "No Content-Length."),
    **refused(413, "Too large, as received or decoded."),
    **refused(415, "Content-Type or Content-Encoding is not taken."),
    **refused(422, "Understood and refused; `errors` says where."),
    **BUSY,
}
READ_REFUSALS: Mapping[Any, OpenApiResponse] = {**BAD_REQUEST, **CLOSED, **GONE, **BUSY}

UNSAID = ""
"""A choice of a filter: pages' forms send what was not chosen as well, and their addresses are good here."""

PAGE_SIZE = {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}
PAGE_PARAMETERS = [
    OpenApiParameter("cursor", str, description="From `next` or `previous` of a page."),
    OpenApiParameter("page_size", PAGE_SIZE, description="How many rows."),
]


def opaque(media_type: str) -> dict[str, Any]:
    """A request body that the wire's own schemas describe, not this document."""
    return {media_type: OpenApiTypes.OBJECT if media_type == "application/json" else OpenApiTypes.BINARY}


class SchemaView(SpectacularAPIView):
    """`GET /api/v1/schema`: the document itself, for everybody."""

    content_negotiation_class = OnlyJson
    renderer_classes = [OpenApiJsonRenderer]  # noqa: RUF012  DRF's own form
    http_method_names = ["get", "head"]  # noqa: RUF012  Django's own form
