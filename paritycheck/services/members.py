"""Who belongs to a project: the one place where memberships are made, changed and ended."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from paritycheck.models import Membership, Project, User
from paritycheck.models.people import Role
from paritycheck.selectors.access import may_own
from paritycheck.services.audit import record
from paritycheck.services.errors import Refused
from paritycheck.services.invitations import invite_person
from paritycheck.services.subscriptions import give_defaults

MOST = 1_000
LONGEST_ADDRESS = 254


def require_owning(*, user: User | None, project: Project) -> User:
    """The person, if they may say who gets in; Refused(forbidden) else."""
    if user is None or not may_own(user, project):
        raise Refused("forbidden", 403, "members take the role of an owner")
    return user


@transaction.atomic
def add_member(*, project: Project, email: str, role: str, by: User, now: datetime) -> Membership:
    """Let a person in by address. Who was not known gets an account without a password, and a mail with a link to
    choose one; where no mail leaves, they sign in by single sign-on, or with the password that an administrator sets.

    Raises Refused: forbidden, invalid-member.
    """
    require_owning(user=by, project=project)
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise invalid("email", "is no e-mail address") from None
    if len(address) > LONGEST_ADDRESS:
        raise invalid("email", "is no e-mail address")
    _check_role(role)
    _lock(project)
    if project.memberships.filter(user__email=address).exists():
        raise invalid("email", "is a member already; change the role instead")
    if project.memberships.count() >= MOST:
        raise invalid("email", f"a project has at most {MOST} members")
    user = User.objects.filter(email=address).first()
    if user is None:
        user = User.objects.create_user(address)
        record(action="person.invited", by=by, target=address)
    membership = join_project(project=project, user=user, role=role, now=now, by=by)
    invite_person(user=user, project=project, by=by, now=now)
    return membership


@transaction.atomic
def invite_again(*, membership: Membership, by: User, now: datetime) -> None:
    """Mail them again how to get in. Raises Refused: forbidden, not-invited."""
    require_owning(user=by, project=membership.project)
    if not invite_person(user=membership.user, project=membership.project, by=by, now=now):
        detail = "no mail went out: they have been here already, or one went to them in the last ten minutes"
        raise Refused("not-invited", 409, detail)


@transaction.atomic
def change_member(*, membership: Membership, role: str, by: User, now: datetime) -> Membership:
    """Give a member another role. Raises Refused: forbidden, invalid-member, last-owner."""
    project = membership.project
    require_owning(user=by, project=project)
    _check_role(role)
    _lock(project)
    if role != Role.OWNER:
        _keep_an_owner(membership)
    return join_project(project=project, user=membership.user, role=role, now=now, by=by)


@transaction.atomic
def remove_member(*, membership: Membership, by: User) -> None:
    """End a membership: an owner anyone's, everybody their own. Raises Refused: forbidden, last-owner."""
    if membership.user_id != by.pk:
        require_owning(user=by, project=membership.project)
    _lock(membership.project)
    _keep_an_owner(membership)
    drop_member(membership=membership, by=by)


@transaction.atomic
def drop_member(*, membership: Membership, by: User) -> None:
    """End a membership whoever they are, as an administrator of the installation may."""
    project, said = membership.project, {"role": membership.role}
    if Membership.objects.filter(pk=membership.pk).delete()[0]:
        record(action="member.removed", by=by, project=project, target=membership.user.email, detail=said)


def _lock(project: Project) -> None:
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def _keep_an_owner(membership: Membership) -> None:
    """Of two owners who lower each other at once the second is refused: the project's row is locked."""
    owners = Membership.objects.filter(project_id=membership.project_id, role=Role.OWNER, user__is_active=True)
    if not owners.exclude(pk=membership.pk).exists() and owners.filter(pk=membership.pk).exists():
        raise Refused("last-owner", 409, "this is the last owner: make somebody else one first")


def _check_role(role: str) -> None:
    if role not in Role.values:
        raise invalid("role", f"is one of {', '.join(Role.values)}")


def invalid(member: str, detail: str) -> Refused:
    """422 for one member of what was sent; never repeats its value."""
    place = {"pointer": f"/{member}", "code": "invalid-member", "detail": detail}
    return Refused("invalid-member", 422, f"{member}: {detail}", errors=[place])


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
