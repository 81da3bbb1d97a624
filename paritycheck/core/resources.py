"""Backing services as resources: shared across tiers by accident, or reached by several handles."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from paritycheck.core.facts import CANDIDATE, Fact, Side, State
from paritycheck.core.findings import Finding
from paritycheck.core.fingerprints import fingerprints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

RULE = "shared-resource"


def shared(
    left: Side, right: Side, ignored: Callable[[str], bool], undecided: set[tuple[str, str, str]]
) -> list[Finding]:
    """Services of the baseline whose resource a service of this side reaches too, by equal fingerprints, where
    the tiers differ. Handles of which the fingerprints say nothing are added to `undecided`. A candidate runs
    nowhere, so it shares nothing.
    """
    if left.tier == right.tier or left.kind == CANDIDATE:
        return []
    mine = [fact for _, fact in _services(left)]
    findings: list[Finding] = []
    for handle, fact in _services(right):
        if ignored(handle):
            continue
        match = _match(fact, mine)
        if match is not None:
            findings.append(Finding("services", handle, RULE, "error", 0, "must-differ", match, fact))
        elif not any(_comparable(other, fact) for other in mine):
            undecided.add(("services", handle, RULE))
    return findings


def _services(side: Side) -> list[tuple[str, Fact]]:
    facts = side.section("services").facts
    return [(name, fact) for name, fact in sorted(facts.items()) if "." not in name and fact.state is not State.ABSENT]


def _match(fact: Fact, others: list[Fact]) -> Fact | None:
    """The first of the others that has a fingerprint of this one; one under the same handle goes first."""
    prints = set(fact.words("fps"))
    if not prints:
        return None
    ordered = sorted(others, key=lambda other: (other.name != fact.name, other.name))
    return next((other for other in ordered if not prints.isdisjoint(other.words("fps"))), None)


def _comparable(one: Fact, other: Fact) -> bool:
    return not fingerprints(one).keys().isdisjoint(fingerprints(other).keys())


def folded(findings: Iterable[Finding], left: Side, right: Side) -> list[Finding]:
    """Findings of the same two resources under several handles become one, under the earliest, with the others
    in `also`.
    """
    kept: list[Finding] = []
    first: dict[tuple[str, str, str, str], int] = {}
    for finding in sorted(findings, key=lambda item: item.key):
        key = _two_resources(finding, left, right)
        if key is not None and key in first:
            at = first[key]
            kept[at] = replace(kept[at], also=(*kept[at].also, finding.name))
            continue
        if key is not None:
            first[key] = len(kept)
        kept.append(finding)
    return kept


def _two_resources(finding: Finding, left: Side, right: Side) -> tuple[str, str, str, str] | None:
    if finding.section != "services":
        return None
    handle, _, rest = finding.name.partition(".")
    one = left.look_up("services", handle).word("resource")
    other = right.look_up("services", handle).word("resource")
    return (one, other, rest, finding.rule) if one is not None and other is not None else None
