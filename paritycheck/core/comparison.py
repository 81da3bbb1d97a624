"""Two sides, fact by fact: same, different, only on one side, or unknown; with the distance of gaps.md.

0 equal, 1 patch, 2 minor, 3 major, 4 another kind or one side absent. What a policy thinks of it is not asked here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from paritycheck.core import ancestry
from paritycheck.core.dotted import PATCH
from paritycheck.core.facts import PROCESS_ATTRIBUTES, SECTIONS, Fact, Section, Side, State
from paritycheck.core.fingerprints import Agreement, agreement
from paritycheck.core.pairing import pair
from paritycheck.core.versions import UNORDERED, gap_between, scheme_of
from paritycheck.core.weights import development_only, is_system_package, weight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FARTHEST: Final = 4
"""Another kind, or one side absent."""


class Relation(StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    ONLY_LEFT = "only-left"
    ONLY_RIGHT = "only-right"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Row:
    """One name on both sides, under the baseline's name; `left.name` differs where services were paired by kind.

    `distance` is None where the fact counts in coverage only. A configuration value has no distance: 0 while both
    sides have the key, whatever `relation` says of the values. `reason` stands with relation unknown.
    """

    section: str
    name: str
    left: Fact
    right: Fact
    relation: Relation
    distance: int | None
    weight: float
    reason: str | None = None


class Relating(NamedTuple):
    relation: Relation
    distance: int | None
    reason: str | None = None


SAME: Final = Relating(Relation.SAME, 0)
_ANOTHER: Final = Relating(Relation.DIFFERENT, FARTHEST)


def compare(left: Side, right: Side) -> tuple[Row, ...]:
    """Every name of either side, sorted by section and name. Left out: settings of a service that is not the
    same on both sides, what is told of a process type that a side has not, packages of development groups where the
    tiers differ, and the system's packages where the systems do.
    """
    return compare_paired(*pair(left, right))


def compare_paired(left: Side, right: Side) -> tuple[Row, ...]:
    """The same of two sides that went through `pairing.pair`."""
    one_tier, one_system = left.tier == right.tier, not systems_differ(left, right)
    rows: list[Row] = []
    for section in SECTIONS:
        mine, theirs = left.section(section), right.section(section)
        for name in sorted(mine.facts.keys() | theirs.facts.keys()):
            one, other = mine.look_up(name), theirs.look_up(name)
            if section == "dependencies" and not one_tier and development_only(one, other):
                continue
            if section == "dependencies" and not one_system and is_system_package(name):
                continue
            if section == "services" and "." in name and hidden(name, mine, theirs):
                continue
            if section == "processes" and _of_absent_process(name, mine, theirs):
                continue
            relation, distance, reason = relate(section, name, one, other)
            heft = weight(section, name, one, other)
            rows.append(Row(section, name, one, other, relation, distance, heft, reason))
    return tuple(rows)


def systems_differ(left: Side, right: Side) -> bool:
    """Whether the sides are known to run other systems, or other releases of one: that is one cause and one drift."""
    one, other = left.look_up("runtime", "os"), right.look_up("runtime", "os")
    if not (one.state is other.state is State.PRESENT):
        return False
    distance = relate("runtime", "os", one, other).distance
    return distance is not None and distance > PATCH


def hidden(name: str, left: Section, right: Section) -> bool:
    """Whether a setting or extension says nothing, because its service is absent, unknown or of another kind on
    a side.
    """
    handle = name.partition(".")[0]
    one, other = left.look_up(handle), right.look_up(handle)
    return not (one.state is other.state is State.PRESENT) or _kinds_differ(one, other)


def _of_absent_process(name: str, left: Section, right: Section) -> bool:
    """Whether the name tells how a process type is run that is absent on a side: one cause, one drift."""
    if not name.endswith(PROCESS_ATTRIBUTES):
        return False
    process = name.rpartition(".")[0]
    return State.ABSENT in {left.look_up(process).state, right.look_up(process).state}


def unknown_handles(left: Section, right: Section) -> Iterator[str]:
    """Handles that hide their settings because a side does not know the service."""
    for handle in sorted({name.partition(".")[0] for name in (*left.facts, *right.facts)}):
        if State.UNKNOWN in {left.look_up(handle).state, right.look_up(handle).state}:
            yield handle


def relate(section: str, name: str, left: Fact, right: Fact) -> Relating:
    if left.state is State.UNKNOWN or right.state is State.UNKNOWN:
        return _unknown(left, right)
    if left.state is right.state is State.ABSENT:
        return SAME
    if left.state is State.ABSENT:
        return Relating(Relation.ONLY_RIGHT, FARTHEST)
    if right.state is State.ABSENT:
        return Relating(Relation.ONLY_LEFT, FARTHEST)
    return _RELATE[section](name, left, right)


def _unknown(left: Fact, right: Fact) -> Relating:
    """Unknown, but for kinds that differ while a version is unknown: that much is known."""
    if _kinds_differ(left, right):
        return _ANOTHER
    reason = right.reason if right.state is State.UNKNOWN else left.reason
    return Relating(Relation.UNKNOWN, None, reason)


def _kinds_differ(left: Fact, right: Fact) -> bool:
    return left.kind is not None and right.kind is not None and left.kind != right.kind


def _versions(scheme: str, left: Fact, right: Fact) -> Relating:
    """By kind, then by version; a side that is present without a version says no more than that."""
    if left.values == right.values and left.kind == right.kind:
        return SAME
    if _kinds_differ(left, right):
        return _ANOTHER
    if not left.values or not right.values:
        return SAME
    distance = gap_between(scheme, left.values, right.values)
    distance = UNORDERED if distance is None else distance
    return Relating(Relation.DIFFERENT, distance) if distance else SAME


def _package(name: str, left: Fact, right: Fact) -> Relating:
    return SAME if left.values == right.values else _versions(scheme_of(name), left, right)


def _service(name: str, left: Fact, right: Fact) -> Relating:
    if "." not in name:
        return _versions(left.kind or right.kind or name, left, right)
    return _versions("extension", left, right) if ".extension." in name else _text(name, left, right)


def _named(name: str, left: Fact, right: Fact) -> Relating:
    return _versions(left.kind or name, left, right)


def _process(name: str, left: Fact, right: Fact) -> Relating:
    return _text(name, left, right) if name.endswith(PROCESS_ATTRIBUTES) else _named(name, left, right)


def _text(_name: str, left: Fact, right: Fact) -> Relating:
    return SAME if left.values == right.values else Relating(Relation.DIFFERENT, UNORDERED)


def _migrations(_name: str, left: Fact, right: Fact) -> Relating:
    heads = ancestry.relate(left, right)
    if heads is ancestry.Heads.UNKNOWN:
        return Relating(Relation.UNKNOWN, None, "not-comparable")
    if heads is ancestry.Heads.EQUAL:
        return SAME
    return Relating(Relation.DIFFERENT, 1 if heads is ancestry.Heads.WAITING else UNORDERED)


def _key(_name: str, left: Fact, right: Fact) -> Relating:
    """Names are compared; of the values no more is said than their fingerprints tell."""
    found = agreement(left, right)
    if found is Agreement.KEY_MISMATCH:
        return Relating(Relation.UNKNOWN, 0, found.value)
    return Relating(Relation.DIFFERENT, 0) if found is Agreement.DIFFERENT else SAME


_RELATE: Final[dict[str, Callable[[str, Fact, Fact], Relating]]] = {
    "config": _key,
    "dependencies": _package,
    "migrations": _migrations,
    "processes": _process,
    "release": _text,
    "runtime": _named,
    "services": _service,
}
