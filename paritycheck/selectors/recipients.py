"""Who gets a project's messages."""

from uuid import UUID

from paritycheck.models import Membership


def recipients_of(project_id: UUID) -> list[str]:
    """Addresses of the project's members with an active account, sorted."""
    members = Membership.objects.filter(project_id=project_id, user__is_active=True)
    return sorted(members.values_list("user__email", flat=True))


def still_receives(project_id: UUID, address: str) -> bool:
    """Whether the address still belongs to a member with an active account."""
    return Membership.objects.filter(project_id=project_id, user__is_active=True, user__email=address).exists()
