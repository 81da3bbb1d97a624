"""Who asks: bearer tokens in the Authorization header, and nowhere else."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from typing_extensions import override

from paritycheck.core import tokens as form
from paritycheck.core.networks import peer_of
from paritycheck.models import Token, User
from paritycheck.services.errors import Refused
from paritycheck.services.exposed import revoke_exposed
from paritycheck.services.token_places import may_come_from, refuse_place
from paritycheck.services.tokens import authenticate

TOKEN = "paritycheck.token"  # noqa: S105  the name of a key of META
IN_URL = re.compile(r"(?:\A|[?&;])(?:access_)?token=")
ANY_TOKEN = re.compile(r"\bpc[aegu]_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}\b")


def identify(authorization: str, address: str) -> Token:
    """The token of an Authorization header; every failure is the same refusal, but that of a token used elsewhere."""
    scheme, _, text = authorization.partition(" ")
    token = authenticate(text.strip(), address) if scheme.lower() == "bearer" else None
    if token is None:
        # Of every token of this form, known once or never: it tells nothing, and an agent that may enrol does.
        extra = {"reenroll": True} if may_enrol_anew(text.strip()) else {}
        raise Refused("unauthenticated", 401, "send a valid token as Authorization: Bearer", extra=extra)
    if not may_come_from(token, address):
        raise refuse_place(token=token, address=address)
    return token


def may_enrol_anew(text: str) -> bool:
    """Whether this has the form of a token of an agent."""
    return form.well_formed(text) and form.token_kind(text) == "report"


def peer(meta: Mapping[str, Any]) -> str:
    """The address that a request comes from, empty where a socket of this machine brings it."""
    return peer_of(meta.get("REMOTE_ADDR", ""), meta.get("HTTP_X_FORWARDED_FOR", ""), settings.TRUSTED_PROXIES)


def token_of(meta: dict[str, Any]) -> Token:
    """The request's token, looked up once."""
    if TOKEN not in meta:
        meta[TOKEN] = identify(meta.get("HTTP_AUTHORIZATION", ""), peer(meta))
    token: Token = meta[TOKEN]
    return token


def refuse_in_url(meta: Mapping[str, Any], path: str) -> None:
    """Raise for a token in the URL, where proxies and browsers write it down; the token is revoked."""
    query = meta.get("QUERY_STRING", "")
    seen = ANY_TOKEN.findall(f"{path}?{unquote_plus(query)}")
    if not seen and not IN_URL.search(query):
        return
    for text in seen[:5]:
        revoke_exposed(text=text)
    raise Refused("token-in-url", 400, "send tokens as Authorization: Bearer; the one in the URL was revoked")


class TokenAuthentication(BaseAuthentication):
    """DRF's way to `identify`. `request.auth` is the token, `request.user` its person, None for a machine."""

    @override
    def authenticate(self, request: Request) -> tuple[User | None, Token]:
        token = token_of(request.META)
        return token.user, token

    @override
    def authenticate_header(self, request: Request) -> str:
        del request
        return "Bearer"


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library registers it
    """How the OpenAPI document names it."""

    target_class = TokenAuthentication
    name = "token"

    @override
    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        del auto_schema
        return {"type": "http", "scheme": "bearer", "bearerFormat": "pca_, pcg_, pce_ or pcu_ token"}
