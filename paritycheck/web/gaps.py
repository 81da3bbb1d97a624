"""The three gaps as tiles, as lines of the list of projects, and as labels on the rail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paritycheck.core.bands import tools_band
from paritycheck.core.labels import counted
from paritycheck.core.parity import Parity
from paritycheck.core.personnel import OK_TO
from paritycheck.models import Pair
from paritycheck.selectors.columns import Column
from paritycheck.selectors.matrix import Matrix
from paritycheck.web import words
from paritycheck.web.facts import reason_words
from paritycheck.web.visible import visible

NAMES = {
    "time": ("Time", "clock"),
    "personnel": ("Personnel", "users"),
    "tools": ("Tools", "wrench"),
}
BANDS = frozenset({"ok", "warning", "error"})
REASONS = {"not yet measured": "not yet measured", "no deploy yet": "no deploy yet", "shallow": "shallow clone"}


@dataclass(frozen=True, slots=True)
class Tile:
    """One gap of a project. An unknown one has its reason for a value."""

    gap: str
    name: str
    icon: str
    band: str
    value: str
    unit: str
    strong: str
    text: str
    coverage: float
    pair: str
    points: tuple[float, ...] = ()
    limit: float = 0
    drawn: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One gap of a project in the list of projects."""

    gap: str
    name: str
    icon: str
    band: str
    value: str
    text: str
    coverage: float
    points: tuple[float, ...] = ()
    limit: float = 0
    drawn: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """What a small chart draws of a gap: a value a day, the limit of the policy, and what it is called."""

    points: tuple[float, ...] = ()
    limit: float = 0
    drawn: str = ""

    @property
    def members(self) -> dict[str, Any]:
        """As a tile and a line have them."""
        return {"points": self.points, "limit": self.limit, "drawn": self.drawn}


@dataclass(frozen=True, slots=True)
class Waiting:
    """The time gap of a pair as it is stored: seconds, commits that wait and that are missing, band, reason."""

    value: float | None
    waiting: int
    missing: int
    band: str
    reason: str

    @property
    def commits(self) -> str:
        """`14 commits`."""
        return words.plural(self.waiting, "commit")


def waiting_of(stored: Mapping[str, Any]) -> Waiting:
    """The stored gap; what is not there is unknown."""
    told = stored.get("value")
    value = float(told) if isinstance(told, int | float) else None
    reason = str(stored.get("reason") or "not yet measured")
    return Waiting(
        value=value,
        waiting=_count(stored.get("waiting")),
        missing=_count(stored.get("missing")),
        band=stored["band"] if value is not None and stored.get("band") in BANDS else "unknown",
        reason=REASONS.get(reason) or reason_words(reason),
    )


def _count(told: object) -> int:
    if isinstance(told, int):
        return told
    return len(told) if isinstance(told, list) else 0


def course_of(gap: str, pair: Pair | None) -> Course:
    """How a gap of a pair went in four weeks, as evaluations keep it; nothing where that is not known."""
    points = tuple(pair.courses.get(gap, ())) if pair else ()
    if len(points) < 2 or pair is None:  # noqa: PLR2004  a line has two ends
        return Course()
    if gap == "personnel":
        told = f"Share of commits by day, from {points[0]:.2f} to {points[-1]:.2f}"
        return Course(points, OK_TO, told)
    told = f"Oldest waiting change by day, from {words.duration(points[0])} to {words.duration(points[-1])}"
    return Course(points, float(_count(pair.time.get("limit_s"))), told)


def open_course(trend: Sequence[int]) -> Course:
    """How many drifts were open, day by day."""
    told = f"Open drifts by day, from {words.number(trend[0])} to {words.number(trend[-1])}" if trend else ""
    return Course(tuple(trend), 0, told)


def lag_of(pair: Pair) -> tuple[str, str]:
    """What waits in the left environment for the baseline, and the colour of its band."""
    gap = waiting_of(pair.time)
    if gap.value is None:
        return "", ""
    if not gap.waiting:
        return ("diverged" if gap.missing else "in step"), ""
    text = f"{gap.commits}, {words.duration(gap.value)}"
    return (f"diverged, {text}" if gap.missing else text), gap.band if gap.band != "ok" else ""


def tiles_of(matrix: Matrix, trend: tuple[int, ...] = ()) -> list[Tile]:
    """Time, personnel and tools, of the pair next to the baseline."""
    compared = [column for column in matrix.columns if column.pair is not None and not column.baseline]
    near = compared[-1] if compared else None
    base = matrix.baseline.slug if matrix.baseline else ""
    return [_time(near, base), _personnel(near, base), _tools(compared, matrix.severities, base, trend)]


def _tile(gap: str, band: str, value: str, **more: Any) -> Tile:
    name, icon = NAMES[gap]
    blank: dict[str, Any] = {"unit": "", "strong": "", "text": "", "coverage": 0.0, "pair": ""}
    return Tile(gap, name, icon, band, value, **{**blank, **more})


