"""What a judgement does to the drifts known so far.

A drift opens as soon as its expectation is violated with both sides known, and resolves as soon as the
expectation holds with both sides known; unknown does neither. A changed value updates it, a return reopens it,
nothing is deleted.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from paritycheck.core.findings import Finding, Judgement, rank

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from uuid import UUID


class Change(StrEnum):
    OPENED = "opened"
    CHANGED = "changed"
    WORSENED = "worsened"
    RESOLVED = "resolved"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Known:
    """A drift as stored. `state` is open, waived or resolved; `content` is `Finding.content` of what it last said."""

    identity: str
    section: str
    name: str
    rule: str
    state: str
    severity: str
    distance: int | None
    content: str
    reopened: int = 0

    @property
    def live(self) -> bool:
        return self.state != "resolved"


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of one drift. `finding` is None when it resolves, `known` None when it opens; `reopened` is the
    count after the step; `initial` marks a drift opened by the first evaluation of its pair.
    """

    kind: Change
    identity: str
    section: str
    name: str
    rule: str
    finding: Finding | None
    known: Known | None
    reopened: int = 0
    initial: bool = False


def drift_identity(project: UUID | str, left: UUID | str, right: UUID | str, section: str, name: str, rule: str) -> str:
    """64 hex digits: sha256 of the canonical JSON array of the three UUIDs (lower case, with hyphens), section,
    name and rule (gaps.md). `left` is the environment, `right` its baseline; both the same for a finding inside
    one environment.
    """
    parts = [str(project), str(left), str(right), section, name, rule]
    line = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(line.encode()).hexdigest()


def advance(
    known: Mapping[str, Known], judged: Judgement, identity: Callable[[Finding], str], *, initial: bool
) -> tuple[Transition, ...]:
    """The transitions that bring `known` (by identity, the drifts of this pair alone) to what was judged, sorted by
    section, name and rule. Advancing again after applying them gives none.
    """
    found = {identity(finding): finding for finding in judged.findings}
    steps = [_met(known.get(key), key, finding, initial=initial) for key, finding in found.items()]
    steps += [_unmet(drift, judged) for key, drift in known.items() if key not in found]
    return tuple(sorted((step for step in steps if step is not None), key=_order))


def _order(step: Transition) -> tuple[str, str, str]:
    return (step.section, step.name, step.rule)


def _met(drift: Known | None, identity: str, finding: Finding, *, initial: bool) -> Transition | None:
    def step(kind: Change, reopened: int = 0, *, first: bool = False) -> Transition:
        return Transition(kind, identity, *finding.key, finding, drift, reopened, first)

    if drift is None:
        return step(Change.OPENED, first=initial)
    if not drift.live:
        return step(Change.REOPENED, drift.reopened + 1)
    if drift.content == finding.content:
        return None
    return step(Change.WORSENED if _worse(drift, finding) else Change.CHANGED, drift.reopened)


def _worse(drift: Known, finding: Finding) -> bool:
    before, after = rank(drift.severity), rank(finding.severity)
    return after > before or (after == before and (finding.distance or 0) > (drift.distance or 0))


def _unmet(drift: Known, judged: Judgement) -> Transition | None:
    if not drift.live or not judged.settles(drift.section, drift.name, drift.rule):
        return None
    return Transition(
        Change.RESOLVED, drift.identity, drift.section, drift.name, drift.rule, None, drift, drift.reopened
    )


def apply(known: Mapping[str, Known], steps: Iterable[Transition]) -> dict[str, Known]:
    """What is known after the steps: for a back-test, and the model that storage has to agree with."""
    after = dict(known)
    for step in steps:
        after[step.identity] = _after(step)
    return after


def _after(step: Transition) -> Known:
    if step.finding is None:
        if step.known is None:
            raise ValueError("a step without a finding resolves a known drift")
        return replace(step.known, state="resolved")
    waived = step.known is not None and step.known.state == "waived"
    finding = step.finding
    return Known(
        step.identity,
        *finding.key,
        "waived" if waived else "open",
        finding.severity,
        finding.distance,
        finding.content,
        step.reopened,
    )
