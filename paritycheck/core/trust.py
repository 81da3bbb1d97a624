"""Which id tokens of a CI a project takes for one of its pipelines: by numeric ids, which no rename
and nobody who takes a name that was given up can bring.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

GITHUB: Final = "github"
GITLAB: Final = "gitlab"
OTHER: Final = "other"
ISSUERS: Final = {GITHUB: "https://token.actions.githubusercontent.com", GITLAB: "https://gitlab.com"}
KEYS: Final = {
    ISSUERS[GITHUB]: "https://token.actions.githubusercontent.com/.well-known/jwks",
    ISSUERS[GITLAB]: "https://gitlab.com/oauth/discovery/keys",
}
"""Where the keys of the issuers are that everybody has; those of others are found by their discovery document."""
IDS: Final = ("repository_id", "repository_owner_id", "project_id")
CONDITIONS: Final = ("ref", "environment", "job_workflow_ref")
LONGEST_ID: Final = 20
LONGEST_CONDITION: Final = 255


@dataclass(frozen=True, slots=True)
class Terms:
    """What a trust asks of a token's claims: every member that is not empty has to be there, and equal."""

    kind: str
    issuer: str = ""
    repository_id: str = ""
    repository_owner_id: str = ""
    project_id: str = ""
    ref: str = ""
    environment: str = ""
    job_workflow_ref: str = ""


class TrustError(Exception):
    """Terms that cannot be kept: the member and what is the matter, never its value."""

    def __init__(self, member: str, detail: str) -> None:
        super().__init__(f"{member}: {detail}")
        self.member = member
        self.detail = detail


def checked(terms: Terms, allowed: tuple[str, ...]) -> Terms:
    """The terms with their issuer. `allowed` are issuers of this installation. Raises TrustError.

    GitHub's need repository and owner, GitLab's the project; of other issuers either will do.
    """
    issuer = _issuer(terms, allowed)
    wanted = _wanted(terms)
    for name in IDS:
        said = getattr(terms, name)
        if said and name not in wanted:
            raise TrustError(name, f"is not in {terms.kind}'s tokens beside {' and '.join(wanted)}")
        if name in wanted and not (said.isascii() and said.isdigit() and len(said) <= LONGEST_ID):
            raise TrustError(name, "is a number, not a name: names change hands")
    for name in CONDITIONS:
        said = getattr(terms, name)
        if len(said) > LONGEST_CONDITION or not said.isprintable():
            raise TrustError(name, f"is printable and has at most {LONGEST_CONDITION} characters")
    if terms.job_workflow_ref and "project_id" in wanted:
        raise TrustError("job_workflow_ref", "is in GitHub's tokens alone")
    return Terms(terms.kind, issuer, *(getattr(terms, name) for name in (*IDS, *CONDITIONS)))


def matches(terms: Terms, claims: Mapping[str, object]) -> bool:
    """Whether verified claims are those of a pipeline that the terms mean."""
    asked = {name: getattr(terms, name) for name in (*IDS, *CONDITIONS)}
    told = {name: value for name, value in asked.items() if value}
    if claims.get("iss") != terms.issuer or not set(told) & set(IDS):
        return False
    return all(_said(claims.get(name)) == value for name, value in told.items())


def _issuer(terms: Terms, allowed: tuple[str, ...]) -> str:
    if terms.kind in ISSUERS:
        if terms.issuer not in {"", ISSUERS[terms.kind]}:
            raise TrustError("issuer", f"{terms.kind}'s is {ISSUERS[terms.kind]}; leave it out")
        return ISSUERS[terms.kind]
    if terms.kind != OTHER:
        raise TrustError("kind", f"is one of {GITHUB}, {GITLAB}, {OTHER}")
    if terms.issuer not in allowed:
        raise TrustError("issuer", "is none that this server knows; an administrator names it in OIDC_ISSUERS")
    return terms.issuer


def _wanted(terms: Terms) -> tuple[str, ...]:
    gitlab = terms.kind == GITLAB or (terms.kind == OTHER and bool(terms.project_id))
    return ("project_id",) if gitlab else ("repository_id", "repository_owner_id")


def _said(claim: object) -> str | None:
    """A claim as text: GitHub and GitLab write ids as texts, others as numbers."""
    if isinstance(claim, bool) or not isinstance(claim, str | int):
        return None
    return str(claim)
