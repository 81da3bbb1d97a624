"""Instances that enrol: a token of few uses and hours for one of their own, which is renewed before it ends."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, QuerySet

from paritycheck.models import Project, Token
from paritycheck.models.tokens import TokenKind
from paritycheck.selectors.tokens import enrolled_in, is_live
from paritycheck.services.errors import Refused
from paritycheck.services.tokens import end_token, issue_instance_token

LIVES: Final = timedelta(days=180)
RENEWED_AT: Final = 0.8
"""The part of its life after which an instance asks for a new token; it is given one from half of it on."""
OVERLAP: Final = timedelta(hours=24)
QUIET: Final = timedelta(seconds=60)
MINUTE: Final = timedelta(minutes=1)
A_MINUTE: Final = 10
MOST: Final = 2_000


def unknown_token() -> Refused:
    """The answer to a token that is used up, the same as to one that never was."""
    return Refused("unauthenticated", 401, "send a valid token as Authorization: Bearer")


@transaction.atomic
def enrol_instance(*, token: Token, key: str, slug: str | None, now: datetime) -> tuple[Token, str]:
    """Spend a use of an enrol token: a token of the instance `key` and its text. `slug` is the project that the agent
    believes to be in, where it says so.

    Raises Refused: unauthenticated (used up, ended, of another project), rate-limited, quota-exceeded. A refused
    request spends nothing.
    """
    # One after the other in a project: what is counted below cannot change meanwhile, in whatever process.
    project = _locked(token)
    if slug not in (None, project.slug):
        raise unknown_token()
    spent = Token.objects.select_for_update(no_key=True).filter(is_live(), pk=token.pk, kind=TokenKind.ENROL).first()
    if spent is None or spent.environment_id is None:
        raise unknown_token()
    _require_quiet(_of_instance(spent, key), now)
    _require_room(project, now)
    Token.objects.filter(pk=spent.pk).update(uses=F("uses") + 1)
    return _issue(spent, key, now, "token.enrolled")


@transaction.atomic
def renew_token(*, token: Token, now: datetime) -> tuple[Token, str]:
    """A new token of the instance that `token` is of, and its text; the old one goes on for a day.

    Raises Refused: unauthenticated, forbidden (too early), rate-limited.
    """
    _locked(token)
    old = Token.objects.select_for_update(no_key=True).filter(is_live(), pk=token.pk).exclude(instance_key="").first()
    if old is None or old.expires_at is None:
        raise unknown_token()
    if now < old.created_at + LIVES / 2:
        raise Refused("forbidden", 403, f"a token is renewed after {LIVES.days // 2} days")
    _require_quiet(_of_instance(old, old.instance_key), now)
    return _issue(old, old.instance_key, now, "token.renewed")


def _locked(token: Token) -> Project:
    if token.project_id is None:
        raise unknown_token()
    return Project.objects.select_for_update(no_key=True).get(pk=token.project_id)


def renew_in(token: Token, now: datetime) -> timedelta:
    """The time until an instance should ask for a new token."""
    return token.created_at + LIVES * RENEWED_AT - now


def _of_instance(token: Token, key: str) -> "QuerySet[Token]":
    return Token.objects.filter(environment=token.environment_id, instance_key=key)


def _require_quiet(rows: "QuerySet[Token]", now: datetime) -> None:
    """Of an instance that comes again within a minute something is wrong: two of one name, or a loop."""
    latest = rows.order_by("-created_at").first()
    if latest is not None and now < latest.created_at + QUIET:
        raise _too_soon("this instance got a token less than a minute ago", latest.created_at + QUIET - now)


def _require_room(project: Project, now: datetime) -> None:
    """Tokens of renewals count as well; they are given in any case."""
    recent = Token.objects.filter(project=project, created_at__gt=now - MINUTE).exclude(instance_key="")
    times = list(recent.order_by("-created_at").values_list("created_at", flat=True)[:A_MINUTE])
    if len(times) == A_MINUTE:
        raise _too_soon(f"{A_MINUTE} instances of a project enrol in a minute", times[-1] + MINUTE - now)
    if enrolled_in(project).count() >= MOST:
        raise Refused("quota-exceeded", 403, f"a project has at most {MOST} tokens of enrolled instances")


def _too_soon(detail: str, wait: timedelta) -> Refused:
    return Refused("rate-limited", 429, detail, retryable=True, retry_after=int(wait.total_seconds()) + 1)


def _issue(source: Token, key: str, now: datetime, action: str) -> tuple[Token, str]:
    """Bound as the token is that it is given for. Earlier ones of the instance end: after a day, and at once those
    whose answer was lost on its way.
    """
    others = _of_instance(source, key).filter(is_live(), last_used_at=None).exclude(pk=source.pk)
    for lost in others.select_related("project", "environment"):
        end_token(token=lost, why="nobody used it, and the instance got another")
    _of_instance(source, key).filter(expires_at__gt=now + OVERLAP).update(expires_at=now + OVERLAP)
    return issue_instance_token(source=source, key=key, expires_at=now + LIVES, action=action)
