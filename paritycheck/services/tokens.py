"""Issues, checks and revokes bearer tokens. Only the id and a hash are stored."""

import hmac
import secrets
from datetime import datetime, timedelta
from threading import Lock
from time import monotonic
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from paritycheck.codec.digests import digest_of
from paritycheck.core import tokens as form
from paritycheck.core.networks import stands_in
from paritycheck.core.plain import plain
from paritycheck.models import Environment, Project, Token, User
from paritycheck.models.tokens import TokenKind
from paritycheck.selectors.tokens import is_live
from paritycheck.services.audit import record
from paritycheck.services.errors import Refused

KEEP_S = 5.0
MINUTE = timedelta(minutes=1)
MOST_SAID = 500
LONGEST_NAME = 80
NOTED = (TokenKind.GATE, TokenKind.PERSONAL)
SCOPES: dict[str, list[str]] = {
    TokenKind.REPORT: ["report"],
    TokenKind.GATE: ["gate", "deploy", "record"],
    TokenKind.ENROL: ["enroll"],
    TokenKind.PERSONAL: ["read", "write", "waive", "admin"],
}
ENROLLED = ["report", "renew"]
"""The scopes of a token that an instance got by enrolling."""
_WORDS = {letter: word for word, letter in form.KINDS.items()}


class _Known:
    """Tokens that were good a moment ago, so that a heartbeat costs no query for them."""

    def __init__(self) -> None:
        self._rows: dict[bytes, tuple[float, Token]] = {}
        self._lock = Lock()

    def get(self, sha256: bytes) -> Token | None:
        until, token = self._rows.get(sha256, (0.0, None))
        return token if monotonic() < until else None

    def keep(self, sha256: bytes, token: Token, since: float) -> None:
        """`since` is when it was looked up: use does not make that younger."""
        with self._lock:
            if len(self._rows) > 10_000:  # noqa: PLR2004  a bound on memory, nothing depends on it
                self._rows.clear()
            self._rows[sha256] = (since + KEEP_S, token)

    def forget(self) -> None:
        with self._lock:
            self._rows.clear()


_known = _Known()


def authenticate(text: str, address: str = "") -> Token | None:
    """The live token that `text` is, else None. One with a wrong checksum costs no query.

    `address` is noted as where it was used last; whether it may be used from there is not asked here.

    A row is remembered for five seconds from when it was looked up, however often it is used meanwhile: that is how
    long a revocation may take to be seen by other processes.
    """
    if not form.well_formed(text):
        return None
    sha256 = digest_of(text.encode())
    known = _known.get(sha256)
    if known is not None:
        return known
    since = monotonic()
    token = _look_up(form.token_id(text), sha256, address)
    if token is not None:
        _known.keep(sha256, token, since)
    return token


def _look_up(ident: str, sha256: bytes, address: str) -> Token | None:
    owner = Q(user=None) | Q(user__is_active=True)
    rows = Token.objects.select_related("project", "environment", "user")
    token = rows.filter(is_live(), owner, id=ident).first()
    # An unknown id is compared as well, so that both answers take equally long.
    stored = bytes(token.sha256) if token else bytes(32)
    if token is None or not hmac.compare_digest(stored, sha256):
        return None
    _touch(token, address)
    return token


def forget_known() -> None:
    """Look every token up again: one of them was changed."""
    _known.forget()


def _touch(token: Token, address: str) -> None:
    """When and from where it was last used, to the minute.

    Of an agent's `spend` says when as well. Many agents may share one: a minute's first address stands for all.
    """
    if address and token.allowed_from and not stands_in(address, token.allowed_from.split()):
        return
    moved = token.kind in NOTED and address != (token.last_used_from or "")
    if moved or token.last_used_at is None or timezone.now() - token.last_used_at > MINUTE:
        Token.objects.filter(pk=token.pk).update(last_used_at=Now(), last_used_from=address or None)


