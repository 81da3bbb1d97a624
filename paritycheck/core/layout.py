"""How a message is laid out in rows and columns, before a channel gives it its look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paritycheck.core.message import Gap, Message, Row, Seen, Stand

BLOCKS: Final = "▁▂▃▄▅▆▇█"
GLYPHS: Final = {"same": "=", "different": "≠", "missing": "∅", "shared": "=", "unknown": "?"}
_LOUD: Final = frozenset({"different", "missing", "shared"})
_NO_DRIFTS: Final = frozenset({"waiver", "silent"})
_WORST: Final = ("error", "warning", "unknown", "note", "ok")


class Cell(NamedTuple):
    """A cell of a table; `tone` is the severity whose colour it has, where it has one."""

    glyph: str
    text: str
    tone: str = ""


Facts = list[tuple[str, list[Cell]]]


class Marked(NamedTuple):
    """A sentence in parts: its first word, and around a name that is code what stands before and after it."""

    word: str
    before: str
    name: str
    after: str


def row_word(row: Row) -> tuple[str, str]:
    """The word before a line of a list, and its tone."""
    if row.change in _NO_DRIFTS:
        return (row.change, "unknown")
    word = "resolved" if row.change == "resolved" else row.severity
    return (word, word)


def title_of(message: Message) -> tuple[str, str, str]:
    """The title around a name that is code: a configuration key, a package, a migration."""
    focus = message.focus
    if focus is None or focus.section not in {"config", "dependencies", "migrations"}:
        return (message.title, "", "")
    return message.title.partition(focus.shown)


def preheader(message: Message) -> str:
    """What a list of mails shows beside the subject."""
    stop = "" if message.title.endswith((".", "?")) else "."
    return f"{message.title}{stop} {message.lead}".strip()


def origin(message: Message) -> list[Marked]:
    """Since which deploy, and by which change."""
    focus = message.focus
    if focus is None:
        return []
    return [_marked(said, focus.commit) for said in (focus.since, focus.by) if said]


def _marked(sentence: str, name: str) -> Marked:
    word, _, rest = sentence.partition(" ")
    before, found, after = rest.partition(name) if name else (rest, "", "")
    return Marked(word, before, found, after)


def heads_of(message: Message) -> list[str]:
    """The columns of its table."""
    if message.focus is not None:
        return [side.label for side in message.focus.sides]
    return list(message.table.heads) if message.table else []


def facts_of(message: Message) -> Facts:
    """Lines of its table: a label and a cell for each column. Of a drift both sides, of a notice its figures."""
    if message.focus is not None:
        return _sides(message.focus)
    lines = message.table.lines if message.table else ()
    return [(line[0], [Cell("", text) for text in line[1:]]) for line in lines]


def _sides(focus: Row) -> Facts:
    rows = [("value", [_cell(side, row_word(focus)[0]) for side in focus.sides])]
    for label, member in (("read from", "source"), ("read at", "read_at"), ("snapshot", "snapshot")):
        texts: list[str] = [getattr(side, member) for side in focus.sides]
        if any(texts):
            rows.append((label, [Cell("", text) for text in texts]))
    return rows


def _cell(side: Seen, tone: str) -> Cell:
    if side.mark == "unknown":
        return Cell(GLYPHS["unknown"], side.text, "unknown")
    loud = side.mark in _LOUD and tone != "resolved"
    return Cell(GLYPHS.get(side.mark, ""), side.text, tone if loud else "")


def columns(heads: Sequence[str], facts: Facts) -> list[tuple[str, list[tuple[str, str]]]]:
    """The same table by its columns, for text; one without a head where there are none."""
    return [
        (head, [(label, text) for label, cells in facts if (text := f"{cells[at].glyph} {cells[at].text}".strip())])
        for at, head in enumerate(heads or ([""] if facts else []))
    ]


class Course(NamedTuple):
    """A gap and its trend: as steps of BLOCKS, as these characters, and in words for who sees neither."""

    gap: Gap
    levels: list[int]
    blocks: str
    words: str


def course(gap: Gap) -> Course:
    levels = _levels(gap.trend)
    return Course(gap, levels, "".join(BLOCKS[level] for level in levels), _in_words(gap))


def _levels(trend: Sequence[float]) -> list[int]:
    """Each value as a step of BLOCKS; nothing where there is no course to see."""
    most = max(trend, default=0)
    return [round((len(BLOCKS) - 1) * value / most) for value in trend] if most > 0 and len(trend) > 1 else []


def _in_words(gap: Gap) -> str:
    """Whole numbers one by one; of others the direction is enough."""
    said = gap.of or "open drifts"
    if all(isinstance(value, int) for value in gap.trend):
        return f"{said} on each of the last {len(gap.trend)} days: {', '.join(map(str, gap.trend))}"
    return f"{said} on each of the last {len(gap.trend)} days, {gap.was or 'now as before'}"


def summary(stand: Stand) -> tuple[str, str, str]:
    """A pair in one line, where another one is told in full: its worst band, its figures, and a note."""
    bands = {gap.band for gap in stand.gaps}
    worst = next((band for band in _WORST if band in bands), "unknown")
    figures = [gap.value if gap.name == "Tools" else f"{gap.name.lower()} {gap.value}" for gap in reversed(stand.gaps)]
    return (worst, ", ".join(figures), stand.gaps[-1].sentence)
