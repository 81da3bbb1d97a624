"""Signing out, and the looks a person chose."""

from typing import Any

from django.conf import settings
from django.contrib.auth import views
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST
from typing_extensions import override

from paritycheck.web.frame import CHOICES

A_YEAR = 365 * 86400


class SignOut(views.LogoutView):
    """Ends the session, and forgets the pages that the browser kept."""

    @override
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """POST only, as Django's own."""
        response = super().dispatch(request, *args, **kwargs)
        response.headers["Clear-Site-Data"] = '"cache"'
        return response


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep a choice of theme or density in a cookie and go back to the page it was made on."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = reverse("web:projects")
    response = HttpResponseRedirect(target)
    for name, allowed in CHOICES.items():
        if request.POST.get(name) in allowed:
            response.set_cookie(
                name, request.POST[name], max_age=A_YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
            )
    return response
