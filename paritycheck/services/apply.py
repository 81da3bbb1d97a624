"""Brings projects to what a file says, all or nothing. A plan is the real thing in a transaction that is undone, so
that what it shows is what would be done, and what the verbs would refuse is told before.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction

from paritycheck.core.project_terms import ProjectTerms, Setting
from paritycheck.models import Project, User
from paritycheck.services.apply_alerts import bring_channels, bring_subscriptions
from paritycheck.services.apply_changes import ADD, Change, NotApplied, Outcome, Work
from paritycheck.services.apply_parts import bring_choices, bring_environments, bring_members, bring_tokens
from paritycheck.services.errors import Refused
from paritycheck.services.projects import make_project


def plan_projects(
    *,
    wanted: Sequence[ProjectTerms],
    settled: Callable[[Setting], str],
    by: User | None,
    now: datetime,
    prune: bool = False,
) -> Outcome:
    """What would change. `settled` gives a setting's text or raises Refused. Raises NotApplied with all mistakes."""
    # What the verbs log on their way is marked: none of it stays.
    with structlog.contextvars.bound_contextvars(only_planned=True), transaction.atomic():
        outcome = _bring_all(wanted, settled, by, now, prune=prune)
        transaction.set_rollback(True)
    outcome.reveals = bool(outcome.secrets)
    outcome.secrets.clear()
    return outcome


@transaction.atomic
def apply_projects(
    *,
    wanted: Sequence[ProjectTerms],
    settled: Callable[[Setting], str],
    by: User | None,
    now: datetime,
    planned: Sequence[Change],
    prune: bool = False,
) -> Outcome:
    """Do what was planned. Raises Refused(moved) where it would be something else by now, NotApplied with
    all mistakes; nothing is changed then.
    """
    outcome = _bring_all(wanted, settled, by, now, prune=prune)
    if outcome.changes != list(planned):
        said = "what is there changed while the plan was looked at; nothing was applied, look at the new plan"
        raise Refused("moved", 409, said)
    return outcome


def _bring_all(
    wanted: Sequence[ProjectTerms],
    settled: Callable[[Setting], str],
    by: User | None,
    now: datetime,
    *,
    prune: bool,
) -> Outcome:
    outcome = Outcome()
    administrator = by or User.objects.filter(is_superuser=True, is_active=True).order_by("created_at").first()
    for terms in sorted(wanted, key=lambda one: one.slug):
        _bring(terms, Work(terms.slug, _NOBODY, administrator, now, prune, settled, outcome))
    if outcome.mistakes:
        raise NotApplied(sorted(outcome.mistakes, key=lambda one: (one.project, one.line)))
    return outcome


def _bring(terms: ProjectTerms, work: Work) -> None:
    before = len(work.outcome.mistakes)
    work.attempt(terms.line, lambda: _project(terms.slug, work))
    if len(work.outcome.mistakes) > before:
        return
    line = terms.line
    if terms.environments is not None:
        bring_environments(work, terms.environments)
    bring_choices(work, terms)
    if terms.members is not None:
        bring_members(work, terms.members, line)
    if terms.channels is not None:
        bring_channels(work, terms.channels, line)
    if terms.subscriptions is not None:
        bring_subscriptions(work, terms.subscriptions, line)
    if terms.tokens is not None:
        bring_tokens(work, terms.tokens, line)


def _project(slug: str, work: Work) -> None:
    found = Project.objects.select_for_update(no_key=True).filter(slug=slug).first()
    work.project = found or make_project(slug=slug)
    if found is None:
        work.note(ADD, "project", slug)


_NOBODY = Project(id=UUID(int=0), slug="")
"""Until the project is found or made."""
