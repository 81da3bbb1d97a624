"""How far the tools are apart as the page draws it: parities by section, bars of distances, ends of support."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from paritycheck.core.labels import counted, kind_label
from paritycheck.core.parity import DISTANCES
from paritycheck.selectors.columns import Column
from paritycheck.selectors.endings import ENDED, SUPPORTED, Ending, Where
from paritycheck.selectors.tools_gap import Chapter, Distance, Tools
from paritycheck.web import words
from paritycheck.web.cells import SECTION_TITLES
from paritycheck.web.facts import name_parts
from paritycheck.web.visible import visible

SEVERITIES = ("error", "warning", "note")
WHOLE = 100.0
STEPS = (1, 2, 5)
MOST_TICKS = 4
MONTH_DAYS = 30.44
# From here on days say less than months do.
IN_MONTHS = 90
TOLD = {"patch": "a patch apart", "minor": "a minor version apart", "major": "a major version apart",
        "kind": "of another kind or absent"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """One section of an environment; `value` is its parity, or what stands where nothing weighs. `width` is in percent
    and empty where there is none.
    """

    section: str
    title: str
    value: str
    width: str
    unknown: bool
    worst: str
    drifts: str


@dataclass(frozen=True, slots=True)
class Row:
    """One environment against the baseline."""

    column: Column
    parity: float | None
    coverage: float
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Facts of one distance in an environment's bar, in percent of the chart's width."""

    at: int
    count: int
    x: str
    width: str
    title: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One environment's facts by distance; None of it where they were not counted yet."""

    column: Column
    counts: tuple[int, ...] | None
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class End:
    """One cycle of a product and everywhere that runs it."""

    label: str
    ends: date
    source: str
    band: str
    state: str
    where: tuple[Where, ...]
    everywhere: bool
    quiet: bool


def sections_of(tools: Tools) -> list[tuple[str, str]]:
    """Name and title of each section that any environment was compared in."""
    held = {chapter.section for distance in tools.distances for chapter in distance.chapters}
    return [(name, title) for name, title in SECTION_TITLES.items() if name in held]


def rows_of(tools: Tools) -> list[Row]:
    """Environments in order of promotion, each with a cell for every section."""
    sections = [name for name, _ in sections_of(tools)]
    return [_row(distance, sections) for distance in tools.distances]


def _row(distance: Distance, sections: Sequence[str]) -> Row:
    held = {chapter.section: chapter for chapter in distance.chapters}
    cells = tuple(_cell(name, held.get(name)) for name in sections)
    return Row(distance.column, distance.parity.value, distance.parity.coverage, cells)


def _cell(section: str, chapter: Chapter | None) -> Cell:
    title = SECTION_TITLES[section]
    if chapter is None:
        return Cell(section, title, "not compared", "", unknown=True, worst="", drifts="")
    worst, told = drift_words(chapter.drifts)
    value = chapter.parity.value
    if value is not None:
        return Cell(section, title, words.percent(value), f"{WHOLE * value:.2f}", False, worst, told)
    total, same = sum(chapter.relations.values()), chapter.relations.get("same", 0)
    unread = total == chapter.relations.get("unknown", 0)
    said = "unknown" if unread else f"{words.number(same)} of {words.number(total)} same"
    return Cell(section, title, said, "", unread, worst, told)


def drift_words(counts: Mapping[str, int]) -> tuple[str, str]:
    """The worst severity, and `2 errors, 1 warning`; of three kinds the worst and how many more."""
    held = [severity for severity in SEVERITIES if counts.get(severity)]
    if not held:
        return "", ""
    if len(held) < len(SEVERITIES):
        return held[0], counted({severity: counts[severity] for severity in held})
    rest = sum(counts[severity] for severity in held[1:])
    return held[0], f"{counted({held[0]: counts[held[0]]})}, {words.number(rest)} more"


def bars_of(tools: Tools) -> tuple[list[Bar], list[tuple[str, str]]]:
    """A bar for each environment on one scale, and the scale's ticks: where, in percent, and the count."""
    most = max((sum(each.by_distance or ()) for each in tools.distances), default=0)
    step = _step(most)
    top = step * -(-most // step)
    ticks = [(f"{WHOLE * at / top:.2f}", words.number(at)) for at in range(0, top + 1, step)] if top else []
    return [_bar(each, top) for each in tools.distances], ticks


def _step(most: int) -> int:
    """The least round step that needs no more than MOST_TICKS of them."""
    unit = 1
    while True:
        for step in STEPS:
            if step * unit * MOST_TICKS >= most:
                return step * unit
        unit *= 10


def _bar(distance: Distance, top: int) -> Bar:
    parts, x = [], 0.0
    for at, count in enumerate(distance.by_distance or ()):
        if count:
            width = WHOLE * count / top
            told = f"{distance.column.slug}: {words.plural(count, 'fact')} {TOLD[DISTANCES[at]]}"
            parts.append(Part(at + 1, count, f"{x:.2f}", f"{width:.2f}", told))
            x += width
    return Bar(distance.column, distance.by_distance, tuple(parts))


def ends_of(tools: Tools, today: date) -> list[End]:
    """What ends first comes first; `quiet` is what has support for long."""
    reported = {column.slug for column in tools.matrix.columns if column.snapshot is not None}
    return [_end(ending, today, reported) for ending in tools.endings]


def _end(ending: Ending, today: date, reported: set[str]) -> End:
    places = {place.environment for place in ending.where}
    return End(
        f"{_product(ending)} {ending.cycle}",
        ending.ends,
        ending.source,
        ending.severity,
        _state(ending, today),
        ending.where,
        everywhere=places == reported and len(places) > 1 and not any(place.drift for place in ending.where),
        quiet=ending.state == SUPPORTED,
    )


def _product(ending: Ending) -> str:
    name = visible(name_parts(ending.section, ending.product)[1])
    return name if ending.section == "dependencies" else kind_label(name)


def _state(ending: Ending, today: date) -> str:
    days = abs((ending.ends - today).days)
    if ending.state == ENDED:
        return f"ended {words.number(days)}{words.NBSP}d ago"
    if not days:
        return "ends today"
    return f"{_span(days)} left" if ending.state == SUPPORTED else f"ends in {_span(days)}"


def _span(days: int) -> str:
    """`40 d`, `17 months`."""
    if days < IN_MONTHS:
        return f"{days}{words.NBSP}d"
    months = round(days / MONTH_DAYS)
    return f"{months}{words.NBSP}months"
