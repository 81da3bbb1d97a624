"""What a judgement says: the expectations that do not hold, and where it cannot tell."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from paritycheck.core.facts import Fact, Side, State

if TYPE_CHECKING:
    from paritycheck.core.comparison import Row

SEVERITIES: Final = ("note", "warning", "error")
RULES: Final = (
    "kind",
    "version",
    "value",
    "missing",
    "unwanted",
    "empty",
    "shared-secret",
    "shared-resource",
    "declared",
    "not-installed",
    "not-locked",
    "behind",
    "skew",
    "end-of-life",
)


def rank(severity: str) -> int:
    """0 note, 1 warning, 2 error."""
    return SEVERITIES.index(severity)


@dataclass(frozen=True, slots=True)
class Finding:
    """An expectation that does not hold. `name` is the baseline's; `left.name` may differ where services were
    paired by kind. `distance` is 0 to 4, None where there is none (rule skew). `also` lists the handles that
    reach the same two resources and are not reported again.
    """

    section: str
    name: str
    rule: str
    severity: str
    distance: int | None
    expectation: str
    left: Fact
    right: Fact
    also: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.section, self.name, self.rule)

    @property
    def content(self) -> str:
        """64 hex digits over what a person would call the drift's content: another one is a change of the drift."""
        parts = [self.severity, self.distance, self.expectation, _shown(self.left), _shown(self.right), list(self.also)]
        text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _shown(fact: Fact) -> list[Any]:
    shape = fact.word("shape") if fact.state is State.PRESENT else None
    said = [fact.name, fact.state.value, list(fact.values), fact.kind, fact.reason, shape, fact.word("plain")]
    support = fact.word("support")
    return said if support is None else [*said, support]


@dataclass(frozen=True, slots=True)
class Judgement:
    """Rows and findings of one pair, sorted by section, name, rule.

    `unknown` are the names of which nothing can be said; `undecided` are single rules of names that are
    otherwise known (kind known and version not; both present, fingerprints under other keys). `left` and
    `right` are the sides as paired: a service stands under the baseline's handle in both.
    """

    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    unknown: frozenset[tuple[str, str]]
    undecided: frozenset[tuple[str, str, str]]
    left: Side = field(repr=False)
    right: Side = field(repr=False)

    def settles(self, section: str, name: str, rule: str) -> bool:
        """Whether both sides are known well enough to say that this rule's drift is gone. A name that neither side
        lists any more is gone only where both cover it. Under a handle whose service was paired with another there is
        nothing left to judge.
        """
        if section == "services" and self._moved(name.partition(".")[0]):
            return True
        if (section, name) in self.unknown or (section, name, rule) in self.undecided:
            return False
        sides = (self.left, self.right)
        if any(name in side.section(section).facts for side in sides):
            return True
        return all(side.look_up(section, name).state is State.ABSENT for side in sides)

    def _moved(self, handle: str) -> bool:
        facts = self.left.section("services").facts
        return any(fact.name == handle != name for name, fact in facts.items())