@transaction.atomic
def issue_token(
    *,
    kind: str,
    project: Project | None = None,
    environment: Environment | None = None,
    user: User | None = None,
    scopes: list[str] | None = None,
    expires_at: datetime | None = None,
    name: str = "",
    by: User | None = None,
    **bounds: Any,
) -> tuple[Token, str]:
    """A new token and its text, which is shown once and kept nowhere. `bounds`: how many uses."""
    token, text = _make(
        kind,
        scopes=SCOPES[kind] if scopes is None else scopes,
        project=project,
        environment=environment,
        user=user,
        expires_at=expires_at,
        name=name,
        made_by=by.email if by else "",
        **bounds,
    )
    _note("token.issued", token, by)
    return token, text


@transaction.atomic
def issue_instance_token(*, source: Token, key: str, expires_at: datetime, action: str) -> tuple[Token, str]:
    """A token of one instance and its text, bound as the token is that it is given for."""
    token, text = _make(
        TokenKind.REPORT,
        scopes=ENROLLED,
        project=source.project,
        environment=source.environment,
        expires_at=expires_at,
        name=plain(key, LONGEST_NAME),
        made_by=source.made_by,
        allowed_from=source.allowed_from,
        instance_key=key,
    )
    _note(action, token, None, **{"for": str(source)})
    return token, text


def _make(kind: str, **fields: Any) -> tuple[Token, str]:
    text = form.make(_WORDS[kind], secrets.randbelow)
    digest = digest_of(text.encode())
    return Token.objects.create(id=form.token_id(text), kind=kind, sha256=digest, **fields), text


@transaction.atomic
def revoke_token(*, token: Token, by: User | None = None, why: str = "") -> None:
    """End a token: at once in this process, within five seconds in every other.

    Of an instance that enrolled all tokens end: a stolen one may have been exchanged for another.
    """
    for row in _with_it(token):
        end_token(token=row, by=by, why=why)


@transaction.atomic
def end_token(*, token: Token, by: User | None = None, why: str = "") -> None:
    """End this one alone."""
    if Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=Now()):
        _note("token.revoked", token, by, **({"why": why} if why else {}))
    _known.forget()
    # Another thread may have looked it up as it was before this is committed.
    transaction.on_commit(_known.forget)


def _with_it(token: Token) -> "QuerySet[Token]":
    rows = Token.objects.select_related("project", "environment")
    if not token.instance_key:
        return rows.filter(pk=token.pk)
    return rows.filter(environment=token.environment, instance_key=token.instance_key, revoked_at=None)


def _note(action: str, token: Token, by: User | None, **said: str) -> None:
    """In the project's log; a person's own token is of no project, and so in the installation's."""
    detail: dict[str, Any] = {
        "name": token.name,
        "scopes": token.scopes,
        "environment": token.environment.slug if token.environment else None,
        "expires_at": token.expires_at.isoformat(timespec="seconds") if token.expires_at else None,
        **({"instance": token.instance_key} if token.instance_key else {}),
        **({"uses": token.max_uses} if token.max_uses else {}),
        **said,
    }
    record(action=action, by=by, project=token.project, target=str(token), detail=detail)


def note_refusal(*, token: Token, code: str, detail: str) -> None:
    """Keep the last refusal of an agent's token: its code, its words and when. No submitted value is in them."""
    if token.kind == TokenKind.REPORT:
        said = {"code": code, "detail": detail[:MOST_SAID], "at": timezone.now().isoformat(timespec="seconds")}
        Token.objects.filter(pk=token.pk).update(refusal=said)


def spend(*, token: Token) -> None:
    """Take one from the token's bucket of 600, refilled 120 a minute.

    Raises Refused(rate-limited) with the seconds to wait when it is empty.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE paritycheck_token SET last_used_at = now(), bucket_at = now(),
                      bucket = least(600, bucket + extract(epoch FROM now() - bucket_at) * 2) - 1
                WHERE id = %s AND least(600, bucket + extract(epoch FROM now() - bucket_at) * 2) >= 1""",
            [token.pk],
        )
        if cursor.rowcount:
            return
    raise Refused(
        "rate-limited",
        429,
        "too many requests with this token",
        retryable=True,
        retry_after=1,
        extra={"limit": 600},
    )
