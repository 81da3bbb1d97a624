"""Who belongs to a project: everybody in it sees that, its owners change it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from paritycheck.models import Membership, Project, User
from paritycheck.models.people import Role
from paritycheck.selectors.access import may_maintain, may_own
from paritycheck.selectors.members import find_member, members_of
from paritycheck.services.errors import Refused
from paritycheck.services.invitations import is_invited
from paritycheck.services.members import add_member, change_member, invite_again, remove_member
from paritycheck.web.access import of_project
from paritycheck.web.headlines import of_members
from paritycheck.web.visible import visible

LONGEST = 300
FORBIDDEN = 403


@dataclass(frozen=True, slots=True)
class Row:
    """One member; `asked`: whoever looks is asked whether they shall really go."""

    id: UUID
    email: str
    name: str
    role: str
    since: datetime
    active: bool
    self: bool
    asked: bool
    invited: bool
    invited_at: datetime | None


@require_safe
@of_project
def members(request: HttpRequest, project: Project) -> HttpResponse:
    """Everybody with their role; `remove` asks once more before somebody goes."""
    return _page(request, project, {"role": Role.MEMBER})


@require_POST
@of_project
def new_member(request: HttpRequest, project: Project) -> HttpResponse:
    """Let somebody in."""
    form = {name: request.POST.get(name, "").strip()[:LONGEST] for name in ("email", "role")}
    try:
        add_member(project=project, email=form["email"], role=form["role"], by=_user(request), now=timezone.now())
    except Refused as error:
        return _refused(request, project, form, error)
    return HttpResponseRedirect(reverse("web:members", args=[project.slug]))


@require_POST
@of_project
def member_act(request: HttpRequest, project: Project, user_id: UUID, verb: str) -> HttpResponse:
    """Give somebody another role, mail them the way in again, or end their membership."""
    user = _user(request)
    if user.pk != user_id and not may_own(user, project):
        raise PermissionDenied
    row = find_member(project, user_id)
    if row is None:
        raise Http404
    try:
        if verb == "remove":
            remove_member(membership=row, by=user)
        elif verb == "invite":
            invite_again(membership=row, by=user, now=timezone.now())
        else:
            change_member(membership=row, role=request.POST.get("role", ""), by=user, now=timezone.now())
    except Refused as error:
        return _refused(request, project, {"role": Role.MEMBER}, error)
    left = verb == "remove" and user.pk == user_id and not user.is_superuser
    return HttpResponseRedirect(reverse("web:projects") if left else reverse("web:members", args=[project.slug]))


def _refused(request: HttpRequest, project: Project, form: dict[str, str], error: Refused) -> HttpResponse:
    if error.status == FORBIDDEN:
        raise PermissionDenied
    return _page(request, project, form, f"Nothing changed: {error.detail}", error.status)


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


def _page(
    request: HttpRequest, project: Project, form: dict[str, str], fault: str = "", status: int = 200
) -> HttpResponse:
    user = _user(request)
    rows = [_row(row, user, request.GET.get("remove", "")) for row in members_of(project)]
    context: dict[str, Any] = {
        "project": project,
        "headline": _headline(rows),
        "tab": "settings",
        "part": "members",
        "version": "",
        "here": reverse("web:members", args=[project.slug]),
        "may_maintain": may_maintain(user, project),
        "may_own": may_own(user, project),
        "rows": rows,
        "roles": Role.values,
        "mails": bool(settings.EMAIL_URL),
        "sso": settings.OIDC_NAME if settings.OIDC_ON else "",
        "sso_only": settings.OIDC_ONLY,
        "form": form,
        "fault": fault,
    }
    return render(request, "web/settings/members.html", context, status=status)


def _row(row: Membership, user: User, asked: str) -> Row:
    return Row(
        row.user_id,
        visible(row.user.email),
        visible(row.user.name),
        row.role,
        row.created_at,
        row.user.is_active,
        row.user_id == user.pk,
        str(row.user_id) == asked,
        is_invited(row.user),
        row.user.invited_at,
    )


def _headline(rows: list[Row]) -> str:
    owners = sum(row.role == Role.OWNER for row in rows)
    return of_members(len(rows), owners, sum(row.invited for row in rows))
