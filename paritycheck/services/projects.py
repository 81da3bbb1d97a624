"""Makes projects, environments and the tokens to begin with."""

import secrets
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from paritycheck.models import Environment, Project, Token, User
from paritycheck.models.people import Role
from paritycheck.models.projects import EnvironmentKind, Tier
from paritycheck.models.tokens import TokenKind
from paritycheck.selectors.access import may_administer
from paritycheck.selectors.columns import in_order
from paritycheck.services.audit import record
from paritycheck.services.environments import choose_baseline
from paritycheck.services.errors import Refused
from paritycheck.services.members import join_project
from paritycheck.services.tokens import issue_token, revoke_token


@dataclass(frozen=True, slots=True)
class EnvironmentPlan:
    """An environment to create or to find: `slug:tier[:kind]`."""

    slug: str
    tier: str
    kind: str = EnvironmentKind.PERSISTENT

    @classmethod
    def read(cls, text: str) -> "EnvironmentPlan":
        """Raises Refused with the form to use."""
        slug, _, rest = text.partition(":")
        tier, _, kind = rest.partition(":")
        plan = cls(slug, tier or Tier.OTHER, kind or EnvironmentKind.PERSISTENT)
        if plan.tier not in Tier.values or plan.kind not in EnvironmentKind.values:
            tiers, kinds = ", ".join(Tier.values), ", ".join(EnvironmentKind.values)
            raise Refused(
                "bad-parameter",
                400,
                f"an environment is written NAME:TIER or NAME:TIER:KIND; tiers are {tiers}; kinds are {kinds}",
            )
        return plan


@transaction.atomic
def bootstrap_project(
    *, slug: str, environments: list[EnvironmentPlan], admin_email: str, rotate: bool = False
) -> dict[str, Any]:
    """Create or find a project, its environments, their report tokens, a gate token and an administrator.

    Returns the document of `api` (Bootstrap) without `url`. Secrets stand in it only when they were made just now.
    """
    project, created = _project(slug)
    rows = [_environment(project, plan, rotate=rotate) for plan in environments]
    ensure_baseline(project=project)
    for row in rows:
        row["baseline"] = project.baseline is not None and row["slug"] == project.baseline.slug
    gate = _token_row(kind=TokenKind.GATE, rotate=rotate, project=project)
    admin = _administrator(admin_email, project, rotate=rotate)
    return {"project": {"slug": slug, "created": created}, "environments": rows, "gate": gate, "admin": admin}


def _project(slug: str) -> tuple[Project, bool]:
    found = Project.objects.filter(slug=slug).first()
    if found is not None:
        return found, False
    return make_project(slug=slug), True


@transaction.atomic
def make_project(*, slug: str, by: User | None = None) -> Project:
    """A new project, empty, of which a person who makes it is the owner. Raises Refused: bad-parameter (a name that
    cannot be used), name-taken.
    """
    project = Project(slug=slug)
    _validate(project, "project")
    if Project.objects.filter(slug=slug).exists():
        raise Refused("name-taken", 409, "there is a project of that name")
    project.save()
    record(action="project.created", by=by, project=project, target=slug)
    if by is not None:
        join_project(project=project, user=by, role=Role.OWNER, now=timezone.now(), by=by)
    return project


@transaction.atomic
def start_project(*, slug: str, plans: list[EnvironmentPlan], by: User | None) -> Project:
    """A new project with its first environments, the last of which in order of promotion the others are compared with.

    Raises Refused: forbidden, bad-parameter (a name that cannot be used, no environment), name-taken.
    """
    user = require_making(user=by)
    if not plans:
        raise Refused("bad-parameter", 400, "a project begins with one environment at least")
    project = make_project(slug=slug, by=user)
    made = [make_environment(project=project, plan=plan, by=user) for plan in plans]
    ensure_baseline(project=project, by=user)
    if project.baseline is None:
        last = in_order(made, None)[-1]
        choose_baseline(project=project, environment=last, by=user, now=timezone.now())
        project.baseline = last
    return project


