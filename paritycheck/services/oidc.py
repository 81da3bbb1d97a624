"""A CI's id token for a gate token of ten minutes (RFC 8693). Every refusal looks the same; the log knows why."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt
import structlog
from django.conf import settings
from django.db import transaction

from paritycheck.codec.digests import digest_of
from paritycheck.core.trust import matches
from paritycheck.models import Project, SpentIdToken, Token, Trust
from paritycheck.models.tokens import TokenKind
from paritycheck.services.errors import Refused
from paritycheck.services.jwks import KeysError, key_of
from paritycheck.services.tokens import issue_token
from paritycheck.services.trusts import terms_of

log = structlog.get_logger(__name__)
LIVES_S: Final = 600
LEEWAY_S: Final = 60
LONGEST: Final = 16 * 1024
LONGEST_CLAIM: Final = 255
FARTHEST: Final = timedelta(days=1)
"""An id token lives for minutes; one that would live longer than this is none that we keep a `jti` for."""
NEEDED: Final = ("iss", "aud", "exp", "iat", "jti")


class _WrongError(Exception):
    """Why an id token is not taken, for the log."""


def exchange(*, slug: str, id_token: str, now: datetime) -> tuple[Token, str]:
    """A gate token of the project for an id token that one of its trusts means. Raises Refused(unauthenticated)."""
    try:
        project, trusts = _trusts(slug)
        claims = _verified(id_token, {trust.issuer for trust in trusts})
        return _spend(project, _meant(trusts, claims), claims, now)
    except _WrongError as error:
        log.warning("id token refused", project=slug[:63], reason=str(error))
        raise Refused("unauthenticated", 401, "this id token is not taken here") from None


def _trusts(slug: str) -> tuple[Project, list[Trust]]:
    project = Project.objects.filter(slug=slug).first()
    trusts = list(project.trusts.order_by("made_at", "id")) if project else []
    if project is None or not trusts:
        raise _WrongError("no such project, or it trusts nobody")
    return project, trusts


def _meant(trusts: list[Trust], claims: Mapping[str, Any]) -> Trust:
    for trust in trusts:
        if matches(terms_of(trust), claims):
            return trust
    raise _WrongError("no trust of the project means these claims")


def _verified(text: str, issuers: set[str]) -> Mapping[str, Any]:
    """The claims of a token that is whole, signed by one of the issuers, for us, and in its time."""
    if len(text) > LONGEST or not text.isascii():
        raise _WrongError("too long, or no ASCII")
    try:
        head = jwt.get_unverified_header(text)
        issuer = jwt.decode(text, options={"verify_signature": False}).get("iss")
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise _WrongError("no JSON Web Token") from None
    if head.get("alg") != "RS256" or "crit" in head:
        raise _WrongError("not RS256, or with extensions")
    if not isinstance(issuer, str) or issuer not in issuers:
        raise _WrongError("an issuer that the project does not trust")
    kid = head.get("kid")
    if not isinstance(kid, str) or len(kid) > LONGEST_CLAIM:
        raise _WrongError("no kid")
    return _decoded(text, issuer, kid)


def _decoded(text: str, issuer: str, kid: str) -> Mapping[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            text,
            key_of(issuer, kid),
            algorithms=["RS256"],
            audience=settings.PUBLIC_URL,
            issuer=issuer,
            leeway=LEEWAY_S,
            options={"require": list(NEEDED)},
        )
    except KeysError as error:
        raise _WrongError(f"keys of {issuer}: {error}") from None
    except (jwt.PyJWTError, ValueError, RecursionError, OverflowError) as error:
        raise _WrongError(type(error).__name__) from None
    if claims["aud"] not in (settings.PUBLIC_URL, [settings.PUBLIC_URL]):
        raise _WrongError("for others than us, too")
    if not isinstance(claims["jti"], str) or not 0 < len(claims["jti"]) <= LONGEST_CLAIM:
        raise _WrongError("no jti")
    return claims


@transaction.atomic
def _spend(project: Project, trust: Trust, claims: Mapping[str, Any], now: datetime) -> tuple[Token, str]:
    """Issue, once for each id token: of two that come at once the second waits for the first, and is refused."""
    until = datetime.fromtimestamp(int(claims["exp"]), UTC) + timedelta(seconds=LEEWAY_S)
    if until - now > FARTHEST:
        raise _WrongError("lives too long")
    SpentIdToken.objects.filter(until__lt=now).delete()
    digest = digest_of(f"{claims['iss']}\n{claims['jti']}".encode())
    _row, first = SpentIdToken.objects.get_or_create(digest=digest, defaults={"until": until})
    if not first:
        raise _WrongError("used before")
    expires = now + timedelta(seconds=LIVES_S)
    return issue_token(kind=TokenKind.GATE, project=project, name=f"sign-in of {trust}", expires_at=expires)
