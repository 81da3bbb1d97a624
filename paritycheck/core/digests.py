"""The scheduled summary of one project, to be read in a minute: a judgement, where each pair stands, what is new, what
is gone, what needs a decision, what stays.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from paritycheck.core.alerts import block, order, settings_link, subject_line
from paritycheck.core.decisions import Ending, Quiet, decisions
from paritycheck.core.durations import humanise
from paritycheck.core.findings import SEVERITIES
from paritycheck.core.labels import capital, counted, plural, uncapital, where
from paritycheck.core.message import DIGEST, Block, Gap, Message, Row, Stand
from paritycheck.core.plain import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

MOST_ROWS: Final = 10
MOST_RESOLVED: Final = 3
MOST_STILL: Final = 5
"""What is over or was told before takes less of the reader's minute than what is new."""
MOST_STANDS: Final = 6
_WEEK: Final = 7
_NBSP: Final = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Standing:
    """One pair as last evaluated. `time` and `personnel` are the stored gaps; `parity` and `coverage` fractions;
    `severities` counts open drifts, `trend` is their number at the end of each of the last days, oldest first;
    `time_trend` (seconds) and `personnel_trend` are the gaps' values then, and empty where they are not known.
    """

    left: str
    right: str
    time: Mapping[str, Any]
    personnel: Mapping[str, Any]
    parity: float | None
    coverage: float
    severities: Mapping[str, int]
    trend: tuple[int, ...]
    time_trend: tuple[float, ...] = ()
    personnel_trend: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """What a digest is about, a day or any other period: `before` is the number of open drifts when it began, `why`
    a sentence that tells the schedule.
    """

    project: str
    url: str
    since: datetime
    until: datetime
    before: int
    opened: Sequence[Row]
    changed: Sequence[Row]
    resolved: Sequence[Row]
    still: Sequence[Row]
    standings: Sequence[Standing]
    waivers_ending: Sequence[Ending] = ()
    silent: Sequence[Quiet] = ()
    why: str = ""

    @property
    def days(self) -> int:
        return max(1, round((self.until - self.since) / timedelta(days=1)))

    @property
    def weekly(self) -> bool:
        return self.days == _WEEK

    @property
    def open(self) -> list[Row]:
        return [*self.opened, *self.changed, *self.still]


def digest(day: Day) -> Message:
    """The message; a day without a change is not to be sent, which the caller decides."""
    standings = worst_first(day.standings)
    left_out = len(standings) - MOST_STANDS
    return Message(
        kind=DIGEST,
        project=day.project,
        pair="",
        severity=_severity(day.open),
        badge="",
        subject=_subject(day),
        title=capital(_judgement(day)),
        lead=_lead(day),
        links={"project": day.url, **_compare(day, standings), "settings": settings_link(day.url)},
        why=day.why
        or f"Every day at {day.until:%H:%M} UTC to the members of {day.project}, left out when nothing changed.",
        blocks=_blocks(day),
        stands=tuple(_stand(standing, day.days) for standing in standings[:MOST_STANDS]),
        more_stands=f"and {plural(left_out, 'more pair')} on the page" if left_out > 0 else "",
    )


def worst_first(standings: Sequence[Standing]) -> list[Standing]:
    """The order in which pairs are told."""
    return sorted(standings, key=_badness)


def percent(fraction: float) -> str:
    """`93 %`; only a whole is 100 and only nothing is 0."""
    shown = min(round(fraction * 100), 99) if fraction < 1 else 100
    return f"{max(shown, 1) if fraction > 0 else 0}{_NBSP}%"


def _severity(rows: Sequence[Row]) -> str:
    found = {row.severity for row in rows}
    return next((severity for severity in reversed(SEVERITIES) if severity in found), "ok")


def _badness(standing: Standing) -> tuple[int, int, str, str]:
    errors = standing.severities.get("error", 0)
    return (-errors, -sum(standing.severities.values()), standing.left, standing.right)


def _date(at: datetime) -> str:
    return f"{at.day} {at:%b}"


def _period(day: Day) -> str:
    """`week 47`, which is the week that the period lies in and not the one that its end begins; else the day."""
    return f"week {(day.until - timedelta(days=1)).isocalendar().week}" if day.weekly else _date(day.until)


def _compare(day: Day, standings: Sequence[Standing]) -> dict[str, str]:
    """The page that compares the baseline as it was when the period began with how it is."""
    if not standings:
        return {}
    baseline = standings[0].right
    query = urlencode({"left": f"{baseline}@{{{day.since:%Y-%m-%dT%H:%MZ}}}", "right": baseline})
    return {"compare": f"{day.url}/compare?{query}"}


def _subject(day: Day) -> str:
    said = [plural(len(day.open), "drift"), f"{len(day.opened):,} new", f"{len(day.resolved):,} resolved"]
    return subject_line(day.project, _period(day), ", ".join(said))


