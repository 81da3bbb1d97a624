"""Looking for something: a page for everybody, and its inside for the palette."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from paritycheck.core.searching import MAX_TEXT
from paritycheck.models import Project
from paritycheck.selectors.access import project_of
from paritycheck.web import words
from paritycheck.web.searching import Found, Search

IN_PALETTE, ON_PAGE = 5, 50


@require_safe
@vary_on_headers("HX-Request")
@login_required
def search(request: HttpRequest) -> HttpResponse:
    """`q` in the project `in`, or in all of one's own; a project that is not one's own is not there."""
    text = request.GET.get("q", "").strip()[:MAX_TEXT]
    project = _project(request)
    palette = bool(getattr(request, "htmx", False))
    found = Search(request.user, text, project, IN_PALETTE if palette else ON_PAGE).found()
    context = {"found": found, "text": text, "project": project, "headline": _headline(found, text)}
    return render(request, "web/search/options.html" if palette else "web/search/page.html", context)


def _project(request: HttpRequest) -> Project | None:
    slug = request.GET.get("in", "")
    if not slug:
        return None
    try:
        return project_of(request.user, slug)
    except Project.DoesNotExist:
        raise Http404 from None


def _headline(found: Found, text: str) -> str:
    if not text:
        return "Search or jump to"
    if not found.count:
        return f'No fact matches "{text}"'
    more = "More than " if any(group.more for group in found.groups) else ""
    return f'{more}{words.plural(found.count, "match", "matches")} for "{text}"'
