"""Which of a project's environments another tool means by a name of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_OTHER: Final = re.compile(r"[^a-z0-9]+", re.ASCII)
_LONGEST: Final = 63
_TIERS: Final = {
    "production": ("production", "prod", "prd", "live"),
    "staging": ("staging", "stage", "stg", "preprod", "pre-production", "preproduction"),
    "testing": ("testing", "test", "qa", "ci"),
    "development": ("development", "dev", "develop"),
}
_TIER_OF: Final = {name: tier for tier, names in _TIERS.items() for name in names}


def slug_of(name: str) -> str:
    """`Production (EU)` as `production-eu`."""
    return _OTHER.sub("-", name[:256].lower()).strip("-")[:_LONGEST]


def environment_for(name: str, tier: str, known: Iterable[tuple[str, str]]) -> str | None:
    """The slug of the environment that is meant, of those known as (slug, tier): the one of that name, else the only
    one of the tier that was said or that the name tells of. None where that leaves none or several.
    """
    slug, rows = slug_of(name), list(known)
    if slug in {one for one, _ in rows}:
        return slug
    wanted = tier if tier in _TIERS else _TIER_OF.get(slug, "")
    found = [one for one, of in rows if wanted and of == wanted]
    return found[0] if len(found) == 1 else None
