"""Whose id tokens a project takes: named and taken back by its maintainers."""

from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction

from paritycheck.core.trust import Terms, TrustError, checked
from paritycheck.models import Project, Trust, User
from paritycheck.services.audit import record
from paritycheck.services.errors import Refused
from paritycheck.services.handing_out import require_administering

MOST: Final = 50


def terms_of(trust: Trust) -> Terms:
    """What a trust asks of claims."""
    return Terms(
        trust.kind,
        trust.issuer,
        trust.repository,
        trust.owner,
        trust.gitlab_project,
        trust.ref,
        trust.environment,
        trust.job_workflow_ref,
    )


@transaction.atomic
def add_trust(*, project: Project, terms: Terms, by: User, now: datetime) -> Trust:
    """Take the id tokens that the terms mean. Raises Refused: forbidden, invalid-trust with a pointer."""
    require_administering(user=by, project=project)
    try:
        kept = checked(terms, tuple(settings.OIDC_ISSUERS))
    except TrustError as error:
        raise _invalid(error.member, error.detail) from None
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if project.trusts.count() >= MOST:
        raise _invalid("kind", f"a project trusts at most {MOST} pipelines")
    trust = Trust.objects.create(
        project=project,
        kind=kept.kind,
        issuer=kept.issuer,
        repository=kept.repository_id,
        owner=kept.repository_owner_id,
        gitlab_project=kept.project_id,
        ref=kept.ref,
        environment=kept.environment,
        job_workflow_ref=kept.job_workflow_ref,
        made_by=by.email,
        made_at=now,
    )
    _note("trust.added", trust, by)
    return trust


@transaction.atomic
def remove_trust(*, trust: Trust, by: User) -> None:
    """Take no more of them; tokens that were given for them end within their ten minutes."""
    require_administering(user=by, project=trust.project)
    _note("trust.removed", trust, by)
    trust.delete()


def _note(action: str, trust: Trust, by: User) -> None:
    said = {"id": str(trust.pk), "issuer": trust.issuer, "owner": trust.owner, "ref": trust.ref}
    more = {"environment": trust.environment, "job_workflow_ref": trust.job_workflow_ref}
    record(action=action, by=by, project=trust.project, target=str(trust), detail={**said, **more})


def _invalid(member: str, detail: str) -> Refused:
    place = {"pointer": f"/{member}", "code": "invalid-trust", "detail": detail}
    return Refused("invalid-trust", 422, f"{member}: {detail}", errors=[place])
