"""Versions of `parity.toml`: kept when they come, in force when the baseline's environment reports them."""

from django.db.models import F

from paritycheck.codec.digests import to_bytes
from paritycheck.core.policy import PolicyError, read_policy
from paritycheck.models import Environment, Policy, Project


def keep_policy(*, project: Project, digest: bytes, text: str) -> Policy:
    """Keep a text with its mistakes, as `[{"line", "column", "detail"}]`."""
    try:
        read_policy(text)
        errors = []
    except PolicyError as error:
        errors = [dict(one) for one in error.errors]
    policy, _ = Policy.objects.get_or_create(project=project, digest=digest, defaults={"text": text, "errors": errors})
    return policy


def adopt_policy(*, environment: Environment, digest: str | None) -> bool:
    """Put a reported text in force if it comes from the baseline and has no mistake; whether anything changed."""
    project = environment.project
    if digest is None or project.baseline_id != environment.id:
        return False
    policy = Policy.objects.filter(project=project, digest=to_bytes(digest), errors=[]).first()
    if policy is None or project.policy_id == policy.pk:
        return False
    Project.objects.filter(pk=project.pk).update(policy=policy, policy_version=F("policy_version") + 1)
    return True
