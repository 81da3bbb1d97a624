"""Pages for what went wrong, in the language of the rest. They need no database."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from paritycheck.web.frame import chosen


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a page says of a refusal: `icon`, one line, one sentence."""

    status: int
    icon: str
    title: str
    text: str


NOT_FOUND = Trouble(
    404,
    "map-pin-off",
    "Nothing here",
    "This page does not exist, or you have no access to it. Ask an owner for a link.",
)
DENIED = Trouble(403, "shield-x", "Not allowed", "Your role does not allow this. Ask an owner of the project.")
STALE_FORM = Trouble(
    403,
    "rotate-ccw",
    "This form is too old",
    "It was opened before you signed in, or cookies are off. Go back, reload, try again.",
)
BAD_REQUEST = Trouble(400, "circle-alert", "Not understood", "The address or the form holds something unreadable.")
BROKEN = Trouble(
    500,
    "unplug",
    "This page failed",
    "Nothing was changed. The failure is in the server's log under the request's number.",
)


def _answer(request: HttpRequest, trouble: Trouble) -> HttpResponse:
    context = {
        "trouble": trouble,
        "theme": chosen(request, "theme"),
        "request_number": request.META.get("paritycheck.request_id", ""),
    }
    return HttpResponse(render_to_string("web/trouble.html", context), status=trouble.status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    del exception
    return _answer(request, BAD_REQUEST)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    del exception
    return _answer(request, DENIED)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404, the same for what is not there and what is not yours."""
    del exception
    return _answer(request, NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    """500."""
    return _answer(request, BROKEN)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 of a form whose secret does not fit."""
    del reason
    return _answer(request, STALE_FORM)
