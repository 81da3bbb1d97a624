"""Who may see which project. Every page's reads begin here, so that nothing foreign can be reached by a name."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from paritycheck.models import Project, Token, User
from paritycheck.models.people import Role

MEMBERS = (Role.MEMBER, Role.MAINTAINER, Role.OWNER)
MAINTAINERS = (Role.MAINTAINER, Role.OWNER)
OWNERS = (Role.OWNER,)


def projects_of(user: User | AnonymousUser) -> QuerySet[Project]:
    """The projects that the user is a member of, by slug; all of them for an administrator of the installation."""
    everything = Project.objects.order_by("slug")
    if not isinstance(user, User) or not user.is_active:
        return everything.none()
    return everything if user.is_superuser else everything.filter(memberships__user=user)


def project_of(user: User | AnonymousUser, slug: str) -> Project:
    """One of them with its baseline and policy; `Project.DoesNotExist` for a foreign one as for a missing one."""
    return projects_of(user).select_related("baseline__latest", "policy").get(slug=slug)


def may_write(token: Token, project: Project) -> bool:
    """Whether a token that may see the project may change something there: a machine's by its scopes alone, a
    person's as a member or more.
    """
    return token.user is None or _has_role(token.user, project, MEMBERS)


def may_administer(user: User | AnonymousUser) -> bool:
    """Whether the user looks after the installation."""
    return isinstance(user, User) and user.is_active and user.is_superuser


def may_waive(user: User | AnonymousUser, project: Project) -> bool:
    """Whether the user may accept drifts of the project: a member and above, or an administrator."""
    return _has_role(user, project, MEMBERS)


def may_maintain(user: User | AnonymousUser | None, project: Project) -> bool:
    """Whether the user may change how the project is judged: its maintainers and owners, and administrators."""
    return _has_role(user, project, MAINTAINERS)


def may_own(user: User | AnonymousUser | None, project: Project) -> bool:
    """Whether the user may say who gets in: the project's owners, and administrators."""
    return _has_role(user, project, OWNERS)


def _has_role(user: User | AnonymousUser | None, project: Project, roles: tuple[Role, ...]) -> bool:
    if not isinstance(user, User) or not user.is_active:
        return False
    return user.is_superuser or project.memberships.filter(user=user, role__in=roles).exists()
