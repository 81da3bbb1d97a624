"""What a policy does not accept of two sides, or of one.

`judge` is for a pair u..v, `inside` for what contradicts itself within one environment (the pair e..e). One cause is
one finding: an absent service hides its settings, another kind its version, a missing key what its value would be.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from paritycheck.core import defaults, keys, resources
from paritycheck.core.comparison import FARTHEST, Relation, Row, compare_paired, unknown_handles
from paritycheck.core.contradictions import inside
from paritycheck.core.demands import Demands
from paritycheck.core.facts import PROCESS_ATTRIBUTES, Fact, Side, State
from paritycheck.core.findings import Finding, Judgement
from paritycheck.core.pairing import pair

if TYPE_CHECKING:
    from paritycheck.core.policy import Demand, Policy

__all__ = ["Finding", "Judgement", "inside", "judge"]

TOLERANCE: Final = {"same": 0, "same-minor": 1, "same-major": 2}
"""The greatest distance that each expectation lets pass."""
_TEXTS: Final = frozenset({"arch", "timezone", "locale"})


def judge(left: Side, right: Side, policy: Policy) -> Judgement:
    """The pair left..right, `right` being the baseline. Rows that the policy ignores weigh nothing."""
    bench = _Bench(*pair(left, right), policy)
    for row in compare_paired(bench.left, bench.right):
        bench.hear(row)
    return bench.judgement()


class _Bench:
    """One judgement in the making."""

    def __init__(self, left: Side, right: Side, policy: Policy) -> None:
        self.left = left
        self.right = right
        self._demands = Demands(policy, left, right)
        self._rows: list[Row] = []
        self._findings: list[Finding] = []
        self._unknown: set[tuple[str, str]] = set()
        self._undecided: set[tuple[str, str, str]] = set()

    def hear(self, row: Row) -> None:
        demand = self._demand(row)
        if demand is None:
            self._rows.append(row)
        elif demand.word == "ignore":
            self._rows.append(replace(row, weight=0.0))
        elif row.section == "config":
            self._hear_key(row, demand)
        else:
            self._rows.append(row)
            if row.relation is Relation.UNKNOWN:
                self._leave_open(row)
            elif row.distance or demand.word not in TOLERANCE:
                self._weigh(row, demand)

    def judgement(self) -> Judgement:
        self._findings += resources.shared(self.left, self.right, self._ignored, self._undecided)
        findings = resources.folded(self._findings, self.left, self.right)
        return Judgement(
            tuple(self._rows),
            tuple(sorted(findings, key=lambda finding: finding.key)),
            frozenset(self._unknown | self._hidden()),
            frozenset(self._undecided),
            self.left,
            self.right,
        )

    def _demand(self, row: Row) -> Demand | None:
        if row.section == "services" and "." in row.name:
            return self._demands.of("services", row.name, *self._services(row.name.partition(".")[0]))
        return self._demands.of(row.section, row.name, row.left, row.right)

    def _services(self, handle: str) -> tuple[Fact, Fact]:
        return (self.left.look_up("services", handle), self.right.look_up("services", handle))

    def _ignored(self, handle: str) -> bool:
        demand = self._demands.of("services", handle, *self._services(handle))
        return demand is not None and demand.word == "ignore"

    def _hidden(self) -> set[tuple[str, str]]:
        """Settings of services that a side does not know: they neither open nor resolve."""
        mine, theirs = self.left.section("services"), self.right.section("services")
        heads = {f"{handle}." for handle in unknown_handles(mine, theirs)}
        if not heads:
            return set()
        names = mine.facts.keys() | theirs.facts.keys()
        return {("services", name) for name in names if name.partition(".")[0] + "." in heads and "." in name}

    def _leave_open(self, row: Row) -> None:
        """Nothing can be said of an unknown fact; but a service of one known kind leaves only its version open, and
        migrations that cannot be ordered only their order.
        """
        if row.left.state is not State.UNKNOWN and row.right.state is not State.UNKNOWN:
            self._undecided.add((row.section, row.name, "behind"))
        elif row.section == "services" and row.left.kind is not None and row.left.kind == row.right.kind:
            self._undecided.add((row.section, row.name, "version"))
        else:
            self._unknown.add((row.section, row.name))

    def _weigh(self, row: Row, demand: Demand) -> None:
        rule = _violated(row, demand, self.left, self.right)
        if rule is not None:
            self._find(row, rule, demand, row.distance or 0)

    def _hear_key(self, row: Row, demand: Demand) -> None:
        """A configuration key: the row's distance is what the policy makes of its values."""
        verdict = keys.judge_key(row.left, row.right, demand, self.left, self.right)
        self._rows.append(replace(row, distance=verdict.distance) if verdict.distance != row.distance else row)
        if verdict.open_rule == keys.ANY:
            self._unknown.add((row.section, row.name))
        elif verdict.open_rule is not None:
            self._undecided.add((row.section, row.name, verdict.open_rule))
        if verdict.rule is not None:
            self._find(row, verdict.rule, demand, verdict.distance or 0)

    def _find(self, row: Row, rule: str, demand: Demand, distance: int) -> None:
        key = (row.section, row.name, rule)
        severity = defaults.severity(key, distance, self.left, self.right, (row.left, row.right))
        self._findings.append(Finding(*key, severity, distance, demand.word, row.left, row.right))


def _violated(row: Row, demand: Demand, left: Side, right: Side) -> str | None:
    """The rule that a known row breaks, None where the expectation holds."""
    if demand.word == "absent":
        there = (side for side, fact in ((left, row.left), (right, row.right)) if fact.state is State.PRESENT)
        return "unwanted" if any(not keys.allowed(side, demand) for side in there) else None
    if row.relation in {Relation.ONLY_LEFT, Relation.ONLY_RIGHT}:
        return "missing"
    if row.section == "processes" and demand.word == "present":
        # Of a process type: it runs, and the same program is it. Its version is the package's, which is compared there.
        return "kind" if row.distance == FARTHEST else None
    if demand.word == "must-differ":
        both = row.left.state is row.right.state is State.PRESENT
        return "value" if both and row.distance == 0 and left.tier != right.tier else None
    if demand.word not in TOLERANCE or (row.distance or 0) <= TOLERANCE[demand.word]:
        return None
    return _rule(row)


def _rule(row: Row) -> str:
    if row.section == "migrations":
        return "behind"
    if row.distance == FARTHEST:
        return "kind"
    if row.section == "services":
        text = ".setting." in row.name
    else:
        text = row.name in _TEXTS if row.section == "runtime" else row.name.endswith(PROCESS_ATTRIBUTES)
    return "value" if text else "version"
