"""The form of a new project: a name that becomes an address, and its first environments in order of promotion."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from paritycheck.models.projects import EnvironmentKind, Tier
from paritycheck.services.projects import EnvironmentPlan

LONGEST: Final = 63
KINDS: Final = {
    EnvironmentKind.PERSISTENT: "one that stays",
    EnvironmentKind.COHORT: "many laptops, seen as one",
    EnvironmentKind.EPHEMERAL: "ends by itself, a review app",
}
TIERS: Final = (Tier.DEVELOPMENT, Tier.TESTING, Tier.STAGING, Tier.PRODUCTION, Tier.OTHER)


@dataclass(frozen=True, slots=True)
class Row:
    """One environment of the form; a row without a name is none."""

    name: str
    tier: str
    kind: str
    hint: str = ""


ROWS: Final = (
    Row("development", Tier.DEVELOPMENT, EnvironmentKind.COHORT, "the laptops of the team"),
    Row("ci", Tier.TESTING, EnvironmentKind.PERSISTENT, "where the tests run"),
    Row("staging", Tier.STAGING, EnvironmentKind.PERSISTENT, "where a release waits"),
    Row("production", Tier.PRODUCTION, EnvironmentKind.PERSISTENT, "what users see"),
    Row("", Tier.OTHER, EnvironmentKind.PERSISTENT),
)


def slug_of(name: str) -> str:
    """`Web Shop` as an address has it, `web-shop`; empty where nothing of it can stand there."""
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST].strip("-")


def rows_of(sent: Mapping[str, str]) -> tuple[Row, ...]:
    """What was sent, row by row; a choice that is none of those offered is that of the row's beginning."""
    return tuple(
        Row(
            sent.get(f"environment-{at}", "").strip()[:LONGEST],
            one_of(sent.get(f"tier-{at}", ""), Tier.values, row.tier),
            one_of(sent.get(f"kind-{at}", ""), EnvironmentKind.values, row.kind),
            row.hint,
        )
        for at, row in enumerate(ROWS)
    )


def one_of(said: str, known: list[str], otherwise: str) -> str:
    """What was said where it is known."""
    return said if said in known else otherwise


def plans_of(rows: tuple[Row, ...]) -> list[EnvironmentPlan]:
    """The environments of the rows that have a name."""
    return [EnvironmentPlan(slug_of(row.name), row.tier, row.kind) for row in rows if row.name]


def fault_of(name: str, rows: tuple[Row, ...]) -> str:
    """What is wrong with the names, before anything is made; empty for nothing."""
    if not slug_of(name):
        return "the project's name needs a letter from a to z, or a figure"
    slugs = [slug_of(row.name) for row in rows if row.name]
    if not slugs:
        return "a project begins with one environment at least"
    if not all(slugs):
        return "an environment's name needs a letter from a to z, or a figure"
    twice = next((slug for slug in slugs if slugs.count(slug) > 1), "")
    return f"two environments are named {twice}" if twice else ""
