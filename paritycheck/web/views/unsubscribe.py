"""Pages that a link in a mail opens, without an account: the signed token is who asks.

Programs that look at mail open every link in it, so looking changes nothing. A mail program's button posts as a form
does, without a cookie; there is no session to protect, hence no secret of a form.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from paritycheck.core.subscription_words import rule_words
from paritycheck.models import Subscription
from paritycheck.selectors.recipients import terms_of
from paritycheck.services.channels import confirm_channel
from paritycheck.services.confirming import confirmed
from paritycheck.services.errors import Refused
from paritycheck.services.unsubscribing import subscription_by, unsubscribe
from paritycheck.web.errors import not_found

ASKING = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@csrf_exempt
@ASKING
def unsubscribing(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST ends the subscription: the button of the page, or the one click of a mail program."""
    posted = request.method == "POST"
    row = unsubscribe(token=token, now=timezone.now()) if posted else subscription_by(token)
    if row is None:
        return not_found(request)
    shown = {"row": row, "who": _who(row), "rule": rule_words(terms_of(row)), "ended": row.ended_at is not None}
    return render(request, "web/alerts/unsubscribe.html", shown)


def _who(row: Subscription) -> str:
    """Whom it tells, as the reader of the mail knows it."""
    if row.channel is not None:
        return row.channel.shown or row.channel.name
    return row.user.email if row.user is not None else ""


@never_cache
@csrf_exempt
@ASKING
def confirming(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST confirms that the address of a channel wants the alerts of a project."""
    try:
        if request.method != "POST":
            confirmed(token)
            return render(request, "web/alerts/confirm.html", {"token": token})
        channel = confirm_channel(token=token, now=timezone.now())
    except Refused:
        return not_found(request)
    return render(request, "web/alerts/confirm.html", {"channel": channel})
