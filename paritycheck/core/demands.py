"""Which expectation a policy has of a fact across one pair: the pair's own globs, the general ones, the shipped ones;
then what the section's words say of the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from paritycheck.core import defaults
from paritycheck.core.globs import Globs, Hit
from paritycheck.core.policy import Demand, SectionRules
from paritycheck.core.weights import is_direct

if TYPE_CHECKING:
    from paritycheck.core.facts import Fact, Side
    from paritycheck.core.policy import Policy

_NO_RULES = SectionRules()
_NO_GLOBS: Globs[Demand] = Globs()


class Demands:
    """A policy's expectations of one pair, with the tables looked up once."""

    __slots__ = ("_left", "_policy", "_right", "_tables")

    def __init__(self, policy: Policy, left: Side, right: Side) -> None:
        self._policy = policy
        self._left = left
        self._right = right
        self._tables: dict[str, tuple[tuple[Globs[Demand], ...], tuple[SectionRules, ...]]] = {}

    def of(self, section: str, name: str, left: Fact, right: Fact) -> Demand | None:
        """The expectation; None where nothing is expected. For a setting or extension `left` and `right` are
        those of its service, by whose kind it may go.
        """
        globs, fallbacks = self._section(section)
        for table in globs:
            hit = _find(table, section, name, left, right)
            if hit is not None:
                return hit.value
        for rules in fallbacks:
            word = _fallback(rules, section, name, left, right)
            if word is not None:
                return Demand(word)
        shipped = defaults.expectation(section, name, self._left, self._right, (left, right))
        return Demand(shipped) if shipped is not None else None

    def _section(self, section: str) -> tuple[tuple[Globs[Demand], ...], tuple[SectionRules, ...]]:
        found = self._tables.get(section)
        if found is None:
            found = self._tables[section] = self._gather(section)
        return found

    def _gather(self, section: str) -> tuple[tuple[Globs[Demand], ...], tuple[SectionRules, ...]]:
        own = self._policy.pair_tools.get(f"{self._left.slug}..{self._right.slug}", {})
        rules = (own.get(section, _NO_RULES), self._policy.tools.get(section, _NO_RULES))
        shipped = defaults.CONFIG if section == "config" else _NO_GLOBS
        globs = tuple(table for table in (rules[0].globs, rules[1].globs, shipped) if table)
        return (globs, tuple(table for table in rules if table.fallbacks))


def _find(table: Globs[Demand], section: str, name: str, left: Fact, right: Fact) -> Hit[Demand] | None:
    """By name; a service by its kind too, where the more specific wins and at a tie the handle, which names
    just one.
    """
    hit = table.find(name)
    if section != "services" or (hit is not None and hit.rank.exact):
        return hit
    dot, rest = name.partition(".")[1:]
    for kind in sorted({kind for kind in (left.kind, right.kind) if kind is not None}):
        other = table.find(f"{kind}{dot}{rest}")
        if other is not None and (hit is None or other.rank > hit.rank):
            hit = other
    return hit


def _fallback(rules: SectionRules, section: str, name: str, left: Fact, right: Fact) -> str | None:
    if section == "dependencies":
        return rules.fallbacks.get("direct" if is_direct(name, left, right) else "transitive")
    return rules.fallbacks.get("expect")
