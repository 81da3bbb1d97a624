"""Brings environments, members and tokens of a project to their terms, by the same verbs as everybody else."""

from datetime import timedelta
from functools import partial

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from paritycheck.core.durations import humanise
from paritycheck.core.project_terms import EnvironmentTerms, MemberTerms, ProjectTerms, TokenTerms
from paritycheck.models import Environment, Membership, Token
from paritycheck.models.people import Role
from paritycheck.models.projects import EnvironmentKind, Tier
from paritycheck.models.tokens import TokenKind
from paritycheck.services.apply_changes import ADD, BY, CHANGE, REMOVE, Work, person
from paritycheck.services.environments import change_environment, choose_baseline
from paritycheck.services.errors import Refused
from paritycheck.services.members import change_member, join_project, remove_member
from paritycheck.services.policies import choose_policy_source
from paritycheck.services.projects import EnvironmentPlan, invite_user, make_environment
from paritycheck.services.tokens import issue_token, revoke_token

_KINDS = {"report": TokenKind.REPORT, "gate": TokenKind.GATE}
_WORDS = {letter: word for word, letter in _KINDS.items()}


def bring_environments(work: Work, wanted: tuple[EnvironmentTerms, ...]) -> None:
    """Those that are not in the file stay in any case: they hold the history."""
    for terms in wanted:
        work.attempt(terms.line, partial(_environment, work, terms))
    others = work.project.environments.exclude(slug__in=[terms.slug for terms in wanted])
    for slug in others.order_by("slug").values_list("slug", flat=True):
        work.keep("environment", slug)


def _environment(work: Work, terms: EnvironmentTerms) -> None:
    found = work.project.environments.filter(slug=terms.slug).first()
    if found is None:
        plan = EnvironmentPlan(terms.slug, terms.tier or Tier.OTHER, terms.kind or EnvironmentKind.PERSISTENT)
        make_environment(project=work.project, plan=plan)
        said = "" if plan.kind == EnvironmentKind.PERSISTENT else f", kind {plan.kind}"
        work.note(ADD, "environment", terms.slug, f"tier {plan.tier}{said}")
        return
    tier, kind = terms.tier or found.tier, terms.kind or found.kind
    moves = [
        f"{word} {was} -> {now}"
        for word, was, now in (("tier", found.tier, tier), ("kind", found.kind, kind))
        if was != now
    ]
    if moves:
        change_environment(environment=found, tier=tier, kind=kind, by=None, detail=BY)
        work.note(CHANGE, "environment", terms.slug, ", ".join(moves))


def bring_choices(work: Work, terms: ProjectTerms) -> None:
    """The baseline, and the environment whose policy counts. A project's first production is its baseline by itself."""
    work.attempt(terms.line, lambda: _baseline(work, terms.baseline))
    if terms.policy_from is not None:
        work.attempt(terms.line, lambda: _policy_from(work, terms.policy_from or ""))


def _baseline(work: Work, slug: str | None) -> None:
    before = work.project.baseline
    if slug is None and before is not None:
        return
    if slug is None:
        chosen = work.project.environments.filter(tier=Tier.PRODUCTION).order_by("created_at").first()
    else:
        chosen = _named(work, slug)
    if chosen is None or chosen == before:
        return
    choose_baseline(project=work.project, environment=chosen, by=None, now=work.now, detail=BY)
    work.project.refresh_from_db()
    sign, said = (CHANGE, f"{before.slug} -> {slug}") if before else (ADD, "")
    work.note(sign, "baseline", said or chosen.slug)


def _policy_from(work: Work, slug: str) -> None:
    before, chosen = work.project.policy_from, _named(work, slug)
    if chosen == before:
        return
    choose_policy_source(project=work.project, environment=chosen, now=work.now)
    work.project.refresh_from_db()
    sign, said = (CHANGE, f"{before.slug} -> {slug}") if before else (ADD, slug)
    work.note(sign, "policy-from", said)


def _named(work: Work, slug: str) -> Environment:
    found = work.project.environments.filter(slug=slug).first()
    if found is None:
        raise Refused("bad-parameter", 400, f"`{slug}` is no environment of the project")
    return found


def bring_members(work: Work, wanted: tuple[MemberTerms, ...], line: int) -> None:
    """Whoever has no account gets one, with a password that is shown once. Owners go first, so that one is always
    there.
    """
    for terms in sorted(wanted, key=lambda one: one.role != Role.OWNER):
        work.attempt(terms.line, partial(_member, work, terms))
    rows = Membership.objects.filter(project=work.project).select_related("user", "project")
    for row in rows.exclude(user__email__in=[terms.email for terms in wanted]).order_by("user__email"):
        work.surplus("member", row.user.email, partial(_remove, work, row), line, row.role)


def _remove(work: Work, row: Membership) -> None:
    remove_member(membership=row, by=person(work))


def _member(work: Work, terms: MemberTerms) -> None:
    try:
        validate_email(terms.email)
    except ValidationError:
        raise Refused("bad-parameter", 400, "a member is named by an e-mail address") from None
    rows = Membership.objects.select_related("project", "user").filter(project=work.project)
    before = rows.filter(user__email=terms.email).first()
    if before is not None and before.role == terms.role:
        return
    if before is not None:
        was = before.role
        change_member(membership=before, role=terms.role, by=person(work), now=work.now)
        work.note(CHANGE, "member", terms.email, f"{was} -> {terms.role}")
        return
    user, password = invite_user(email=terms.email, project=None, role=terms.role)
    join_project(project=work.project, user=user, role=terms.role, now=work.now)
    work.note(ADD, "member", terms.email, terms.role + (", with a new account" if password else ""))
    if password:
        work.reveal("password", terms.email, password)


def bring_tokens(work: Work, wanted: tuple[TokenTerms, ...], line: int) -> None:
    """By their names. Tokens without one were made by other commands and are left alone."""
    for terms in wanted:
        work.attempt(terms.line, partial(_token, work, terms))
    for row in _live(work).exclude(name__in=["", *(terms.name for terms in wanted)]).order_by("name", "id"):
        work.surplus("token", row.name, partial(revoke_token, token=row), line, _told(row))


def _live(work: Work) -> "QuerySet[Token]":
    living = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=Now()))
    rows = Token.objects.select_related("environment").filter(living, project=work.project, kind__in=_KINDS.values())
    # What instances got by enrolling stands in no file, and no file ends it.
    return rows.filter(instance_key="")


def _told(row: Token) -> str:
    return f"{_WORDS[TokenKind(row.kind)]}{f', {row.environment.slug}' if row.environment else ''}"


def _token(work: Work, terms: TokenTerms) -> None:
    environment = _named(work, terms.environment) if terms.environment else None
    for row in _live(work).filter(name=terms.name):
        if (row.kind, row.environment) == (_KINDS[terms.kind], environment):
            return
        if not work.prune:
            said = (
                f"this token is there as {_told(row)}, and tokens do not change: name it anew, or replace it by --prune"
            )
            raise Refused("bad-parameter", 400, said)
        revoke_token(token=row)
        work.note(REMOVE, "token", terms.name, _told(row))
    ends = work.now + timedelta(seconds=terms.lives_s) if terms.lives_s else None
    kind = _KINDS[terms.kind]
    token, text = issue_token(
        kind=kind, project=work.project, environment=environment, expires_at=ends, name=terms.name
    )
    lives = f", for {humanise(terms.lives_s)}" if terms.lives_s else ""
    work.note(ADD, "token", terms.name, f"{_told(token)}{lives}")
    work.reveal("token", terms.name, text)
