"""The personnel gap. Its value is not computed yet: it says so, and never a number."""

from __future__ import annotations

from dataclasses import dataclass

from paritycheck.core.bands import Band, Unknown


@dataclass(frozen=True, slots=True)
class PersonnelGap:
    """P1 (0: who writes also ships, 1: others ship) with P4, the share of deploys with a known human, as coverage."""

    value: float | Unknown
    coverage: float | Unknown
    band: Band


def personnel_gap() -> PersonnelGap:
    reason = Unknown("not yet measured")
    return PersonnelGap(reason, reason, Band.UNKNOWN)
