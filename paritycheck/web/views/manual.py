"""The manual, served by the app itself."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from paritycheck.web import tokens
from paritycheck.web.icons import PATHS
from paritycheck.web.samples import SAMPLES


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page of the manual; its template is `docs/<slug>.html`."""

    slug: str
    title: str


LEAVES = (
    Leaf("start", "Start"),
    Leaf("agent", "Agent and parity.toml"),
    Leaf("gate", "The gate"),
    Leaf("time", "What waits, and how long"),
    Leaf("personnel", "Who writes, who ships"),
    Leaf("alerts", "Alerts"),
    Leaf("channels", "Channels"),
    Leaf("compare", "Compare"),
    Leaf("collected", "What is collected"),
    Leaf("access", "Access"),
    Leaf("operating", "Operating"),
    Leaf("glossary", "Words"),
    Leaf("design", "Design language"),
)


def _design() -> dict[str, Any]:
    return {"tokens": tokens.shown(), "icons": sorted(PATHS), "samples": SAMPLES}


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
        "public_url": settings.PUBLIC_URL,
        **(_design() if slug == "design" else {}),
    }
    return render(request, f"docs/{leaf.slug}.html", context)
