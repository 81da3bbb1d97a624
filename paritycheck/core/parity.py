"""Parity and coverage of a pair: 1 - sum w pen(d) / sum w over what is comparable (gaps.md). Gates look at drifts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from paritycheck.core.comparison import Row

PENALTY: Final = (0.0, 0.1, 0.3, 0.7, 1.0)
"""By distance: equal, patch, minor, major, another kind or absent."""


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
