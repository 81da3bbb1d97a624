"""What contradicts itself inside one environment: the pair e..e.

Declared and running differ, the lock and what is installed differ, the code holds migrations that its database lacks,
support is over or nearly so, or instances disagree for longer than the grace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from paritycheck.core import defaults, end_of_life
from paritycheck.core.ancestry import unapplied
from paritycheck.core.demands import Demands
from paritycheck.core.facts import Fact, Section, Side, State, present
from paritycheck.core.findings import Finding, Judgement
from paritycheck.core.versions import gap, scheme_of
from paritycheck.core.weights import development_only

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from paritycheck.core.policy import Policy

_UNORDERED: Final = 3
_GONE: Final = 4
_TOLERANCE: Final = {"same": 0, "same-minor": 1, "same-major": 2}
_DEVELOPING: Final = frozenset({"development", "testing"})


def inside(
    side: Side, policy: Policy, lasting: Iterable[tuple[str, str]] = (), *, today: date | None = None
) -> Judgement:
    """`lasting` are the (section, name) of which `unsettled` was so for longer than the policy's grace; only what still
    is becomes a finding. `today` (UTC) is what support is measured by; without it nothing is said of that. Left is
    what was declared, locked or is in the code, right what runs, is installed or applied.
    """
    demands = Demands(policy, side, side)
    outlasted = frozenset(lasting)
    found = [*_skews(side, demands, outlasted), *_declared(side, demands), *_locked(side, demands)]
    found += [*_behind(side, demands, outlasted), *(_ended(side, demands, today) if today is not None else ())]
    unknown = frozenset(
        (section.name, name)
        for section in side.sections.values()
        for name, fact in section.facts.items()
        if fact.state is State.UNKNOWN
    )
    undecided = {
        ("migrations", name, "behind")
        for name, fact in side.section("migrations").facts.items()
        if unapplied(fact) is None
    }
    found.sort(key=lambda item: item.key)
    return Judgement((), tuple(found), unknown, frozenset(undecided), side, side)


def unsettled(section: Section) -> list[str]:
    """Names of what a deploy may leave so for a while: instances disagree, or migrations wait to be applied."""
    return [
        name
        for name, fact in section.facts.items()
        if (fact.state is State.UNKNOWN and fact.reason == "skew") or (section.name == "migrations" and unapplied(fact))
    ]


def _expectation(demands: Demands, section: str, fact: Fact, name: str) -> str | None:
    """The expectation's word; None where the policy ignores the name."""
    demand = demands.of(section, name, fact, fact)
    if demand is None:
        return "same-minor"
    return None if demand.word == "ignore" else demand.word


def _finding(side: Side, section: str, name: str, rule: str, word: str, facts: tuple[Fact, Fact]) -> Finding:
    distance = _distance(section, name, facts)
    severity = defaults.severity((section, name, rule), distance or 0, side, side, facts)
    return Finding(section, name, rule, severity, distance, word, *facts)


def _distance(section: str, name: str, facts: tuple[Fact, Fact]) -> int | None:
    left, right = facts
    if State.UNKNOWN in {left.state, right.state}:
        return None
    if left.value is None or right.value is None:
        return _GONE if State.ABSENT in {left.state, right.state} else _UNORDERED
    scheme = scheme_of(name) if section == "dependencies" else right.kind or name
    found = gap(scheme, left.value, right.value)
    return _UNORDERED if found is None else found


def _skews(side: Side, demands: Demands, skewed: frozenset[tuple[str, str]]) -> Iterator[Finding]:
    for section, name in sorted(skewed):
        fact = side.section(section).facts.get(name)
        if fact is None or fact.reason != "skew" or section == "release":
            continue
        word = _expectation(demands, section, fact, name)
        if word is not None:
            yield _finding(side, section, name, "skew", "same", (fact, fact))


def _behind(side: Side, demands: Demands, lasting: frozenset[tuple[str, str]]) -> Iterator[Finding]:
    """Migrations that the code holds and the database has not applied: a deploy applies them before or after."""
    for name, fact in sorted(side.section("migrations").facts.items()):
        word = _expectation(demands, "migrations", fact, name) if ("migrations", name) in lasting else None
        if word is not None and unapplied(fact):
            facts = (present(name, *fact.words("code")), fact)
            severity = defaults.severity(("migrations", name, "behind"), _UNORDERED, side, side, facts)
            yield Finding("migrations", name, "behind", severity, _UNORDERED, word, *facts)


def _ended(side: Side, demands: Demands, today: date) -> Iterator[Finding]:
    for section, fact, severity in end_of_life.endings(side, today):
        if _expectation(demands, section, fact, fact.name) is not None:
            yield Finding(section, fact.name, "end-of-life", severity, None, "supported", fact, fact)


def _declared(side: Side, demands: Demands) -> Iterator[Finding]:
    """A version that a file declares and that does not run. A declaration that has no order (a range, a tag) says too
    little to contradict.
    """
    for section in ("runtime", "services"):
        for name, fact in sorted(_present(side.section(section)).items()):
            declared = fact.word("declared")
            word = _expectation(demands, section, fact, name)
            if declared is None or fact.value is None or word not in _TOLERANCE:
                continue
            found = gap(fact.kind or name, declared, fact.value)
            if found is not None and found > _TOLERANCE[word]:
                facts = (present(name, declared, kind=fact.kind, via="declared"), fact)
                yield _finding(side, section, name, "declared", word, facts)


def _locked(side: Side, demands: Demands) -> Iterator[Finding]:
    """`locked` stands only where it differs from what is installed. Groups of development need not be installed where
    nobody develops.
    """
    for name, fact in sorted(side.section("dependencies").facts.items()):
        if "locked" not in fact.members or fact.state is State.UNKNOWN:
            continue
        if development_only(fact, fact) and side.tier not in _DEVELOPING:
            continue
        word = _expectation(demands, "dependencies", fact, name)
        rule = "not-installed" if fact.state is State.ABSENT else "not-locked"
        if word is not None:
            locked = tuple(version for version in fact.words("locked") if version)
            left = present(name, *locked) if locked else Fact(name, State.ABSENT)
            yield _finding(side, "dependencies", name, rule, "same", (left, fact))


def _present(section: Section) -> dict[str, Fact]:
    return {name: fact for name, fact in section.facts.items() if fact.state is State.PRESENT}
