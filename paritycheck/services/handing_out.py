"""Tokens that people make: a project's for its agents and pipelines, and their own. Each is shown once."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from paritycheck.core.plain import plain
from paritycheck.models import Environment, Project, Token, User
from paritycheck.models.tokens import TokenKind
from paritycheck.selectors.access import may_maintain
from paritycheck.selectors.projects import find_environment
from paritycheck.selectors.tokens import handed_out, tokens_of, tokens_of_person
from paritycheck.services.errors import Refused
from paritycheck.services.token_places import change_places
from paritycheck.services.tokens import LONGEST_NAME, SCOPES, issue_token, revoke_token

GATE_DAYS: Final = 90
REPORT_DAYS: Final = 3_650
PERSONAL_DAYS: Final = 366
MOST: Final = 200
MOST_OWN: Final = 20
FIRST: Final = "first report"
"""The name of tokens that the page Start makes."""
PERSONAL: Final = tuple(SCOPES[TokenKind.PERSONAL])
ENROL_HOURS: Final = 24
MOST_USES: Final = 1_000
BOUND: Final = {"report": TokenKind.REPORT, "gate": TokenKind.GATE, "enroll": TokenKind.ENROL}
"""The kinds that a project gives out, and their letter."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a token counts, in days or, of one to enroll with, hours, and of that one how often."""

    days: int | None = None
    hours: int | None = None
    uses: int | None = None


NO_BOUNDS: Final = Bounds()


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
    bounds: Bounds = NO_BOUNDS,
    networks: Collection[str] = (),
) -> tuple[Token, str]:
    """A token of the project and its text: of a `report` the environment it reports from, of a `gate` 90 days at most,
    to `enroll` one instance of an environment within an hour, or as many and as long as `bounds` say; with
    `networks` it may be used from these alone, as may what is given for it.

    Raises Refused: forbidden, invalid-token with a pointer.
    """
    require_administering(user=by, project=project)
    if kind not in BOUND:
        raise invalid("kind", f"is one of {', '.join(BOUND)}")
    found = find_environment(project, environment) if environment else None
    if kind != "gate" and found is None:
        raise invalid("environment", "is one of this project's: its reports are told from where they come by it")
    if kind == "gate" and environment:
        raise invalid("environment", "a gate's token is of the whole project")
    expires, uses = _settle(kind, bounds, now)
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if handed_out(project).count() >= MOST:
        raise invalid("kind", f"a project has at most {MOST} tokens at a time")
    token, text = issue_token(
        kind=BOUND[kind], project=project, environment=found, name=_name(name), expires_at=expires, by=by, **uses
    )
    return change_places(token=token, networks=networks, by=by), text


@transaction.atomic
def make_enrol_token(
    *, project: Project, environment: str, uses: int, hours: int, now: datetime, name: str = "command"
) -> tuple[Token, str]:
    """A token to enrol with, and its text, for whoever runs commands on the server. Raises Refused(invalid-token)."""
    found = find_environment(project, environment)
    if found is None:
        raise invalid("environment", "is no environment of the project")
    expires, bound = _settle("enroll", Bounds(hours=hours, uses=uses), now)
    return issue_token(
        kind=TokenKind.ENROL, project=project, environment=found, name=_name(name), expires_at=expires, **bound
    )


def _settle(kind: str, bounds: Bounds, now: datetime) -> tuple[datetime | None, dict[str, Any]]:
    """When a token of this kind ends, and how often it counts."""
    if kind == "enroll":
        return _to_enroll(bounds, now)
    for member in ("hours", "uses"):
        if getattr(bounds, member) is not None:
            raise invalid(member, "is of tokens to enroll with")
    days = GATE_DAYS if bounds.days is None and kind == "gate" else bounds.days
    return _end(days, GATE_DAYS if kind == "gate" else REPORT_DAYS, now), {}


def _to_enroll(bounds: Bounds, now: datetime) -> tuple[datetime, dict[str, Any]]:
    if bounds.days is not None:
        raise invalid("days", "a token to enroll with ends after hours")
    hours = 1 if bounds.hours is None else bounds.hours
    uses = 1 if bounds.uses is None else bounds.uses
    if not 1 <= hours <= ENROL_HOURS:
        raise invalid("hours", f"are 1 to {ENROL_HOURS}")
    if not 1 <= uses <= MOST_USES:
        raise invalid("uses", f"are 1 to {MOST_USES}")
    return now + timedelta(hours=hours), {"max_uses": uses}


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
