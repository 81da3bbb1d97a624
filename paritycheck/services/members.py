"""Who belongs to a project: the one place where memberships are made."""

from datetime import datetime

from django.db import transaction

from paritycheck.models import Membership, Project, User
from paritycheck.services.audit import record
from paritycheck.services.subscriptions import give_defaults


@transaction.atomic
def join_project(
    *, project: Project, user: User, role: str, now: datetime, keep_role: bool = False, by: User | None = None
) -> Membership:
    """Make a person a member with this role, or give a member this role unless `keep_role`.

    Who is new gets the default subscriptions, once: who left and comes back finds their own.
    """
    membership, created = Membership.objects.get_or_create(project=project, user=user, defaults={"role": role})
    if created:
        give_defaults(project=project, user=user, now=now)
        record(action="member.added", by=by, project=project, target=user.email, detail={"role": role})
    elif membership.role != role and not keep_role:
        said = {"role": role, "was": membership.role}
        membership.role = role
        membership.save(update_fields=["role"])
        record(action="member.changed", by=by, project=project, target=user.email, detail=said)
    return membership
