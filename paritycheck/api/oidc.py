"""`POST /api/v1/auth/oidc`: a CI's id token for a token of ten minutes (RFC 8693), so that no pipeline keeps one."""

from typing import Any, ClassVar

from allauth.core import ratelimit
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.asked import read_asked, wrong
from paritycheck.api.base import ApiView, Scopes
from paritycheck.api.body import WireCall
from paritycheck.api.schema import REFUSALS
from paritycheck.models import Token
from paritycheck.selectors import clock
from paritycheck.services.errors import Refused
from paritycheck.services.oidc import LIVES_S, exchange

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105  the name of a type
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  the name of a type
BODY_BYTES = 32 * 1024
CODE = "invalid-exchange"
LIMIT = "id_token_refused"
WAIT_S = 60
KNOWN = {"grant_type": str, "subject_token": str, "subject_token_type": str, "project": str}


class AskedExchangeSerializer(serializers.Serializer[Any]):
    """An id token, and the project it shall open."""

    grant_type = serializers.ChoiceField((GRANT,))
    subject_token = serializers.CharField(help_text="The id token; its audience is this server's address.")
    subject_token_type = serializers.ChoiceField((ID_TOKEN,))
    project = serializers.CharField()


class ExchangedSerializer(serializers.Serializer[Any]):
    """A gate token of the project."""

    access_token = serializers.CharField()
    issued_token_type = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds.")
    scope = serializers.CharField()


EXAMPLE = {
    "access_token": "pcg_Cd4kTq0Zp2Lm_...",
    "issued_token_type": ACCESS_TOKEN,
    "token_type": "Bearer",
    "expires_in": LIVES_S,
    "scope": "gate deploy record",
}


class OidcView(ApiView):
    """Signing in without a stored secret; for everybody whose id token a project trusts."""

    authentication_classes = ()
    permission_classes = ()
    scopes: ClassVar[Scopes] = {"POST": frozenset()}
    wire = WireCall("POST", "application/json", BODY_BYTES, signed=True)

    @extend_schema(
        operation_id="exchange_id_token",
        summary="Sign in with a CI's id token",
        auth=[],
        request=AskedExchangeSerializer,
        examples=[
            OpenApiExample(
                "A job on GitHub",
                {"grant_type": GRANT, "subject_token": "eyJ...", "subject_token_type": ID_TOKEN, "project": "shop"},
                request_only=True,
            ),
            OpenApiExample("For ten minutes", EXAMPLE, response_only=True),
        ],
        responses={200: ExchangedSerializer, **REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """Each id token once. Whatever is wrong with one, the answer is the same 401; the server's log says what. After
        60 refused ones from an address within a minute it is 429.
        """
        said = read_asked(request, CODE, KNOWN, tuple(KNOWN))
        for name, value in (("grant_type", GRANT), ("subject_token_type", ID_TOKEN)):
            if said[name] != value:
                raise wrong(CODE, name, f"is {value}")
        token, text = _exchanged(request, said)
        return Response({**EXAMPLE, "access_token": text, "scope": " ".join(token.scopes)})


def _exchanged(request: Request, said: dict[str, Any]) -> tuple[Token, str]:
    """Refused ones are counted by the address they come from, as sign-ins are: a farm of runners may share one."""
    asking = request._request  # noqa: SLF001  what counts sign-ins takes Django's request, not DRF's
    if not ratelimit.consume(asking, action=LIMIT, dry_run=True):
        detail = "too many id tokens from this address were refused"
        raise Refused("rate-limited", 429, detail, retryable=True, retry_after=WAIT_S)
    try:
        return exchange(slug=said["project"], id_token=said["subject_token"], now=clock.now())
    except Refused:
        ratelimit.consume(asking, action=LIMIT)
        raise
