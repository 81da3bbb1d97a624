"""The policy in force, read once per text."""

from functools import lru_cache

from paritycheck.core.policy import Policy, default_policy, read_policy
from paritycheck.models import Project


def policy_of(project: Project) -> Policy:
    """What holds in the project; the shipped expectations where it has no policy of its own."""
    return default_policy() if project.policy is None else _read(project.policy.text)


@lru_cache(maxsize=32)
def _read(text: str) -> Policy:
    return read_policy(text)
