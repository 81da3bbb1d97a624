"""The heads of the matrix's columns, and the rail above them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from paritycheck.models.projects import EnvironmentKind
from paritycheck.selectors.columns import Column
from paritycheck.web import words
from paritycheck.web.gaps import lag_of


@dataclass(frozen=True, slots=True)
class Head:
    """One environment at the top of the table; `lag` is what waits in it for the next one, where that is known."""

    slug: str
    tier: str
    kind: str
    base: bool
    before_base: bool
    number: int
    who: str
    seen: datetime | None
    silent: bool
    lag: str
    lag_band: str


def heads_of(columns: Sequence[Column]) -> list[Head]:
    """In order of promotion."""
    return [_head(column, at, columns) for at, column in enumerate(columns)]


def _head(column: Column, at: int, columns: Sequence[Column]) -> Head:
    environment = column.environment
    before_base = at + 1 < len(columns) and columns[at + 1].baseline
    lag, band = lag_of(column.pair) if before_base and column.pair else ("", "")
    return Head(
        slug=column.slug,
        tier=environment.tier,
        kind=environment.kind,
        base=column.baseline,
        before_base=before_base,
        number=column.snapshot.number if column.snapshot else 0,
        who=who(column),
        seen=column.pulse.seen if column.pulse else None,
        silent=column.silent,
        lag=lag,
        lag_band=band,
    )


def who(column: Column) -> str:
    """`2 instances`, `9 laptops`."""
    count = column.pulse.instances if column.pulse else 0
    return words.plural(count, "laptop" if column.environment.kind == EnvironmentKind.COHORT else "instance")
