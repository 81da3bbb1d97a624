"""The headers that every answer under `/api/` carries, whoever made it."""

import hashlib
from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags

FIXED = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)


# Kept by whoever asked, and asked about each time: `no-store` would forbid to keep what the ETag is for.
CACHED = "private, no-cache"
# The attribute of an answer that is the same for everybody: its Cache-Control.
KEPT_FOR = "kept_for"
OK = 200


def security(*, secure: bool) -> Iterable[tuple[str, str]]:
    """Name and value of each; `secure` says whether the request came by TLS, which alone may pin it."""
    if secure and settings.SECURE_HSTS_SECONDS:
        seconds = settings.SECURE_HSTS_SECONDS
        return (*FIXED, ("Strict-Transport-Security", f"max-age={seconds}; includeSubDomains; preload"))
    return FIXED


def harden(request: HttpRequest, response: HttpResponseBase) -> None:
    """Set them on an answer of Django's; nothing here varies by cookie."""
    for name, value in security(secure=request.is_secure()):
        response.headers[name] = value
    response.headers.pop("Vary", None)
    if "ETag" in response.headers:
        response.headers["Cache-Control"] = getattr(response, KEPT_FOR, CACHED)
        response.headers["Vary"] = "Authorization"


def unless_known(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer to a GET with its ETag; 304 without a body for who has it already.

    The tag is of the bytes and weak, since a proxy may compress them. What it saves is the way, not the work.
    """
    if request.method not in {"GET", "HEAD"} or response.status_code != OK or response.streaming:
        return response
    if "ETag" in response.headers:
        # The view knew one before it made the answer.
        return response
    tag = f'W/"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    known = {said.removeprefix("W/") for said in parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))}
    if known & {"*", tag.removeprefix("W/")}:
        kept, response = getattr(response, KEPT_FOR, CACHED), HttpResponseNotModified()
        setattr(response, KEPT_FOR, kept)
    response.headers["ETag"] = tag
    return response
