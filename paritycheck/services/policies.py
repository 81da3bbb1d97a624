"""Versions of `parity.toml`: kept when they come, in force when the deciding environment reports them.

That environment is the project's `policy_from`, else its baseline. A text saved by a person counts only while that
environment reports none.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from paritycheck.codec.digests import digest_of, to_bytes
from paritycheck.core.policy import PolicyError, read_policy
from paritycheck.core.policy_reading import about_pattern
from paritycheck.models import Environment, Policy, PolicyVersion, Project, User
from paritycheck.selectors.policies import decides
from paritycheck.services.audit import record
from paritycheck.services.errors import Refused
from paritycheck.services.jobs import request_evaluation


def keep_policy(*, project: Project, digest: bytes, text: str) -> Policy:
    """Keep a text with its mistakes, as `[{"line", "column", "detail"}]`."""
    try:
        read_policy(text)
        errors = []
    except PolicyError as error:
        errors = [dict(one) for one in error.errors]
    policy, _ = Policy.objects.get_or_create(project=project, digest=digest, defaults={"text": text, "errors": errors})
    return policy


def adopt_policy(*, environment: Environment, digest: str | None, commit: str, now: datetime) -> None:
    """Note the text that the environment reports, and put it in force if the environment decides and the text has no
    mistake.
    """
    project = environment.project
    reported = Policy.objects.filter(project=project, digest=to_bytes(digest)).first() if digest else None
    if environment.policy_id != (reported.pk if reported else None):
        environment.policy = reported
        environment.save(update_fields=["policy"])
    if reported is None or (project.policy_from_id or project.baseline_id) != environment.pk:
        return
    if _put_in_force(project.pk, reported, environment=environment, commit=commit, now=now):
        _evaluate_all(project)


def save_policy(*, project: Project, user: User | None, text: str, seen: int | None, now: datetime) -> bool:
    """Put a text in force that a person wrote; whether that changed anything. `seen` is the version it was made from.

    Raises Refused: bad-pattern or bad-policy with line and column, policy-in-repository, policy-moved.
    """
    require_policy(text)
    with transaction.atomic():
        locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        if seen is not None and seen != locked.policy_version:
            detail = f"version {locked.policy_version} came into force meanwhile; look at it, then save again"
            raise Refused("policy-moved", 409, detail)
        _refuse_beside_file(locked)
        policy = keep_policy(project=locked, digest=digest_of(text.encode()), text=text)
        if not _put_in_force(locked.pk, policy, user=user, now=now):
            return False
        _evaluate_all(locked)
    return True


def choose_policy_source(
    *, project: Project, environment: Environment | None, now: datetime, by: User | None = None
) -> None:
    """Name the environment whose `parity.toml` counts (None: the baseline); what it reported last is in force at
    once, unless it has a mistake.
    """
    with transaction.atomic():
        locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        if locked.policy_from_id != (environment.pk if environment else None):
            target = environment.slug if environment else "the baseline"
            record(action="policy.source-chosen", by=by, project=locked, target=target)
        locked.policy_from = environment
        locked.save(update_fields=["policy_from"])
        source = decides(locked)
        if source is None or source.policy is None:
            return
        commit = source.latest.commit if source.latest else ""
        if _put_in_force(locked.pk, source.policy, environment=source, commit=commit, now=now):
            _evaluate_all(locked)


def require_policy(text: str) -> None:
    """Raise Refused with line and column of each mistake: bad-pattern where the first is about one, else bad-policy."""
    try:
        read_policy(text)
    except PolicyError as error:
        code = "bad-pattern" if about_pattern(error.errors[0]["detail"]) else "bad-policy"
        raise Refused(code, 422, "the policy has mistakes; `errors` says where", errors=error.errors) from None


def _refuse_beside_file(project: Project) -> None:
    source = decides(project)
    if source is not None and source.policy is not None:
        detail = f"{source.slug} reports a parity.toml, and the file in the codebase wins: commit the change there"
        raise Refused("policy-in-repository", 409, detail)


def _put_in_force(
    project_id: UUID,
    policy: Policy,
    *,
    now: datetime,
    environment: Environment | None = None,
    commit: str = "",
    user: User | None = None,
) -> bool:
    """The next version, unless the text is in force already or has a mistake. The caller is in a transaction."""
    if policy.errors:
        return False
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)
    if project.policy_id == policy.pk:
        return False
    project.policy, project.policy_version = policy, project.policy_version + 1
    project.save(update_fields=["policy", "policy_version"])
    PolicyVersion.objects.create(
        project=project,
        number=project.policy_version,
        policy=policy,
        environment=environment,
        commit=commit,
        user=user,
        at=now,
    )
    said = {"sha256": bytes(policy.digest).hex(), "environment": environment.slug if environment else None}
    record(
        action="policy.saved" if environment is None else "policy.reported",
        by=user,
        project=project,
        target=f"v{project.policy_version}",
        detail={**said, "commit": commit or None},
    )
    return True


def _evaluate_all(project: Project) -> None:
    request_evaluation(environments=list(project.environments.filter(latest__isnull=False)))
