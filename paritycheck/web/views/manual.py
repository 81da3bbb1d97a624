"""The manual, served by the app itself."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from paritycheck.core.project_example import EXAMPLE
from paritycheck.web import pipelines, reference, tokens
from paritycheck.web.icons import PATHS
from paritycheck.web.samples import SAMPLES
from paritycheck_agent.cli.arguments import helps

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page of the manual; its template is `docs/<slug>.html`."""

    slug: str
    title: str


LEAVES = (
    Leaf("start", "Start"),
    Leaf("agent", "Agent and parity.toml"),
    Leaf("commands", "Command line"),
    Leaf("gate", "The gate"),
    Leaf("pipelines", "Pipelines"),
    Leaf("time", "What waits, and how long"),
    Leaf("personnel", "Who writes, who ships"),
    Leaf("tools", "How far apart the tools are"),
    Leaf("alerts", "Alerts"),
    Leaf("channels", "Channels"),
    Leaf("compare", "Compare"),
    Leaf("api", "API"),
    Leaf("collected", "What is collected"),
    Leaf("access", "Access"),
    Leaf("signing-in", "Signing in"),
    Leaf("apply", "Projects as a file"),
    Leaf("operating", "Operating"),
    Leaf("glossary", "Words"),
    Leaf("design", "Design language"),
)


def _design() -> dict[str, Any]:
    return {"tokens": tokens.shown(), "icons": sorted(PATHS), "samples": SAMPLES}


@cache
def _commands() -> dict[str, Any]:
    """What `--help` of each command prints; some Pythons colour it where they think that a terminal listens."""
    plain = {name: _COLOURS.sub("", text).rstrip() for name, text in helps().items()}
    return {"overview": plain.pop(""), "commands": plain}


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
        **({"api": reference.shown()} if slug == "api" else {}),
        **(_design() if slug == "design" else {}),
        **({"pipelines": pipelines.shown()} if slug == "pipelines" else {}),
        **({"example": EXAMPLE.splitlines()} if slug == "apply" else {}),
        **(_commands() if slug == "commands" else {}),
    }
    return render(request, f"docs/{leaf.slug}.html", context)