def require_making(*, user: User | None) -> User:
    """The person, if they may make projects; Refused(forbidden) else."""
    if user is None or not may_administer(user):
        raise Refused("forbidden", 403, "making projects takes an administrator of the installation")
    return user


@transaction.atomic
def make_environment(*, project: Project, plan: EnvironmentPlan, by: User | None = None) -> Environment:
    """A new environment. Raises Refused: bad-parameter (a name that cannot be used), name-taken."""
    environment = Environment(project=project, slug=plan.slug, tier=plan.tier, kind=plan.kind)
    _validate(environment, "environment")
    if project.environments.filter(slug=plan.slug).exists():
        raise Refused("name-taken", 409, "there is an environment of that name")
    environment.save()
    said = {"tier": plan.tier, "kind": plan.kind}
    record(action="environment.created", by=by, project=project, target=plan.slug, detail=said)
    return environment


def _validate(row: Project | Environment, word: str) -> None:
    try:
        row.clean_fields(exclude=["baseline", "policy", "policy_from", "latest"])
    except ValidationError as error:
        text = " ".join(error.messages)
        raise Refused("bad-parameter", 400, f"the {word}'s name cannot be used. {text}") from error


def _environment(project: Project, plan: EnvironmentPlan, *, rotate: bool) -> dict[str, Any]:
    environment = Environment.objects.filter(project=project, slug=plan.slug).first()
    created = environment is None
    if environment is None:
        environment = make_environment(project=project, plan=plan)
    token = _token_row(kind=TokenKind.REPORT, rotate=rotate, project=project, environment=environment)
    return {
        "slug": environment.slug,
        "tier": environment.tier,
        "kind": environment.kind,
        "baseline": False,
        "created": created,
        "token": token["token"],
        "token_id": token["token_id"],
    }


def ensure_baseline(*, project: Project, by: User | None = None) -> None:
    """Production is the baseline unless the project has one."""
    if project.baseline is None:
        project.baseline = project.environments.filter(tier=Tier.PRODUCTION).order_by("created_at").first()
        project.save(update_fields=["baseline"])
        if project.baseline is not None:
            record(action="baseline.chosen", by=by, project=project, target=project.baseline.slug)


def _token_row(*, kind: str, rotate: bool, **bound: Any) -> dict[str, Any]:
    """Find the live token that is bound so, or issue one; with `rotate` end the old one first."""
    live = Token.objects.filter(kind=kind, revoked_at=None, instance_key="", **bound)
    if rotate:
        for token in live:
            revoke_token(token=token)
    old = live.order_by("created_at").first()
    if old is not None:
        return {"token": None, "token_id": old.id, "created": False}
    token, text = issue_token(kind=kind, **bound)
    return {"token": text, "token_id": token.id, "created": True}


def _administrator(email: str, project: Project, *, rotate: bool) -> dict[str, Any]:
    user = User.objects.filter(email=email.strip().lower()).first()
    created = user is None
    password = secrets.token_urlsafe(15) if created or rotate else None
    if user is None:
        user = User.objects.create_superuser(email, password)
        record(action="administrator.created", by=None, target=user.email)
    elif password is not None:
        user.set_password(password)
        user.save(update_fields=["password"])
        record(action="password.set", by=None, target=user.email)
    join_project(project=project, user=user, role=Role.OWNER, now=timezone.now(), keep_role=True)
    token = _token_row(kind=TokenKind.PERSONAL, rotate=rotate, user=user)
    return {"email": user.email, "password": password, "token": token["token"], "created": created}


@transaction.atomic
def invite_user(*, email: str, project: Project | None, role: str) -> tuple[User, str | None]:
    """Let a person in; returns the password to hand over, None for someone who has one already."""
    user = User.objects.filter(email=email.strip().lower()).first()
    password = None if user else secrets.token_urlsafe(15)
    if user is None:
        user = User.objects.create_user(email, password)
        record(action="person.invited", by=None, target=user.email)
    if project is not None:
        join_project(project=project, user=user, role=role, now=timezone.now())
    return user, password
