"""Trusted pipelines as pages show them, and the form of a new one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.http import QueryDict

from paritycheck.core.trust import CONDITIONS, GITHUB, GITLAB, OTHER, Terms
from paritycheck.models import Trust
from paritycheck.web.visible import visible

LONGEST: Final = 300
FIELDS: Final = (
    ("repository_id", "Repository, GitHub's number", "811634771"),
    ("repository_owner_id", "Its owner, GitHub's number", "1342004"),
    ("project_id", "Project, GitLab's number", "4711"),
    ("ref", "Only of this ref, optional", "refs/heads/main"),
    ("environment", "Only of this environment, optional", ""),
    ("job_workflow_ref", "Only by this workflow, optional", ""),
)
_NAMES: Final = {GITHUB: "GitHub Actions", GITLAB: "GitLab.com"}


@dataclass(frozen=True, slots=True)
class Row:
    """One trusted pipeline."""

    id: UUID
    title: str
    issuer: str
    only: tuple[tuple[str, str], ...]
    made_by: str
    made_at: datetime


def row_of(trust: Trust) -> Row:
    """`repository 811634771 of owner 1342004`."""
    if trust.gitlab_project:
        title = f"project {trust.gitlab_project}"
    else:
        title = f"repository {trust.repository} of owner {trust.owner}"
    asked = [(name.replace("_", " "), visible(getattr(trust, name))) for name in CONDITIONS if getattr(trust, name)]
    return Row(trust.pk, title, visible(trust.issuer), tuple(asked), visible(trust.made_by), trust.made_at)


def issuers() -> list[tuple[str, str]]:
    """What the form offers: value and label."""
    return [*_NAMES.items(), *((issuer, issuer) for issuer in settings.OIDC_ISSUERS)]


def sent(said: QueryDict) -> dict[str, str]:
    """What was written, bounded; nothing of it is judged yet."""
    return {name: said.get(name, "").strip()[:LONGEST] for name in ("issuer", *(field[0] for field in FIELDS))}


def terms_of(form: dict[str, str]) -> Terms:
    """The terms that the form asks for."""
    rest = {name: value for name, value in form.items() if name != "issuer"}
    if form["issuer"] in _NAMES:
        return Terms(form["issuer"], **rest)
    return Terms(OTHER, form["issuer"], **rest)
