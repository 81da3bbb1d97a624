"""The policy in force, read once per text."""

from functools import lru_cache

from paritycheck.core.policy import Policy, default_policy, read_policy
from paritycheck.models import Policy as StoredPolicy
from paritycheck.models import Project


def policy_of(project: Project) -> Policy:
    """What holds in the project; the shipped expectations where it has no policy of its own."""
    return default_policy() if project.policy is None else _read(project.policy.text)


def refused_policy(project: Project) -> StoredPolicy | None:
    """The text that was reported last, if it has mistakes and so is not in force."""
    newest = StoredPolicy.objects.filter(project=project).order_by("-received_at", "-pk").first()
    return newest if newest is not None and newest.errors and newest.pk != project.policy_id else None


@lru_cache(maxsize=32)
def _read(text: str) -> Policy:
    return read_policy(text)