def _judgement(day: Day) -> str:
    """The answer first: more or fewer than when the period began."""
    count = len(day.open)
    if not count:
        return "Nothing drifts any more" if day.resolved else "Nothing drifts"
    if not day.before:
        return f"{plural(count, 'drift')}, none before"
    then = "last week" if day.weekly else f"on {_date(day.since)}"
    if count == day.before:
        return f"As many drifts as {then}: {count:,}"
    than = f"than {then}: {count:,}"
    return (
        f"More drifts {than}, up from {day.before:,}"
        if count > day.before
        else f"Fewer drifts {than}, down from {day.before:,}"
    )


def _lead(day: Day) -> str:
    """The worst of what is open, in one sentence."""
    rows = order(day.open)
    if not rows:
        return f"{plural(len(day.resolved), 'drift')} resolved since {_date(day.since)}." if day.resolved else ""
    return f"The worst: {uncapital(rows[0].sentence)}."


def _blocks(day: Day) -> tuple[Block, ...]:
    still = order(day.still)
    named = [
        ("New this week" if day.weekly else "New", order(day.opened), MOST_ROWS),
        ("Changed", order(day.changed), MOST_STILL),
        ("Resolved", order(day.resolved), MOST_RESOLVED),
        ("Needs a decision", decisions(day.waivers_ending, day.silent, day.until), MOST_ROWS),
    ]
    found = [block(heading, rows, most) for heading, rows, most in named if rows]
    if still:
        severities = Counter(row.severity for row in still)
        said = counted({severity: severities[severity] for severity in reversed(SEVERITIES)})
        listed = block("Still open", still, MOST_STILL)
        found.append(Block(f"{listed.heading}: {said}", listed.rows, listed.more))
    return tuple(found)


def _stand(standing: Standing, days: int) -> Stand:
    inside = standing.left == standing.right
    gaps = [] if inside else [_time(standing, days), _personnel(standing, days)]
    heading = standing.left if inside else f"{standing.left} and {standing.right}"
    return Stand(heading, (*gaps, _tools(standing, days)))


def _time(standing: Standing, days: int) -> Gap:
    """The age of the oldest undelivered change (T2)."""
    stored, trend = standing.time, standing.time_trend
    value = stored.get("value")
    if not isinstance(value, int | float):
        return Gap("Time", "?", "unknown", _reason(stored))
    waiting, missing = _count(stored, "waiting"), _count(stored, "missing")
    said = f"oldest change waiting for {standing.right}, {plural(waiting, 'commit')}" if waiting else "nothing waits"
    if waiting and missing:
        said += f"; diverged, {standing.right} has {plural(missing, 'commit')} of its own"
    elif missing:
        said += f", {standing.right} is ahead by {plural(missing, 'commit')}"
    of = "age of the oldest change that waited"
    return Gap("Time", humanise(value), _band(stored), said, trend, _was(trend, days, humanise), of)


def _count(stored: Mapping[str, Any], member: str) -> int:
    found = stored.get(member)
    return found if isinstance(found, int) else 0


def _personnel(standing: Standing, days: int) -> Gap:
    stored, trend = standing.personnel, standing.personnel_trend
    value = stored.get("value")
    if not isinstance(value, int | float):
        return Gap("Personnel", "?", "unknown", _reason(stored))
    coverage = stored.get("coverage")
    known = f". Coverage {percent(coverage)}" if isinstance(coverage, int | float) else ""
    sentence = f"of commits by people who take part in no deploy {where(standing.right)}{known}"
    was = _was(trend, days, "{:.2f}".format)
    return Gap("Personnel", f"{value:.2f}", _band(stored), sentence, trend, was, "share of such commits")


def _tools(standing: Standing, days: int) -> Gap:
    severities = {severity: standing.severities.get(severity, 0) for severity in reversed(SEVERITIES)}
    count = sum(severities.values())
    band = next((severity for severity, number in severities.items() if number), "ok")
    score = "Parity unknown" if standing.parity is None else f"Parity {percent(standing.parity)}"
    said = counted(severities) or "nothing differs"
    inside = standing.left == standing.right
    sentence = said if inside else f"{said}. {score}, coverage {percent(standing.coverage)}"
    if not inside and standing.parity is None and not count:
        band = "unknown"
    was = _was(standing.trend, days, "{:,}".format)
    return Gap("Tools", plural(count, "drift"), band, sentence, standing.trend, was, "open drifts")


def _was(trend: Sequence[float], days: int, shown: Callable[[Any], str]) -> str:
    """`up from 9`, against the beginning of the period; nothing where people would read the same twice."""
    if len(trend) < 2:  # noqa: PLR2004  a change takes two
        return ""
    now, then = trend[-1], trend[max(-1 - days, -len(trend))]
    if shown(now) == shown(then):
        return ""
    return f"{'up' if now > then else 'down'} from {shown(then)}"


def _band(stored: Mapping[str, Any]) -> str:
    band = stored.get("band")
    return band if band in {"ok", "warning", "error"} else "unknown"


def _reason(stored: Mapping[str, Any]) -> str:
    reason = stored.get("reason")
    return plain(reason, 120) if isinstance(reason, str) and reason else "not yet measured"
