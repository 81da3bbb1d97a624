"""What stands in a cell of the matrix: sign, value, remark, colour and where it leads."""

from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode

from django.urls import reverse

from paritycheck.core.comparison import Relation
from paritycheck.core.facts import Fact, State
from paritycheck.models import Drift
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.lines import DIFFERING, Group, Line, Spot
from paritycheck.web import words
from paritycheck.web.facts import name_parts, reason_words, rule_words, value_words
from paritycheck.web.visible import visible
from paritycheck.web.waiving import end_words

LONGEST = 28
# The end of a long name stays when its middle gives way.
END = 14
STAND_IN = "0" * 10
"""As long as the part of a drift's identity that addresses hold."""
SECTION_TITLES = {
    "services": "Services",
    "runtime": "Runtime",
    "dependencies": "Dependencies",
    "config": "Config keys",
    "processes": "Processes",
    "migrations": "Migrations",
    "release": "Release",
}
GLYPHS = {
    Relation.SAME: "same",
    Relation.DIFFERENT: "different",
    Relation.ONLY_LEFT: "different",
    Relation.ONLY_RIGHT: "missing",
    Relation.UNKNOWN: "unknown",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as the template draws it. `look` is its class: same, within, different, missing, unknown or waived."""

    environment: str
    base: bool
    look: str
    severity: str
    glyph: str
    word: str
    value: str
    whole: str
    note: str
    href: str
    pop: str
    key: str


@dataclass(frozen=True, slots=True)
class FactRow:
    """One line of the matrix as `drawing` writes it. `pick` names it in a form, where `open` drifts of it are open."""

    icon: str
    prefix: str
    name: str
    end: str
    remark: str
    cells: tuple[Cell, ...]
    since: Drift | None
    owner: str
    same_in: str
    folded: bool
    pick: str = ""
    open: int = 0


@dataclass(frozen=True, slots=True)
class FactGroup:
    """One section as the template draws it."""

    section: str
    title: str
    differing: int
    rows: tuple[FactRow, ...]
    folded: int
    folded_glyph: str
    folded_words: str
    unreadable: tuple[tuple[str, str], ...]
    more_after: str
    more_name: str
    skipped: int = 0
    more: int = 0
    """Lines that differ and stand before and after those that are drawn."""

    @property
    def next(self) -> int:
        """Where the lines after these begin."""
        return self.skipped + sum(not row.folded for row in self.rows)


def group_of(project: str, group: Group) -> FactGroup:
    """A section with its rows."""
    return FactGroup(
        section=group.section,
        title=SECTION_TITLES.get(group.section, group.section),
        differing=group.differing,
        rows=tuple(row_of(project, line) for line in group.lines),
        folded=group.folded,
        folded_glyph="same" if group.looks["same"] else "different" if group.looks["within"] else "unknown",
        folded_words=_folded(group),
        unreadable=tuple((column.slug, reason_words(reason)) for column, reason in group.unreadable),
        more_after=group.more_after,
        more_name=visible(name_parts(group.section, group.more_after)[1]),
        skipped=group.skipped,
        more=group.more,
    )


def _folded(group: Group) -> str:
    """`31 same, 2 differ within policy, 12 not read`."""
    within, quiet = group.looks["within"], group.looks["quiet"]
    parts = [f"{words.number(group.looks['same'])} same"] if group.looks["same"] else []
    if within:
        parts.append(f"{words.number(within)} {'differs' if within == 1 else 'differ'} within policy")
    if quiet:
        parts.append(f"{words.number(quiet)} not read")
    return ", ".join(parts)


def row_of(project: str, line: Line) -> FactRow:
    """One fact's row."""
    drifts = line.drifts
    prefix, name = name_parts(line.section, line.name)
    name = visible(name)
    cut = len(name) - END if len(name) > LONGEST else len(name)
    mixed = len({spot.fact.kind for spot in line.spots if spot.fact.kind}) > 1
    lacking = any(spot.drifts for spot in line.spots if spot.column.baseline)
    cells = _cells(project, line, mixed=mixed, lacking=lacking)
    opened = sum(drift.state == DriftState.OPEN for drift in drifts)
    return FactRow(
        icon=line.look if line.look in DIFFERING else "",
        prefix=prefix,
        name=name[:cut],
        end=name[cut:],
        remark=_remark(line, drifts),
        cells=cells,
        since=min(drifts, key=lambda drift: drift.opened_at) if drifts else None,
        owner=next((drift.owner for drift in drifts if drift.owner), ""),
        same_in=_alike(line, cells),
        folded=line.look not in DIFFERING,
        pick=f"{line.section}/{line.name}" if opened else "",
        open=opened,
    )


def _alike(line: Line, cells: tuple[Cell, ...]) -> str:
    """`same in ci and staging`. Of what the baseline lacks it is said who has it, and who lacks it too."""
    same = [(cell, spot) for cell, spot in zip(cells, line.spots, strict=True) if cell.look == "same" and not cell.base]
    if not any(spot.column.baseline and spot.drifts and spot.fact.state is State.ABSENT for spot in line.spots):
        return _in("same", [cell.environment for cell, _ in same])
    lacking = [cell.environment for cell, spot in same if spot.fact.state is State.ABSENT]
    having = [cell.environment for cell, spot in same if spot.fact.state is not State.ABSENT]
    return ", ".join(filter(None, (_in("present", having), _in("absent", lacking))))


def _in(word: str, environments: list[str]) -> str:
    return f"{word} in {words.listed(environments)}" if environments else ""


def _remark(line: Line, drifts: list[Drift]) -> str:
    """What is compared: `postgresql version`, `direct`, the configuration names that lead to a service."""
    parts = []
    if line.section == "services":
        keys = sorted({key for spot in line.spots for key in spot.fact.words("keys")})
        parts += [", ".join(keys[:2])] if keys else []
    if line.section == "dependencies":
        scopes = {spot.fact.word("scope") for spot in line.spots} - {None}
        parts += ["direct" if "direct" in scopes else "transitive"] if scopes else []
    parts += [rule_words(drifts[0].rule)] if drifts and line.section != "dependencies" else []
    return visible(" ".join(part for part in parts if part))


def _cells(project: str, line: Line, *, mixed: bool, lacking: bool) -> tuple[Cell, ...]:
    """Most environments hold the very fact that the baseline holds: what is shown of that is worked out once."""
    page, told = reverse("web:cell", args=[project]), f"&{urlencode({'section': line.section, 'name': line.name})}"
    drifts = reverse("web:drift", args=[project, STAND_IN]).removesuffix(STAND_IN)
    known: dict[tuple[int, Relation | None, bool], _Shown] = {}
    cells = []
    for spot in line.spots:
        kind = (id(spot.fact), spot.relation, spot.stale)
        shown = None if spot.drifts else known.get(kind)
        if shown is None:
            shown = _shown(line.section, spot, mixed=mixed, lacking=lacking)
            if not spot.drifts:
                known[kind] = shown
        slug = spot.column.slug
        evidence = f"{page}?environment={slug}{told}"
        href = drifts + spot.drifts[0].id[: len(STAND_IN)] if spot.drifts else evidence
        cells.append(Cell(slug, spot.column.baseline, *shown, href, evidence, f"{slug}/{line.section}/{line.name}"))
    return tuple(cells)


class _Shown(NamedTuple):
    """The members of a Cell that the environment has no part in."""

    look: str
    severity: str
    glyph: str
    word: str
    value: str
    whole: str
    note: str


def _shown(section: str, spot: Spot, *, mixed: bool, lacking: bool) -> _Shown:
    worst = spot.drifts[0] if spot.drifts else None
    look, glyph, word = look_of(spot, worst, lacking=lacking)
    whole = visible(_value(section, spot, worst, look, mixed=mixed))
    severity = worst.severity if worst and look in {"different", "missing"} else ""
    return _Shown(look, severity, glyph, word, middle(whole), whole, _note(spot, worst, look))


def look_of(spot: Spot, worst: Drift | None, *, lacking: bool = False) -> tuple[str, str, str]:
    """Class, sign and hidden word. Where the baseline is `lacking` the fact, having it is what all others share."""
    if spot.stale or spot.fact.state is State.UNKNOWN:
        return "unknown", "unknown", "unknown"
    if worst is not None:
        return _drift_look(spot.fact, worst)
    glyph = GLYPHS[spot.relation] if spot.relation else "same"
    if spot.fact.state is State.ABSENT:
        return ("same" if glyph == "same" else "within"), "missing", "absent"
    if glyph == "same" or (lacking and spot.relation is Relation.ONLY_LEFT):
        return "same", "same", "same"
    return "within", glyph, "not comparable" if glyph == "unknown" else "differs within policy"


def _drift_look(fact: Fact, worst: Drift) -> tuple[str, str, str]:
    glyph = _drifting(fact, worst)
    if worst.state == DriftState.WAIVED:
        return "waived", glyph, f"waived, {glyph}"
    return ("missing" if glyph == "missing" else "different"), glyph, f"{worst.severity}, {glyph}"


def shared(drift: Drift) -> bool:
    """Whether it is the sameness that is wrong."""
    return drift.rule.startswith("shared-") or drift.expectation == "must-differ"


def _drifting(fact: Fact, worst: Drift) -> str:
    if shared(worst):
        return "same"
    return "missing" if fact.state is State.ABSENT else "different"


def _value(section: str, spot: Spot, worst: Drift | None, look: str, *, mixed: bool) -> str:
    if worst is not None and shared(worst) and not spot.stale:
        return "shared"
    if look == "missing":
        return "not installed" if section == "dependencies" else "missing"
    return value_words(section, spot.fact, with_kind=mixed)


def _note(spot: Spot, worst: Drift | None, look: str) -> str:
    if spot.stale:
        return "stale"
    if look == "waived":
        return end_words(worst.waiver) if worst and worst.waiver else "waived"
    if any(drift.rule == "end-of-life" for drift in spot.drifts):
        return rule_words("end-of-life")
    if worst is None or look != "different":
        return ""
    if worst.rule in {"version", "value", "kind", "missing", "unwanted"}:
        return "not expected here" if worst.rule == "unwanted" else ""
    return rule_words(worst.rule)


def middle(text: str) -> str:
    """Cut in the middle, so that a version's or a path's end still shows."""
    if len(text) <= LONGEST:
        return text
    head = (LONGEST - 1) // 2
    return f"{text[:head]}…{text[-(LONGEST - 1 - head) :]}"
