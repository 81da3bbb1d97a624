"""The pages of the manual: in which part each stands, and what it shows beside its template."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.conf import settings

from paritycheck.core.problem_titles import TITLES
from paritycheck.core.project_example import EXAMPLE
from paritycheck.web import agent_reference, design, keys, pipelines, policy_reference, reference
from paritycheck_agent.cli.arguments import helps

_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page; its template is `docs/<slug>.html`. `part` is one of PARTS."""

    slug: str
    title: str
    part: str


PARTS: Final = ("Tutorial", "How to", "Reference", "Explanation")
LEAVES: Final = (
    Leaf("start", "From nothing to the first gate", PARTS[0]),
    Leaf("matrix", "Work in the matrix", PARTS[1]),
    Leaf("pipelines", "Ask in a pipeline", PARTS[1]),
    Leaf("alerts", "Be told of drifts", PARTS[1]),
    Leaf("channels", "Set up a channel", PARTS[1]),
    Leaf("compare", "Compare two states", PARTS[1]),
    Leaf("apply", "Keep projects in a file", PARTS[1]),
    Leaf("enrolling", "Enrol many instances", PARTS[1]),
    Leaf("signing-in", "Set up signing in", PARTS[1]),
    Leaf("deploying", "Deploy with containers", PARTS[1]),
    Leaf("operating", "Operate a server", PARTS[1]),
    Leaf("backups", "Back up and restore", PARTS[1]),
    Leaf("scaling", "Serve more agents", PARTS[1]),
    Leaf("agent", "Agent", PARTS[2]),
    Leaf("readers", "What the agent reads", PARTS[2]),
    Leaf("policy", "Policy: parity.toml", PARTS[2]),
    Leaf("commands", "Command line", PARTS[2]),
    Leaf("gate", "Gate", PARTS[2]),
    Leaf("api", "API", PARTS[2]),
    Leaf("problems", "Errors of the API", PARTS[2]),
    Leaf("access", "Access", PARTS[2]),
    Leaf("keys", "Keys and search", PARTS[2]),
    Leaf("glossary", "Words", PARTS[2]),
    Leaf("design", "Design language", PARTS[2]),
    Leaf("ideas", "Three gaps, and what is unknown", PARTS[3]),
    Leaf("time", "What waits, and how long", PARTS[3]),
    Leaf("tools", "How far apart the tools are", PARTS[3]),
    Leaf("personnel", "Who writes, who ships", PARTS[3]),
    Leaf("collected", "What is collected, what is not", PARTS[3]),
)


def leaf_of(slug: str) -> Leaf | None:
    """The page of this name."""
    return next((leaf for leaf in LEAVES if leaf.slug == slug), None)


def parts() -> list[tuple[str, list[Leaf]]]:
    """The navigation: each part with its pages."""
    return [(part, [leaf for leaf in LEAVES if leaf.part == part]) for part in PARTS]


@cache
def _commands() -> dict[str, Any]:
    """What `--help` of each command prints; some Pythons colour it where they think that a terminal listens."""
    plain = {name: _COLOURS.sub("", text).rstrip() for name, text in helps().items()}
    return {"overview": plain.pop(""), "commands": plain}


_SHOWN: Final[dict[str, Callable[[], dict[str, Any]]]] = {
    "api": lambda: {"api": reference.shown()},
    "apply": lambda: {"example": EXAMPLE.splitlines()},
    "commands": _commands,
    "design": design.shown,
    "keys": lambda: {"sheet": keys.SHEET},
    "policy": lambda: {
        "policy": policy_reference.POLICY,
        "agent": policy_reference.AGENT,
        "shipped": policy_reference.SHIPPED,
    },
    "problems": lambda: {"problems": sorted(TITLES.items())},
    "readers": agent_reference.shown,
    "pipelines": lambda: {"pipelines": pipelines.shown()},
}


def context_of(leaf: Leaf) -> dict[str, Any]:
    """What the template of a page needs, the same for everybody."""
    at = LEAVES.index(leaf)
    return {
        "leaf": leaf,
        "parts": parts(),
        "next_leaf": LEAVES[at + 1] if at + 1 < len(LEAVES) else None,
        "public_url": settings.PUBLIC_URL,
        **_SHOWN.get(leaf.slug, dict)(),
    }
