"""What every page's frame needs: names, looks, and the projects to switch to."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from paritycheck.selectors.access import projects_of
from paritycheck.web.keys import SHEET
from paritycheck.web.undoing import taken_word

CHOICES = {"theme": ("system", "light", "dark"), "density": ("system", "comfortable"), "keys": ("system", "off")}
SWITCHER_LENGTH = 50


def chosen(request: HttpRequest, name: str) -> str:
    """What the person chose of `theme`, `density` or `keys`; empty where the system or the default decides."""
    value = request.COOKIES.get(name, "")
    return value if value in CHOICES[name][1:] else ""


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of every template; the switcher asks the database only where it is drawn."""
    user = getattr(request, "user", None)
    return {
        "site_name": settings.SITE_NAME,
        "theme": chosen(request, "theme"),
        "density": chosen(request, "density"),
        "single_keys": chosen(request, "keys"),
        "sheet": SHEET,
        "page_time": timezone.now(),
        "said": SimpleLazyObject(lambda: taken_word(request)),
        "switcher": SimpleLazyObject(lambda: list(projects_of(user)[:SWITCHER_LENGTH]) if user else []),
    }
