"""The manual, served by the app itself."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from paritycheck.web import tokens


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page of the manual; its template is `docs/<slug>.html`."""

    slug: str
    title: str


LEAVES = (
    Leaf("start", "Start"),
    Leaf("agent", "Agent and parity.toml"),
    Leaf("gate", "The gate"),
    Leaf("collected", "What is collected"),
    Leaf("glossary", "Words"),
    Leaf("design", "Design language"),
)


def manual(request: HttpRequest, slug: str = "start") -> HttpResponse:
    """One page; the manual is open to everyone, it says nothing of any project."""
    leaf = next((leaf for leaf in LEAVES if leaf.slug == slug), None)
    if leaf is None:
        raise Http404
    at = LEAVES.index(leaf)
    context = {
        "leaf": leaf,
        "leaves": LEAVES,
        "next_leaf": LEAVES[at + 1] if at + 1 < len(LEAVES) else None,
        "tokens": tokens.shown() if slug == "design" else (),
        "public_url": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, f"docs/{leaf.slug}.html", context)
