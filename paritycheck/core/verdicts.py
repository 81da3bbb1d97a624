"""The gate's answer: what a change introduces, fixes and leaves of the drift from what runs (DESIGN.md, The gate)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from paritycheck.core.comparison import Relation
from paritycheck.core.findings import Finding, Judgement, rank
from paritycheck.core.parity import parity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Key = tuple[str, str, str]


class Outcome(StrEnum):
    PASS = "pass"  # noqa: S105 (a verdict)
    FAIL = "fail"
    UNKNOWN = "unknown"


EXIT_CODES: Final = {Outcome.PASS: 0, Outcome.FAIL: 1, Outcome.UNKNOWN: 4}


@dataclass(frozen=True, slots=True)
class UnknownFact:
    section: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` stands with verdict unknown: stale, missing or coverage. All tuples are sorted by section, name,
    rule, `waived` by what waives them first.
    """

    verdict: Outcome
    exit_code: int
    introduced: tuple[Finding, ...]
    fixed: tuple[Finding, ...]
    remaining: tuple[Finding, ...]
    waived: tuple[Finding, ...]
    unknown: tuple[UnknownFact, ...]
    coverage: float
    reason: str | None = None


def decide(
    candidate: Judgement,
    base: Judgement | None,
    *,
    fail_on: str = "error",
    min_coverage: float = 0.0,
    against: str | None = None,
    waived: Mapping[Key, int] | None = None,
) -> Verdict:
    """`candidate` and `base` are judged against the same snapshot; without a base everything counts as introduced.

    Introduced is what the base lacks or has at a smaller distance; an unknown fact is never introduced and
    never fixed. `fail_on` is the least severity that fails; `against` says why the snapshot is no evidence
    ("stale", "missing"). `waived` are the findings that are accepted, with their places in the list of waived ones:
    they are neither introduced nor left.
    """
    accepted = waived or {}
    earlier = _by_key(base.findings) if base is not None else {}
    now = _by_key(candidate.findings)
    counted = {key: found for key, found in now.items() if key not in accepted}
    introduced = tuple(found for key, found in counted.items() if _new(found, earlier.get(key)))
    remaining = tuple(found for key, found in counted.items() if not _new(found, earlier.get(key)))
    hidden = sorted((place, key) for key, place in accepted.items() if key in now)
    fixed = tuple(found for key, found in earlier.items() if key not in now and candidate.settles(*key))
    coverage = parity(candidate.rows).coverage
    outcome, reason = _outcome(introduced, fail_on, against, low=coverage < min_coverage)
    return Verdict(
        outcome,
        EXIT_CODES[outcome],
        introduced,
        fixed,
        remaining,
        tuple(now[key] for _, key in hidden),
        unknown_facts(candidate),
        coverage,
        reason,
    )


def unknown_facts(judged: Judgement) -> tuple[UnknownFact, ...]:
    """The facts that could not be compared, with the reason; what the policy ignores is left out."""
    return tuple(
        UnknownFact(row.section, row.name, row.reason or "not-comparable")
        for row in judged.rows
        if row.relation is Relation.UNKNOWN and row.weight
    )


def _by_key(findings: Iterable[Finding]) -> Mapping[Key, Finding]:
    return {finding.key: finding for finding in findings}


def _new(found: Finding, earlier: Finding | None) -> bool:
    return earlier is None or (earlier.distance or 0) < (found.distance or 0)


def _outcome(
    introduced: tuple[Finding, ...], fail_on: str, against: str | None, *, low: bool
) -> tuple[Outcome, str | None]:
    """Without evidence of what runs there is no verdict; a drift that is seen fails whatever else is not."""
    if against is not None:
        return (Outcome.UNKNOWN, against)
    if any(rank(found.severity) >= rank(fail_on) for found in introduced):
        return (Outcome.FAIL, None)
    return (Outcome.UNKNOWN, "coverage") if low else (Outcome.PASS, None)
