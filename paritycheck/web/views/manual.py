"""The manual, served by the app itself. It is open to everyone: it says nothing of any project."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_safe

from paritycheck.core.problem_titles import TITLES
from paritycheck.core.searching import MAX_TEXT
from paritycheck.web import words
from paritycheck.web.manual_index import anchored, find
from paritycheck.web.manual_pages import context_of, leaf_of, parts

MOST_HITS = 30


@require_safe
def manual(request: HttpRequest, slug: str = "start") -> HttpResponse:
    """One page, every heading of it with an address of its own."""
    leaf = leaf_of(slug)
    if leaf is None:
        raise Http404
    return HttpResponse(anchored(render_to_string(f"docs/{leaf.slug}.html", context_of(leaf), request)))


@require_safe
def problem(request: HttpRequest, code: str) -> HttpResponse:
    """The address that an error of the API gives as its `type`: its place in the manual."""
    del request
    if code not in TITLES:
        raise Http404
    return HttpResponseRedirect(f"{reverse('web:manual', args=['problems'])}#{code}")


@require_safe
def manual_search(request: HttpRequest) -> HttpResponse:
    """The places of the manual that hold every word of `q`."""
    text = request.GET.get("q", "").strip()[:MAX_TEXT]
    hits = find(text, MOST_HITS)
    headline = f"{words.plural(len(hits), 'place')} in the manual" if hits else "Nothing in the manual"
    context = {
        "text": text,
        "hits": hits,
        "parts": parts(),
        "headline": f'{headline} for "{text}"' if text else "Search the manual",
    }
    return render(request, "docs/search.html", context)
