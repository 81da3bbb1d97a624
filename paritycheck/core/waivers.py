"""Which waiver covers a drift, and when one has had its day (DESIGN.md, Words: waiver).

A waiver accepts a drift as bad as it is when the waiver first covers it. What gets worse than that counts again, what
gets better stays accepted. A person's waiver of many drifts by pattern takes in later ones too, but a later change of
kind or disappearance only where its pattern names the rule.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from paritycheck.core.findings import RULES, rank

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from paritycheck.core.policy import Waiver

WORST: Final = 4
_MARKED: Final = ("state", "kind", "value", "reason", "shape", "plain")


class Accepted(NamedTuple):
    """How bad a drift was when a waiver took it in. `over` says why the waiver covers it no more: `changed` or
    `converged`; that is for good.
    """

    severity: str
    distance: int | None
    mark: str
    converges: bool = False
    over: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """A waiver at work. `key` names it in its project; without a `match` it covers only what it accepted by identity.
    `later` is whether drifts of distance 4 that came after it are taken in by a match that names no rule.
    """

    key: str
    match: str = ""
    pair: str | None = None
    until: dt.datetime | None = None
    until_changes: bool = False
    until_converged: bool = False
    later: bool = False

    def takes(self, drift: Held) -> bool:
        """Whether its pattern and pair mean this drift at all."""
        if not self.match or self.pair not in {None, drift.pair}:
            return False
        if not matches(self.match, drift.section, drift.name, drift.rule):
            return False
        return self.later or (drift.distance or 0) < WORST or names_rule(self.match)

    def ended(self, now: dt.datetime) -> bool:
        return self.until is not None and self.until <= now


@dataclass(frozen=True, slots=True)
class Held:
    """A live drift as waivers look at it; `pair` is `u..v`, `accepted` goes by the keys of grants."""

    pair: str
    section: str
    name: str
    rule: str
    severity: str
    distance: int | None
    mark: str = ""
    accepted: Mapping[str, Accepted] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ruling:
    """`grant` covers the drift, None where it counts. `why` it no longer does, by the key of each grant that had
    accepted it: `date`, `changed`, `converged`, `worse`; a grant that is gone stands nowhere.
    """

    grant: Grant | None
    accepted: Mapping[str, Accepted]
    why: Mapping[str, str]


def policy_grant(waiver: Waiver) -> Grant:
    """A waiver of a `parity.toml`: reviewed text that says itself how far it reaches. Its key holds what it covers and
    its end, so that one with another end accepts anew.
    """
    until = waiver.until.isoformat() if waiver.until else ""
    parts = [waiver.match, waiver.pair or "", until, waiver.until_changes, waiver.until_converged]
    key = hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    ends = (waiver.until, waiver.until_changes, waiver.until_converged)
    return Grant(f"policy:{key}", waiver.match, waiver.pair, *ends, later=True)


def matches(match: str, section: str, name: str, rule: str) -> bool:
    """`section/name` means every rule of the fact, `section/name:rule` one."""
    fact = f"{section}/{name}"
    return fnmatchcase(fact, match) or fnmatchcase(f"{fact}:{rule}", match)


def names_rule(match: str) -> bool:
    """Whether what follows the last `:` is a rule, wildcards aside."""
    return match.rpartition(":")[2] in RULES


def mark_of(left: Mapping[str, Any], right: Mapping[str, Any]) -> str:
    """16 hex digits over what both sides show: another mark means that a side has changed. Where and when a side was
    read is no part of it.
    """
    parts = [[side.get(word) for word in _MARKED] for side in (left, right)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def accept(drift: Held, grant: Grant) -> Accepted:
    return Accepted(drift.severity, drift.distance, drift.mark, grant.until_converged)


def rule_on(drift: Held, grants: Iterable[Grant], now: dt.datetime) -> Ruling:
    """The first of the grants that covers the drift now, and what each of them has accepted of it."""
    chosen: Grant | None = None
    accepted: dict[str, Accepted] = {}
    why: dict[str, str] = {}
    for grant in grants:
        taken = drift.accepted.get(grant.key) or _taken(drift, grant, now)
        if taken is None:
            continue
        taken, reason = _still(taken, drift, grant, now)
        accepted[grant.key] = taken
        if reason:
            why[grant.key] = reason
        elif chosen is None:
            chosen = grant
    return Ruling(chosen, accepted, why)


def _taken(drift: Held, grant: Grant, now: dt.datetime) -> Accepted | None:
    return None if grant.ended(now) or not grant.takes(drift) else accept(drift, grant)


def _still(taken: Accepted, drift: Held, grant: Grant, now: dt.datetime) -> tuple[Accepted, str]:
    if taken.over:
        return taken, taken.over
    if grant.ended(now):
        return taken, "date"
    if grant.until_changes and taken.mark != drift.mark:
        return taken._replace(over="changed"), "changed"
    return taken, "worse" if is_worse(drift, taken) else ""


def is_worse(drift: Held, taken: Accepted) -> bool:
    """By severity, then by distance, as a drift worsens (`lifecycle`)."""
    before, after = rank(taken.severity), rank(drift.severity)
    return after > before or (after == before and (drift.distance or 0) > (taken.distance or 0))


def converged(accepted: Mapping[str, Accepted]) -> dict[str, Accepted]:
    """What stays accepted of a drift that resolved: waivers that end so are over."""
    return {
        key: taken._replace(over=taken.over or "converged") if taken.converges else taken
        for key, taken in accepted.items()
    }
