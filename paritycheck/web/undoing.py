"""What was just done and can be taken back, told once on the next page: `Waived until 11 Dec. Undo`."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from paritycheck.models import Waiver
from paritycheck.selectors.waivers import document_of
from paritycheck.web.waiving import end_words

_KEY = "said"


@dataclass(frozen=True, slots=True)
class Said:
    """`undo` is where a form takes it back, empty where nothing is left to take back."""

    text: str
    undo: str = ""


def say_waived(request: HttpRequest, waiver: Waiver) -> None:
    """Keep the word for the page that comes next."""
    undo = reverse("web:end-waiver", args=[waiver.project.slug, waiver.pk])
    request.session[_KEY] = [f"Waived {end_words(document_of(waiver))}.".replace("Waived .", "Waived."), undo]


def say(request: HttpRequest, text: str) -> None:
    """The same of something that cannot be taken back."""
    request.session[_KEY] = [text, ""]


def taken_word(request: HttpRequest) -> Said | None:
    """The word that waits, which nobody gets a second time. A page that only refreshes itself leaves it."""
    if getattr(request, "htmx", False) or _KEY not in getattr(request, "session", {}):
        return None
    return Said(*request.session.pop(_KEY))


def way_back(request: HttpRequest, otherwise: str) -> str:
    """The page a form was filled in on, if it is one of ours."""
    target = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if ours else otherwise
