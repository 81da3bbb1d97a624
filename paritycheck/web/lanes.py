"""Both sides of a drift over time as rows of bars, framed from the moment on at which they parted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from paritycheck.core.facts import State
from paritycheck.selectors.lanes import Lane, Stay
from paritycheck.selectors.since import Since
from paritycheck.web import words
from paritycheck.web.facts import value_words
from paritycheck.web.lagchart import days_under
from paritycheck.web.visible import visible

TOP, ROW, SHORTEST = 24, 52, timedelta(minutes=1)
LOOKS = {State.PRESENT: "", State.ABSENT: "missing", State.UNKNOWN: "unknown"}
MIDDLE = 50.0


@dataclass(frozen=True, slots=True)
class Bar:
    """What a side had for a while; `x` and `width` in percent, `apart` from the parting on."""

    x: str
    width: str
    look: str
    apart: bool
    text: str
    number: int
    begin: datetime
    end: datetime | None
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """One side; `y` is its upper edge and `ticks` its deploys in percent of the width."""

    name: str
    y: int
    bars: tuple[Bar, ...]
    ticks: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Lanes:
    """The rows, the mark at which they parted, and the days below."""

    rows: tuple[Row, ...]
    height: int
    parted: str
    parted_text: str
    parted_left: bool
    days: tuple[str, ...]
    deploys: int


@dataclass(frozen=True, slots=True)
class _Frame:
    begin: datetime
    end: datetime

    def x(self, moment: datetime) -> float:
        share = (moment - self.begin) / (self.end - self.begin)
        return 100 * max(0.0, min(1.0, share))


def drawn(lanes: Sequence[Lane], section: str, since: Since | None, now: datetime) -> Lanes | None:
    """None where nothing is known of before. The axis begins with the older history, 90 days back at most."""
    begins = [lane.stays[0].begin for lane in lanes if lane.stays]
    if not begins:
        return None
    frame = _Frame(min(*begins, now - SHORTEST), now)
    at = since.at if since else None
    rows = tuple(_row(lane, at_row, section, frame, at) for at_row, lane in enumerate(lanes))
    x = frame.x(at) if at else 0.0
    return Lanes(
        rows=rows,
        height=TOP + ROW * len(rows),
        parted=f"{x:.2f}%" if at else "",
        parted_text=_parted(since, now, alone=len(rows) == 1) if since else "",
        parted_left=x > MIDDLE,
        days=days_under(frame.begin, now),
        deploys=sum(len(row.ticks) for row in rows),
    )


def _parted(since: Since, now: datetime, *, alone: bool) -> str:
    word = ("since" if alone else "parted") if since.exact else "at least since"
    return f"{word} {words.day(since.at, now)} {since.at:%H:%M}"


def _row(lane: Lane, at_row: int, section: str, frame: _Frame, parted: datetime | None) -> Row:
    kinds = {stay.fact.kind for stay in lane.stays if stay.fact.state is State.PRESENT}
    bars = (_bar(stay, section, frame, parted, with_kind=len(kinds) > 1) for stay in lane.stays)
    ticks = ((f"{frame.x(at):.2f}%", f"deploy, {words.instant(at)}") for at in lane.deploys if at >= frame.begin)
    return Row(lane.environment.slug, TOP + ROW * at_row, tuple(bars), tuple(ticks))


def _bar(stay: Stay, section: str, frame: _Frame, parted: datetime | None, *, with_kind: bool) -> Bar:
    left, right = frame.x(stay.begin), frame.x(stay.end)
    text = visible(value_words(section, stay.fact, with_kind=with_kind))
    look, open_end = LOOKS[stay.fact.state], stay.end >= frame.end
    until = "now" if open_end else words.instant(stay.end)
    return Bar(
        x=f"{left:.2f}%",
        width=f"{max(right - left, 0.2):.2f}%",
        look=look,
        apart=parted is not None and stay.end > parted and look != "unknown",
        text="missing" if look == "missing" else text,
        number=stay.number,
        begin=stay.begin,
        end=None if open_end else stay.end,
        title=f"{text}, {words.instant(stay.begin)} to {until}",
    )
