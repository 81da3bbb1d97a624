"""Trusted pipelines as pages show them, and the form of a new one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.http import QueryDict

from paritycheck.core.trust import CONDITIONS, GITHUB, GITLAB, IDS, OTHER, Terms
from paritycheck.models import Trust
from paritycheck.web.visible import visible

LONGEST: Final = 300
FIELDS: Final = {
    GITHUB: (
        ("repository_id", "Repository, its number", "811634771"),
        ("repository_owner_id", "Owner, their number", "1342004"),
        ("ref", "Only of this ref, optional", "refs/heads/main"),
        ("environment", "Only of this environment, optional", ""),
        ("job_workflow_ref", "Only by this workflow, optional", "acme/ci/.github/workflows/gate.yml@refs/heads/main"),
    ),
    GITLAB: (
        ("project_id", "Project, its number", "4711"),
        ("ref", "Only of this ref, optional", "main"),
        ("environment", "Only of this environment, optional", ""),
    ),
}
"""What each host's pipelines are known by: name, label, an example."""
NUMBERS: Final = {
    GITHUB: "gh api repos/acme/shop --jq '.id, .owner.id'",
    GITLAB: "glab api projects/acme%2Fshop | jq .id",
}
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


def host_of(issuer: str) -> str:
    """Whose tokens these are: those of a GitHub of one's own come from addresses that GitHub has chosen."""
    if issuer in _NAMES:
        return issuer
    return GITHUB if "//token.actions." in issuer or issuer.endswith("/_services/token") else GITLAB


def form_of(form: Mapping[str, str], asked: str) -> dict[str, Any]:
    """The form for the host that was chosen, with what was written; nothing but the choice where none was."""
    chosen = form.get("issuer") or asked
    if chosen not in dict(issuers()):
        return {"issuers": issuers(), "chosen": ""}
    host = host_of(chosen)
    fields = [(name, label, help_text, form.get(name, "")) for name, label, help_text in FIELDS[host]]
    return {"issuers": issuers(), "chosen": chosen, "host": host, "fields": fields, "numbers": NUMBERS[host]}


def sent(said: QueryDict) -> dict[str, str]:
    """What was written, bounded; nothing of it is judged yet."""
    return {name: said.get(name, "").strip()[:LONGEST] for name in ("issuer", *IDS, *CONDITIONS)}


def terms_of(form: dict[str, str]) -> Terms:
    """The terms that the form asks for."""
    rest = {name: value for name, value in form.items() if name != "issuer"}
    if form["issuer"] in _NAMES:
        return Terms(form["issuer"], **rest)
    return Terms(OTHER, form["issuer"], **rest)
