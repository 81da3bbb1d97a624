"""Parity and coverage of a pair: 1 - sum w pen(d) / sum w over what is comparable (gaps.md). Gates look at drifts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from paritycheck.core.comparison import Row

PENALTY: Final = (0.0, 0.1, 0.3, 0.7, 1.0)
"""By distance: equal, patch, minor, major, another kind or absent."""
DISTANCES: Final = ("patch", "minor", "major", "kind")
"""What a fact that differs is apart by, from the nearest; `kind` is another kind, or absent on one side."""


@dataclass(frozen=True, slots=True)
class Parity:
    """Both 0 to 1, shown together. `value` is None where nothing is comparable."""

    value: float | None
    coverage: float


def parity(rows: Iterable[Row]) -> Parity:
    """Of a judgement's rows, which weigh 0 where the policy ignores the fact."""
    union = comparable = lost = 0.0
    for row in rows:
        union += row.weight
        if row.distance is not None:
            comparable += row.weight
            lost += row.weight * PENALTY[row.distance]
    value = 1 - lost / comparable if comparable else None
    return Parity(value, comparable / union if union else 0.0)


@dataclass(frozen=True, slots=True)
class Apart:
    """One section's part of a pair: its own parity, and how many of its weighed facts differ by each of DISTANCES."""

    parity: Parity
    by_distance: tuple[int, ...]


def by_section(rows: Iterable[Row]) -> dict[str, Apart]:
    """The same formula over each section's rows. What weighs nothing is no part of either number."""
    held: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        held[row.section].append(row)
    return {section: Apart(parity(some), _by_distance(some)) for section, some in sorted(held.items())}


def _by_distance(rows: Iterable[Row]) -> tuple[int, ...]:
    found = [0] * len(DISTANCES)
    for row in rows:
        if row.weight and row.distance:
            found[row.distance - 1] += 1
    return tuple(found)
