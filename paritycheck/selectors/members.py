"""Who belongs to a project, and as what."""

from uuid import UUID

from django.db.models import QuerySet

from paritycheck.models import Membership, Project


def members_of(project: Project) -> QuerySet[Membership]:
    """Its members by address."""
    return project.memberships.select_related("user", "project").order_by("user__email")


def find_member(project: Project, user_id: UUID) -> Membership | None:
    """One of them."""
    return members_of(project).filter(user_id=user_id).first()
