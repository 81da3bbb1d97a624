"""Where the link of an invitation leads: choosing the first password."""

from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from paritycheck.services.errors import Refused
from paritycheck.services.invitations import accept_invitation, invited_by

PAGE = "web/account/invited.html"


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters()
def invited(request: HttpRequest, token: str) -> HttpResponse:
    """The form, what is wrong with it, that it is done, or that the link is no longer good."""
    try:
        user = invited_by(token)
        form = SetPasswordForm(user, request.POST or None)
        if not form.is_valid():
            status = 422 if form.is_bound else 200
            return render(request, PAGE, {"email": user.email, "form": form}, status=status)
        accept_invitation(token=token, password=form.cleaned_data["new_password1"])
    except Refused as error:
        return render(request, PAGE, status=error.status)
    return render(request, PAGE, {"email": user.email, "done": True})
