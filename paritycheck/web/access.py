"""The way into every page of a project: signed in, and a member; else the same answer as for nothing at all."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from paritycheck.models import Project, User
from paritycheck.selectors.access import may_maintain, project_of

P = ParamSpec("P")


def of_project(
    view: Callable[Concatenate[HttpRequest, Project, P], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Give the view the project that the address names; 404 for one that is not there or not the caller's."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            project = project_of(request.user, slug)
        except Project.DoesNotExist:
            raise Http404 from None
        return view(request, project, *args, **kwargs)

    return guarded


def maintainer_of(request: HttpRequest, project: Project) -> User:
    """Whoever asks, if they may maintain the project; 403 for others of it."""
    if not may_maintain(request.user, project):
        raise PermissionDenied
    return cast("User", request.user)
