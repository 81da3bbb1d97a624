"""`POST /api/v1/enroll`: an enrol token for one of an instance's own, and its renewal before it ends."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.asked import read_asked, wrong
from paritycheck.api.base import ApiView, Scopes
from paritycheck.api.body import WireCall
from paritycheck.api.schema import REFUSALS
from paritycheck.models import Token
from paritycheck.services.enrolment import LIVES, RENEWED_AT, enrol_instance, renew_in, renew_token
from paritycheck_agent.wire import limits
from paritycheck_agent.wire.errors import Problems
from paritycheck_agent.wire.fields import check_strings, check_text

BODY_BYTES = 4 * 1024
CODE = "invalid-enrolment"
EXAMPLE = {
    "token": "pca_Ef5kTq0Zp2Lm_...",
    "id": "Ef5kTq0Zp2Lm",
    "project": "shop",
    "environment": "staging",
    "instance": "web-1",
    "expires_at": "2027-05-23T09:12:03Z",
    "expires_in": int(LIVES.total_seconds()),
    "renew_in": int((LIVES * RENEWED_AT).total_seconds()),
}


class AskedEnrolmentSerializer(serializers.Serializer[Any]):
    """Who enrols."""

    instance = serializers.CharField(max_length=limits.NAME_CHARS, help_text="The id that its reports name.")
    project = serializers.CharField(
        required=False, help_text="The project that the agent believes to be in: another one than the token's is 401."
    )


class EnrolledSerializer(serializers.Serializer[Any]):
    """A token that reports as this instance alone."""

    token = serializers.CharField(help_text="In this answer and nowhere else.")
    id = serializers.CharField()
    project = serializers.CharField()
    environment = serializers.CharField()
    instance = serializers.CharField()
    expires_at = serializers.DateTimeField()
    expires_in = serializers.IntegerField(help_text="Seconds.")
    renew_in = serializers.IntegerField(help_text="Seconds until another should be asked for.")


class EnrolView(ApiView):
    """For whoever installs agents."""

    scopes: ClassVar[Scopes] = {"POST": {"enroll"}}
    wire = WireCall("POST", "application/json", BODY_BYTES)

    @extend_schema(
        operation_id="enroll",
        summary="Enrol an instance",
        request=AskedEnrolmentSerializer,
        examples=[
            OpenApiExample("A host", {"instance": "web-1", "project": "shop"}, request_only=True),
            OpenApiExample("Enrolled", EXAMPLE, response_only=True, status_codes=["201"]),
        ],
        responses={201: EnrolledSerializer, **REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """With a `pce_` token, of which this is one use. An instance that got a token less than a minute ago, and the
        eleventh of a project within a minute, are answered 429. Earlier tokens of the instance end after a day.
        """
        said = read_asked(request, CODE, {"instance": str, "project": str}, ("instance",))
        _check(said)
        now = timezone.now()
        made = enrol_instance(token=self.token, key=said["instance"], slug=said.get("project"), now=now)
        return _answer(*made)


class RenewView(ApiView):
    """For agents that enrolled."""

    scopes: ClassVar[Scopes] = {"POST": {"renew"}}
    wire = WireCall("POST", "application/json", BODY_BYTES)

    @extend_schema(
        operation_id="renew_token",
        summary="Renew an instance's token",
        request=serializers.Serializer,
        examples=[OpenApiExample("Renewed", EXAMPLE, response_only=True, status_codes=["201"])],
        responses={201: EnrolledSerializer, **REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """With the token that the instance has, from half of its life on; the body is `{}`. The old one goes on for a
        day.
        """
        read_asked(request, CODE, {})
        return _answer(*renew_token(token=self.token, now=timezone.now()))


def _check(said: dict[str, Any]) -> None:
    """The instance is named as in a report."""
    problems = Problems(CODE)
    check_strings({"instance": said["instance"]}, problems)
    check_text(said["instance"], "/instance", problems, limits.NAME_CHARS)
    problems.finish()
    if any(ord(character) < ord(" ") or character == "\x7f" for character in said["instance"]):
        raise wrong(CODE, "instance", "holds a control character")


def _answer(token: Token, text: str) -> Response:
    now = timezone.now()
    assert token.project is not None  # noqa: S101  what enrolment gives is bound
    assert token.environment is not None  # noqa: S101  the same
    assert token.expires_at is not None  # noqa: S101  the same
    document = {
        "token": text,
        "id": token.pk,
        "project": token.project.slug,
        "environment": token.environment.slug,
        "instance": token.instance_key,
        "expires_at": token.expires_at,
        "expires_in": int((token.expires_at - now).total_seconds()),
        "renew_in": int(renew_in(token, now).total_seconds()),
    }
    return Response(document, status=201)
