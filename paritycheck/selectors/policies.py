"""The policy in force, read once per text; where it comes from, and the versions before it."""

from functools import lru_cache

from django.db.models import QuerySet

from paritycheck.core.policy import Policy, default_policy, read_policy
from paritycheck.models import Environment, PolicyVersion, Project
from paritycheck.models import Policy as StoredPolicy


def policy_of(project: Project) -> Policy:
    """What holds in the project; the shipped expectations where it has no policy of its own."""
    return default_policy() if project.policy is None else _read(project.policy.text)


def refused_policy(project: Project) -> StoredPolicy | None:
    """The text that was reported last, if it has mistakes and so is not in force."""
    newest = StoredPolicy.objects.filter(project=project).order_by("-received_at", "-pk").first()
    return newest if newest is not None and newest.errors and newest.pk != project.policy_id else None


def decides(project: Project) -> Environment | None:
    """The environment whose `parity.toml` counts, with the text that it reported last."""
    ident = project.policy_from_id or project.baseline_id
    return Environment.objects.select_related("policy", "latest").get(pk=ident) if ident else None


def versions_of(project: Project) -> QuerySet[PolicyVersion]:
    """Every text that was in force, without the texts."""
    rows = PolicyVersion.objects.filter(project=project).select_related("policy", "environment", "user")
    return rows.defer("policy__text", "policy__errors").order_by("-number")


def version_of(project: Project, number: int) -> PolicyVersion | None:
    """One of them with its text."""
    rows = PolicyVersion.objects.filter(project=project, number=number)
    return rows.select_related("policy", "environment", "user").first()


@lru_cache(maxsize=32)
def _read(text: str) -> Policy:
    return read_policy(text)
