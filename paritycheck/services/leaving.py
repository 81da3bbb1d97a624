"""Ends a membership."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from paritycheck.models import Membership, Project, User
from paritycheck.models.people import Role
from paritycheck.services.audit import record
from paritycheck.services.errors import Refused


@transaction.atomic
def leave_project(*, project: Project, user: User, by: User | None, detail: Mapping[str, Any]) -> None:
    """End it; what they subscribed to waits for their return. Raises Refused(last-owner)."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    rows = Membership.objects.filter(project=project)
    membership = rows.filter(user=user).first()
    if membership is None:
        return
    if membership.role == Role.OWNER and not rows.filter(role=Role.OWNER).exclude(user=user).exists():
        raise Refused("last-owner", 409, "a project keeps one owner: make somebody else one first")
    membership.delete()
    record(
        action="member.removed", by=by, project=project, target=user.email, detail={**detail, "was": membership.role}
    )
