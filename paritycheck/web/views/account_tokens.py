"""One's own tokens."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from paritycheck.selectors.tokens import find_personal_token, tokens_of_person
from paritycheck.services.errors import Refused
from paritycheck.services.handing_out import make_personal_token
from paritycheck.services.tokens import revoke_token
from paritycheck.web.tokening import SCOPES, number_in, row_of
from paritycheck.web.views.tokens import Shown

if TYPE_CHECKING:
    from paritycheck.models import User

LONGEST = 200
FRESH: dict[str, Any] = {"name": "", "scopes": ["read"], "days": "90"}


@login_required
@require_safe
def account_tokens(request: HttpRequest) -> HttpResponse:
    """Those that still work, and the form of a new one; `revoke` asks once more before one ends."""
    return _page(request, Shown(), FRESH)


@login_required
@require_POST
def new_account_token(request: HttpRequest) -> HttpResponse:
    """Make one; its secret stands in this answer alone."""
    form: dict[str, Any] = {
        "name": request.POST.get("name", "").strip()[:LONGEST],
        "scopes": request.POST.getlist("scopes")[: len(SCOPES)],
        "days": request.POST.get("days", "").strip()[:LONGEST],
    }
    try:
        made, text = make_personal_token(
            user=cast("User", request.user),
            name=form["name"],
            scopes=form["scopes"],
            days=number_in(form["days"]) or 0,
            now=timezone.now(),
        )
    except Refused as error:
        return _page(request, Shown(fault=f"Not made: {error.detail}", status=error.status), form)
    return _page(request, Shown(secret=text, made=made), FRESH)


@login_required
@require_POST
def revoke_account_token(request: HttpRequest, token_id: str) -> HttpResponse:
    """End one."""
    user = cast("User", request.user)
    token = find_personal_token(user, token_id)
    if token is None:
        raise Http404
    revoke_token(token=token, by=user)
    return HttpResponseRedirect(reverse("web:account-tokens"))


def _page(request: HttpRequest, shown: Shown, form: dict[str, Any]) -> HttpResponse:
    now, asked = timezone.now(), request.GET.get("revoke", "")
    context: dict[str, Any] = {
        "here": reverse("web:account-tokens"),
        "rows": [
            row_of(token, now, asked, reverse("web:revoke-account-token", args=[token.pk]))
            for token in tokens_of_person(cast("User", request.user))
        ],
        "scopes": SCOPES,
        "form": form,
        "fault": shown.fault,
        "secret": shown.secret,
        "made": shown.made,
    }
    response = render(request, "web/account_tokens.html", context, status=shown.status)
    if shown.secret:
        response.headers["Cache-Control"] = "no-store"
    return response
