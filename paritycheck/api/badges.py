"""`/api/v1/projects/{project}/badge`, and the image itself, for whoever has its address."""

from typing import Any, ClassVar

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import READ, ApiView, Scopes, bad_parameter, nothing_here
from paritycheck.api.headers import KEPT_FOR
from paritycheck.api.schema import BAD_REQUEST, BUSY, GONE, READ_REFUSALS
from paritycheck.api.shapes import ProjectApiView, page_url
from paritycheck.core.badge import badge, markdown
from paritycheck.models import Badge, Pair, Project
from paritycheck.selectors.badges import badge_at, badge_of, band_of, headline_of, pair_named
from paritycheck.selectors.projects import live_drifts_by_pair
from paritycheck.services.badges import address_of, end_badge, make_badge
from paritycheck.services.handing_out import require_administering

ADMIN = frozenset({"admin"})
SVG = "image/svg+xml"
MINUTE = "public, max-age=60"
IMAGE = "https://parity.example/api/v1/badges/Zr0wV5mJ8uQ2nT7yLx3cKd9fHb6sAeGi.svg"
EXAMPLE = {
    "url": IMAGE,
    "markdown": markdown(IMAGE, "https://parity.example/p/shop"),
    "made_by": "maria@example.com",
    "made_at": "2026-11-24T09:12:03Z",
}


class BadgeSerializer(serializers.Serializer[Any]):
    """Where a project's badge is; all null while it has none."""

    url = serializers.CharField(allow_null=True, help_text="Opens for whoever has it, without signing in.")
    markdown = serializers.CharField(allow_null=True, help_text="The line for a README.")
    made_by = serializers.CharField(allow_null=True)
    made_at = serializers.DateTimeField(allow_null=True)


def badge_document(project: Project, found: Badge | None) -> dict[str, Any]:
    """A badge as scripts read it."""
    if found is None:
        return {"url": None, "markdown": None, "made_by": None, "made_at": None}
    url = address_of(found)
    return {
        "url": url,
        "markdown": markdown(url, page_url(project)),
        "made_by": found.made_by,
        "made_at": found.made_at,
    }


class BadgeView(ProjectApiView):
    """The badge of a project: seen by its readers, made and ended by its maintainers."""

    http_method_names = ["get", "head", "post", "delete"]  # noqa: RUF012  Django's own form
    scopes: ClassVar[Scopes] = {"GET": READ, "POST": ADMIN, "DELETE": ADMIN}

    @extend_schema(
        operation_id="get_badge",
        summary="Where is the badge?",
        examples=[OpenApiExample("Made", EXAMPLE, response_only=True)],
        responses={200: BadgeSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str) -> Response:
        """Its address, and the Markdown line to copy."""
        del request, project
        found = self.project()
        return Response(badge_document(found, badge_of(found)))

    @extend_schema(
        operation_id="make_badge",
        summary="Make the badge, or give it a new address",
        request=None,
        examples=[OpenApiExample("Made", EXAMPLE, response_only=True, status_codes=["201"])],
        responses={201: BadgeSerializer, **READ_REFUSALS},
    )
    def post(self, request: Request, project: str) -> Response:
        """The old address ends at once."""
        del request, project
        found = self.project()
        made = make_badge(project=found, by=self.token.user, now=timezone.now())
        return Response(badge_document(found, made), status=201)

    @extend_schema(operation_id="end_badge", summary="End the badge", responses={204: None, **READ_REFUSALS})
    def delete(self, request: Request, project: str) -> Response:
        """Its address is 404 at once; who keeps images shows it for up to a minute more."""
        del request, project
        found = self.project()
        user, badge_found = require_administering(user=self.token.user, project=found), badge_of(found)
        if badge_found is None:
            raise nothing_here()
        end_badge(badge=badge_found, by=user)
        return Response(status=204)


class BadgeImageView(ApiView):
    """The image, for whoever has its address; nothing else of the project is told."""

    http_method_names = ["get", "head"]  # noqa: RUF012  Django's own form
    authentication_classes = ()
    permission_classes = ()
    scopes: ClassVar[Scopes] = {"GET": frozenset()}
    parameters = frozenset({"pair"})

    @extend_schema(
        operation_id="get_badge_image",
        summary="The badge as SVG",
        auth=[],
        parameters=[
            OpenApiParameter(
                "pair", str, description="Such as `staging..production`; left out, the one next to the baseline."
            )
        ],
        responses={
            (200, SVG): OpenApiResponse(OpenApiTypes.STR, description="Parity, coverage and band."),
            **BAD_REQUEST,
            **GONE,
            **BUSY,
        },
    )
    def get(self, request: Request, secret: str) -> HttpResponse:
        """Parity and coverage of one pair with the word of its band. Ended, wrong, and a pair that is none: 404."""
        found = badge_at(secret)
        if found is None:
            raise nothing_here()
        pair = _pair(found.project, request.query_params.get("pair"))
        drifts = live_drifts_by_pair(found.project).get((pair.left_id, pair.right_id), {}) if pair else {}
        drawn = badge(pair.parity if pair else None, pair.coverage if pair else None, band_of(pair, drifts))
        response = HttpResponse(drawn, content_type=SVG)
        setattr(response, KEPT_FOR, MINUTE)
        return response


def _pair(project: Project, asked: str | None) -> Pair | None:
    """The asked pair, else the one that stands for the project."""
    if asked is None:
        return headline_of(project)
    left, between, right = asked.partition("..")
    if not (left and between and right):
        raise bad_parameter("pair is two environments, such as staging..production")
    pair = pair_named(project, left, right)
    if pair is None:
        raise nothing_here()
    return pair