def _time(near: Column | None, base: str) -> Tile:
    if near is None or near.pair is None:
        return _tile("time", "unknown", "nothing to compare yet")
    gap, pair = waiting_of(near.pair.time), f"{near.slug} to {base}"
    if gap.value is None:
        return _tile("time", "unknown", gap.reason, text="How long the oldest change waits.", pair=pair)
    if not gap.waiting:
        said = f"{base} has {words.plural(gap.missing, 'commit')} that {near.slug} lacks." if gap.missing else ""
        told = said or f"Nothing waits for {base}."
        drawn = course_of("time", near.pair).members
        return _tile("time", gap.band, "0", unit="oldest waiting change", text=told, coverage=1.0, pair=pair, **drawn)
    verb = "waits" if gap.waiting == 1 else "wait"
    diverged = f" It lacks {words.number(gap.missing)} of {base}: diverged." if gap.missing else ""
    return _tile(
        "time",
        gap.band,
        words.duration(gap.value),
        unit="oldest waiting change",
        strong=gap.commits,
        text=f" on {near.slug} {verb} for {base}.{diverged}",
        coverage=1.0,
        pair=pair,
        **course_of("time", near.pair).members,
    )


def _personnel(near: Column | None, base: str) -> Tile:
    stored = near.pair.personnel if near and near.pair else {}
    value, coverage = stored.get("value"), stored.get("coverage")
    known = float(coverage) if isinstance(coverage, int | float) else 0.0
    if not isinstance(value, int | float):
        reason = visible(stored.get("reason") or "not yet measured")
        text = "The share of commits by people who never ship."
        return _tile("personnel", "unknown", reason, text=text, coverage=known, pair=base)
    band = stored["band"] if stored.get("band") in BANDS else "unknown"
    strong, text = _never_ship(stored, base)
    return _tile(
        "personnel",
        band,
        f"{value:.2f}",
        unit="of commits",
        strong=strong,
        text=text,
        coverage=known,
        pair=base,
        **course_of("personnel", near.pair if near else None).members,
    )


def _never_ship(stored: Mapping[str, Any], base: str) -> tuple[str, str]:
    """Whose commits these are."""
    never, commits = _count(stored.get("never")), _count(stored.get("commits"))
    if not never:
        return "", f"Everybody who writes takes part in deploys of {base}."
    verb = "is" if commits == 1 else "are"
    told = f"{words.number(never)} of {words.plural(commits, 'commit')}"
    return told, f" {verb} by people who take part in no deploy of {base}."


def _tools(compared: Sequence[Column], severities: Mapping[str, int], base: str, trend: tuple[int, ...]) -> Tile:
    pairs = [(column, column.pair) for column in compared if column.pair is not None]
    live = {severity: severities.get(severity, 0) for severity in ("error", "warning", "note")}
    count = sum(live.values())
    if not pairs:
        return _tile("tools", "unknown", "nothing to compare yet")
    lowest = min(pairs, key=lambda each: 2.0 if each[1].parity is None else each[1].parity)
    said = counted(live)
    strong, _, rest = said.partition(",")
    parity = lowest[1].parity
    told = f"Lowest parity {words.percent(parity)}, {lowest[0].slug}." if parity is not None else "Parity unknown."
    return _tile(
        "tools",
        tools_band(Parity(parity, lowest[1].coverage), [name for name, held in live.items() if held]).value,
        words.number(count),
        unit="open drift" if count == 1 else "open drifts",
        strong=strong,
        text=f"{',' + rest if rest else ''}. {told}" if said else told,
        coverage=min(pair.coverage for _, pair in pairs),
        pair=f"{words.plural(len(pairs), 'pair')} with {base}",
        **open_course(trend).members,
    )


def lines_of(
    counts: Mapping[str, int], pairs: Sequence[Pair], headline: Pair | None, trend: tuple[int, ...]
) -> tuple[Line, ...]:
    """The three gaps in short."""
    return (_time_line(headline), _personnel_line(headline), _tools_line(counts, pairs, trend))


def _time_line(headline: Pair | None) -> Line:
    gap = waiting_of(headline.time if headline else {})
    if gap.value is None:
        return Line("time", *NAMES["time"], "unknown", "unknown", gap.reason, 0.0)
    value = words.duration(gap.value) if gap.value else "0"
    drawn = course_of("time", headline).members
    return Line("time", *NAMES["time"], gap.band, value, f"{gap.band}, {gap.commits}", 1.0, **drawn)


def _personnel_line(headline: Pair | None) -> Line:
    stored = headline.personnel if headline else {}
    value, coverage = stored.get("value"), stored.get("coverage")
    known = float(coverage) if isinstance(coverage, int | float) else 0.0
    if not isinstance(value, int | float):
        reason = visible(stored.get("reason") or "not yet measured")
        return Line("personnel", *NAMES["personnel"], "unknown", "unknown", reason, known)
    band = stored["band"] if stored.get("band") in BANDS else "unknown"
    told, drawn = words.plural(_count(stored.get("commits")), "commit"), course_of("personnel", headline).members
    return Line("personnel", *NAMES["personnel"], band, f"{value:.2f}", f"{band}, {told}", known, **drawn)


def _tools_line(counts: Mapping[str, int], pairs: Sequence[Pair], trend: tuple[int, ...]) -> Line:
    coverage = min((pair.coverage for pair in pairs), default=0.0)
    parity = min((pair.parity for pair in pairs if pair.parity is not None), default=None)
    band = tools_band(Parity(parity, coverage), [name for name, held in counts.items() if held]).value
    said = counted({name: counts.get(name, 0) for name in ("error", "warning", "note")})
    said = said or ("nothing to compare" if band == "unknown" else band)
    value = words.number(sum(counts.values())) if pairs or counts else "unknown"
    return Line("tools", *NAMES["tools"], band, value, said, coverage, **open_course(trend).members)
