"""Tokens that people make: a project's for its agents and pipelines, and their own. Each is shown once."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from paritycheck.core.plain import plain
from paritycheck.models import Environment, Project, Token, User
from paritycheck.models.tokens import TokenKind
from paritycheck.selectors.access import may_maintain
from paritycheck.selectors.projects import find_environment
from paritycheck.selectors.tokens import tokens_of, tokens_of_person
from paritycheck.services.errors import Refused
from paritycheck.services.token_places import change_places
from paritycheck.services.tokens import SCOPES, issue_token, revoke_token

GATE_DAYS: Final = 90
REPORT_DAYS: Final = 3_650
PERSONAL_DAYS: Final = 366
MOST: Final = 200
MOST_OWN: Final = 20
LONGEST_NAME: Final = 80
FIRST: Final = "first report"
"""The name of tokens that the page Start makes."""
PERSONAL: Final = tuple(SCOPES[TokenKind.PERSONAL])
BOUND: Final = {"report": TokenKind.REPORT, "gate": TokenKind.GATE}
"""The kinds that a project gives out, and their letter."""


def require_administering(*, user: User | None, project: Project) -> User:
    """The person, if their role in the project allows giving out tokens; Refused(forbidden) else."""
    if user is None or not may_maintain(user, project):
        raise Refused("forbidden", 403, "tokens of a project take the role of a maintainer or more")
    return user


@transaction.atomic
def make_project_token(
    *,
    project: Project,
    kind: str,
    name: str,
    by: User,
    now: datetime,
    environment: str = "",
    days: int | None = None,
    networks: Collection[str] = (),
) -> tuple[Token, str]:
    """A token of the project and its text: of a `report` the environment it reports from, of a `gate` 90 days at most;
    with `networks` it may be used from these alone.

    Raises Refused: forbidden, invalid-token with a pointer.
    """
    require_administering(user=by, project=project)
    if kind not in BOUND:
        raise invalid("kind", f"is one of {', '.join(BOUND)}")
    found = find_environment(project, environment) if environment else None
    if kind == "report" and found is None:
        raise invalid("environment", "is one of this project's: its reports are told from where they come by it")
    if kind == "gate" and environment:
        raise invalid("environment", "a gate's token is of the whole project")
    days = GATE_DAYS if days is None and kind == "gate" else days
    expires = _end(days, GATE_DAYS if kind == "gate" else REPORT_DAYS, now)
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if tokens_of(project).count() >= MOST:
        raise invalid("kind", f"a project has at most {MOST} tokens at a time")
    token, text = issue_token(
        kind=BOUND[kind], project=project, environment=found, name=_name(name), expires_at=expires, by=by
    )
    return change_places(token=token, networks=networks, by=by), text


@transaction.atomic
def make_first_token(*, project: Project, environment: Environment, by: User, now: datetime) -> tuple[Token, str]:
    """A token to begin with, and its text. One that the same person was given here and nobody ever used ends: its
    text was shown once, and is lost.

    Raises Refused: forbidden, invalid-token with a pointer.
    """
    require_administering(user=by, project=project)
    unused = tokens_of(project).filter(environment=environment, name=FIRST, made_by=by.email, last_used_at=None)
    for token in unused:
        revoke_token(token=token, by=by, why="a new one was made in its place")
    return make_project_token(project=project, kind="report", name=FIRST, environment=environment.slug, by=by, now=now)


@transaction.atomic
def make_personal_token(
    *, user: User, name: str, scopes: Collection[str], days: int, now: datetime, within: Collection[str] = PERSONAL
) -> tuple[Token, str]:
    """A token of one's own and its text, with these scopes, none of which is not in `within`.

    Raises Refused: invalid-token with a pointer.
    """
    wanted = [scope for scope in PERSONAL if scope in scopes]
    if not wanted or len(wanted) != len(set(scopes)):
        raise invalid("scopes", f"are one or more of {', '.join(PERSONAL)}")
    if not set(wanted) <= set(within):
        raise invalid("scopes", "a token makes none that may do more than itself")
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if tokens_of_person(user).count() >= MOST_OWN:
        raise invalid("name", f"a person has at most {MOST_OWN} tokens at a time")
    expires = _end(days, PERSONAL_DAYS, now)
    return issue_token(kind=TokenKind.PERSONAL, user=user, scopes=wanted, name=_name(name), expires_at=expires, by=user)


def invalid(member: str, detail: str) -> Refused:
    """422 for one member of what was sent; never repeats its value."""
    place = {"pointer": f"/{member}", "code": "invalid-token", "detail": detail}
    return Refused("invalid-token", 422, f"{member}: {detail}", errors=[place])


def _name(said: str) -> str:
    name = plain(said, LONGEST_NAME)
    if not name:
        raise invalid("name", "is empty: say what it is for")
    return name


def _end(days: int | None, most: int, now: datetime) -> datetime | None:
    if days is None:
        return None
    if not 1 <= days <= most:
        raise invalid("days", f"are 1 to {most}")
    return now + timedelta(days=days)
