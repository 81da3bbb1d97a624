"""Makes the account of somebody whom the provider of single sign-on vouches for."""

from django.db import transaction
from django.utils import timezone

from paritycheck.core.plain import plain
from paritycheck.models import Project, User
from paritycheck.services.audit import record
from paritycheck.services.members import join_project

NO_PROJECT = "none"
LONGEST_NAME = 120


@transaction.atomic
def admit_person(*, email: str, name: str, role: str) -> User:
    """An account without a password. `role` is what the person has in each project that is there, or `none`."""
    user = User.objects.create_user(email, None, name=plain(name, LONGEST_NAME))
    if role != NO_PROJECT:
        for project in Project.objects.order_by("slug"):
            join_project(project=project, user=user, role=role, now=timezone.now())
    record(action="account.created", by=None, target=user.email, detail={"by": "single sign-on", "role": role})
    return user
