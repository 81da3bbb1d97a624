"""What a policy would have made of the past: one pair's judgements in the order of time, through the same life of
drifts as evaluation gives them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from paritycheck.core.lifecycle import Change, Known, Transition, advance, apply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from paritycheck.core.findings import Finding, Judgement

SHORT: Final = timedelta(hours=1)
"""A drift that was gone within this time is noise to whoever is told of it."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One time that a drift opened or came back; `gone_at` is None while it stands."""

    pair: str
    section: str
    name: str
    rule: str
    severity: str
    opened_at: datetime
    gone_at: datetime | None = None

    @property
    def short(self) -> bool:
        """Whether it was gone within the hour."""
        return self.gone_at is not None and self.gone_at - self.opened_at <= SHORT


@dataclass(slots=True)
class Replay:
    """One pair's past. What its first judgement finds was there before, and is no opening: `stood` counts it."""

    pair: str
    identity: Callable[[Finding], str]
    openings: list[Opening] = field(default_factory=list)
    stood: int = 0
    _known: dict[str, Known] = field(default_factory=dict)
    _open: dict[str, int] = field(default_factory=dict)
    _begun: bool = False

    def judge(self, judged: Judgement, at: datetime) -> None:
        """The next judgement, of a moment not before the last."""
        steps = advance(self._known, judged, self.identity, initial=not self._begun)
        self._known = apply(self._known, steps)
        self._begun = True
        for step in steps:
            self._take(step, at)

    def _take(self, step: Transition, at: datetime) -> None:
        if step.initial:
            self.stood += 1
        elif step.kind in {Change.OPENED, Change.REOPENED} and step.finding is not None:
            self._open[step.identity] = len(self.openings)
            key = (step.section, step.name, step.rule)
            self.openings.append(Opening(self.pair, *key, step.finding.severity, at))
        elif step.kind is Change.RESOLVED and step.identity in self._open:
            index = self._open.pop(step.identity)
            self.openings[index] = replace(self.openings[index], gone_at=at)


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How often one rule of a section opened, and how many of these were gone within the hour."""

    section: str
    rule: str
    opened: int
    short: int


def by_rule(openings: Iterable[Opening]) -> tuple[RuleCount, ...]:
    """The noisiest first."""
    opened: Counter[tuple[str, str]] = Counter()
    short: Counter[tuple[str, str]] = Counter()
    for one in openings:
        opened[one.section, one.rule] += 1
        short[one.section, one.rule] += one.short
    order = sorted(opened, key=lambda key: (-opened[key], key))
    return tuple(RuleCount(*key, opened[key], short[key]) for key in order)
