"""The headers that every answer under `/api/` carries, whoever made it."""

from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

FIXED = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)


def security(*, secure: bool) -> Iterable[tuple[str, str]]:
    """Name and value of each; `secure` says whether the request came by TLS, which alone may pin it."""
    if secure and settings.SECURE_HSTS_SECONDS:
        seconds = settings.SECURE_HSTS_SECONDS
        return (*FIXED, ("Strict-Transport-Security", f"max-age={seconds}; includeSubDomains; preload"))
    return FIXED


def harden(request: HttpRequest, response: HttpResponse) -> None:
    """Set them on an answer of Django's; nothing here varies by cookie."""
    for name, value in security(secure=request.is_secure()):
        response.headers[name] = value
    response.headers.pop("Vary", None)
