"""Two sets of bodies compared: everything that is not the same as rows of the core, and how much is.

Packages are by far the most facts, and each is compared by itself alone: their bodies are compared as bytes, and only
lines that may matter are decoded. The other sections are decoded whole, for there one fact explains another.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

from paritycheck.codec.differing import differing, lines_with, rows_of
from paritycheck.codec.facts import fact_from, head_of, section_from
from paritycheck.core.comparison import Relation, Row, compare, systems_differ
from paritycheck.core.facts import Section, Side

RULES = 1
"""Goes up whenever the same bodies would compare to something else, so that nothing older is remembered."""
BULK = "dependencies"
# No text within a string matches: there each quotation mark stands escaped.
UNKNOWN = b'"unknown":'
GROUPS = re.compile(rb'"groups":(\[[^\]]*\])?')
SHIPS = (b'"production"', b'"optional"')
SYSTEM = (b'"pkg:deb/', b'"pkg:rpm/', b'"pkg:apk/', b'"pkg:alpm/')


@dataclass(frozen=True, slots=True)
class Taken:
    """One side as it was stored: facts bodies by section, and the reasons of those that are unknown as a whole."""

    slug: str
    tier: str
    kind: str
    bodies: Mapping[str, bytes]
    reasons: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Compared:
    """Rows that are not the same, by section and name; `same` counts the others by section.

    Of what is the same, `alike` holds the rows that the right side's own facts do not tell: something that is not
    compared differs, or the right side does not list it. `left_out` are names (section, name) that either side lists
    and this comparison leaves out.
    """

    rows: tuple[Row, ...]
    same: Mapping[str, int]
    alike: tuple[Row, ...] = ()
    left_out: frozenset[tuple[str, str]] = frozenset()


def compare_bodies(left: Taken, right: Taken) -> Compared:
    """What differs between two sides."""
    one, other = _whole(left, but=BULK), _whole(right, but=BULK)
    same: Counter[str] = Counter()
    if BULK in left.bodies and BULK in right.bodies:
        mine, theirs, same[BULK] = _reduced(left, right, apart=systems_differ(one, other))
    else:
        mine, theirs = (_section(side, BULK) for side in (left, right))
    one, other = _with(one, mine), _with(other, theirs)
    rows = compare(one, other)
    equal = [row for row in rows if row.relation is Relation.SAME]
    same.update(row.section for row in equal)
    return Compared(
        tuple(row for row in rows if row.relation is not Relation.SAME),
        same,
        tuple(row for row in equal if row.left != row.right or row.name not in other.section(row.section).facts),
        frozenset(_listed(one) | _listed(other)) - {(row.section, row.name) for row in rows},
    )


def _listed(side: Side) -> set[tuple[str, str]]:
    return {(section.name, name) for section in side.sections.values() for name in section.facts}


def compare_whole(left: Taken, right: Taken) -> tuple[Row, ...]:
    """Every row, what is the same too: both sides are decoded to the last line."""
    return compare(_whole(left), _whole(right))


def _whole(side: Taken, but: str = "") -> Side:
    names = (side.bodies.keys() | side.reasons.keys()) - {but}
    return Side(side.slug, side.tier, side.kind, {name: _section(side, name) for name in sorted(names)})


def _section(side: Taken, name: str) -> Section:
    if name in side.bodies:
        return section_from(side.bodies[name])
    return Section(name, reason=side.reasons.get(name, "not-collected"))


def _with(side: Side, section: Section) -> Side:
    return replace(side, sections={**side.sections, section.name: section})


def _reduced(left: Taken, right: Taken, *, apart: bool) -> tuple[Section, Section, int]:
    """Both sections without the equal lines that are sure to be the same, and how many those are."""
    look = partial(_looked_at, tiers=left.tier != right.tier, systems=apart)
    found = differing(left.bodies[BULK], right.bodies[BULK], look)
    sections = (
        Section(BULK, {fact.name: fact for fact in map(fact_from, rows_of([*lines, *found.looked_at]))}, covers)
        for lines, covers in ((found.left, _covers(left)), (found.right, _covers(right)))
    )
    return next(sections), next(sections), found.others


def _covers(side: Taken) -> tuple[str, ...]:
    return tuple(head_of(side.bodies[BULK])["covers"])


def _looked_at(run: bytes, *, tiers: bool, systems: bool) -> Iterator[bytes]:
    """Equal lines that may not be the same: unknown on both sides, or left out of this comparison."""
    found = [lines_with(run, UNKNOWN)]
    if tiers:
        found.append(_development(run))
    if systems:
        found += [lines_with(run, mark) for mark in SYSTEM]
    yield from dict.fromkeys(chain.from_iterable(found))


def _development(run: bytes) -> Iterator[bytes]:
    """Lines whose groups do not ship."""
    for line in lines_with(run, b'"groups":'):
        groups = GROUPS.search(line)
        if groups is None or not any(mark in groups[0] for mark in SHIPS):
            yield line
