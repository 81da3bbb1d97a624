"""Which of a pair's drift events are told now, which never, and which wait (`gaps`, "alerts are damped").

Pages follow the facts at once; messages do not. opened, worsened and reopened go out when the pair has been quiet
for 5 s, after 30 s at most. resolved waits for 10 min, and a return in that time takes both from the list. More than
4 changes of one drift in an hour are told once as flapping; then nothing, until 30 min without a change, after which
the last change is told.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

QUIET: Final = timedelta(seconds=5)
LONGEST_WINDOW: Final = timedelta(seconds=30)
HELD: Final = timedelta(minutes=10)
FLAPPING_WINDOW: Final = timedelta(hours=1)
FLAPPING_ABOVE: Final = 4
SETTLED: Final = timedelta(minutes=30)
LOOK_BACK: Final = timedelta(hours=24)
"""How much routed history a caller hands in: flapping that lasts longer is told once a day."""

RESOLVED: Final = "resolved"
FLAPPING: Final = "flapping"
ALERTED: Final = ("opened", "worsened", "reopened", RESOLVED)
"""A drift whose value merely changed is no alert and no change for flapping."""


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the drift's life: `kind` as in `core/lifecycle.py`, `routed` whether it was told or dropped before."""

    ident: int
    drift: str
    kind: str
    at: datetime
    routed: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """One drift's line in a message: the event whose sides it shows, what happened in one word, and when its first
    and its last step could have been told. `changes` are those of the last hour where it flaps.
    """

    ident: int
    drift: str
    change: str
    first: datetime
    last: datetime
    changes: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """`told` is sent in one message; `routed` are the ids that are done with (told or dropped); `window_ends` is when
    the group window closes on what is ready and waits for company, None where nothing does.
    """

    told: tuple[Told, ...]
    routed: tuple[int, ...]
    window_ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Verdict:
    """About one drift: the line to tell, if any, the ids it settles, and the ids settled without a word."""

    told: Told | None = None
    told_ids: tuple[int, ...] = ()
    dropped: tuple[int, ...] = ()


def plan(events: Iterable[Event], now: datetime) -> Plan:
    """What to do with the unrouted among one pair's events; routed ones are history, at most LOOK_BACK of it."""
    verdicts = [_judge(drift, now) for drift in _by_drift(events)]
    told = [verdict.told for verdict in verdicts if verdict.told is not None]
    dropped = tuple(ident for verdict in verdicts for ident in verdict.dropped)
    ends = _window_end(told)
    if ends is None or ends > now:
        return Plan((), tuple(sorted(dropped)), ends)
    settled = [ident for verdict in verdicts for ident in verdict.told_ids]
    return Plan(tuple(sorted(told, key=_order)), tuple(sorted((*dropped, *settled))))


def _by_drift(events: Iterable[Event]) -> list[list[Event]]:
    drifts: dict[str, list[Event]] = defaultdict(list)
    for event in sorted(events, key=lambda one: (one.at, one.ident)):
        drifts[event.drift].append(event)
    return [drifts[drift] for drift in sorted(drifts)]


def _window_end(told: Sequence[Told]) -> datetime | None:
    if not told:
        return None
    return min(max(line.last for line in told) + QUIET, min(line.first for line in told) + LONGEST_WINDOW)


def _order(told: Told) -> tuple[datetime, int]:
    return (told.first, told.ident)


def _judge(events: Sequence[Event], now: datetime) -> _Verdict:
    mere = tuple(event.ident for event in events if not event.routed and event.kind not in ALERTED)
    changes = [event for event in events if event.kind in ALERTED]
    began = _flapping_since(changes)
    verdict = _steady(changes, now) if began is None else _flapping(changes, began, now)
    return _Verdict(verdict.told, verdict.told_ids, (*mere, *verdict.dropped))


def flapping(events: Iterable[Event], now: datetime) -> int:
    """How many changes within an hour made one drift flap, if it has not been quiet for half an hour since; else 0."""
    changes = sorted((event for event in events if event.kind in ALERTED), key=lambda one: (one.at, one.ident))
    began = _flapping_since(changes)
    if began is None or now - changes[-1].at >= SETTLED:
        return 0
    return sum(1 for change in changes if changes[-1].at - change.at < FLAPPING_WINDOW)


def _flapping_since(changes: Sequence[Event]) -> int | None:
    """Index of the change that was one too many, in the run of changes that lasts until now; None without one."""
    began: int | None = None
    recent: list[datetime] = []
    for index, change in enumerate(changes):
        if recent and change.at - recent[-1] >= SETTLED:
            began, recent = None, []
        recent = [at for at in recent if change.at - at < FLAPPING_WINDOW] + [change.at]
        if began is None and len(recent) > FLAPPING_ABOVE:
            began = index
    return began


def _flapping(changes: Sequence[Event], began: int, now: datetime) -> _Verdict:
    """The change that made it flapping is told as such; of what comes after only the last, once it has settled."""
    last = changes[-1]
    before = [change.ident for change in changes[: began + 1] if not change.routed]
    after = [change.ident for change in changes[began + 1 :] if not change.routed]
    if after and now - last.at >= SETTLED:
        line = Told(last.ident, last.drift, last.kind, last.at + SETTLED, last.at + SETTLED)
        return _Verdict(line, (last.ident,), (*before, *after[:-1]))
    if not before:
        return _Verdict(dropped=tuple(after[:-1]))
    first = changes[began]
    recent = sum(1 for change in changes[: began + 1] if first.at - change.at < FLAPPING_WINDOW)
    line = Told(last.ident, last.drift, FLAPPING, first.at, first.at, recent)
    return _Verdict(line, tuple(before), tuple(after[:-1]))


def _steady(changes: Sequence[Event], now: datetime) -> _Verdict:
    """The ordinary case: a return within 10 min takes the resolution that was not told yet from the list with it."""
    waiting: list[Event] = []
    dropped: list[int] = []
    for change in changes:
        if change.routed:
            continue
        held = waiting[-1] if waiting and waiting[-1].kind == RESOLVED else None
        if held is not None and change.kind != RESOLVED and change.at - held.at < HELD:
            dropped += [waiting.pop().ident, change.ident]
        else:
            waiting.append(change)
    ready = [change for change in waiting if _ready(change) <= now]
    if not ready:
        return _Verdict(dropped=tuple(dropped))
    last = ready[-1]
    line = Told(last.ident, last.drift, _word(ready), _ready(ready[0]), _ready(last))
    return _Verdict(line, tuple(change.ident for change in ready), tuple(dropped))


def _ready(change: Event) -> datetime:
    return change.at + HELD if change.kind == RESOLVED else change.at


def _word(ready: Sequence[Event]) -> str:
    """Several steps of one drift in one message are its outcome: an opening that worsened is an opening."""
    kinds = [change.kind for change in ready]
    if kinds[-1] == RESOLVED:
        return RESOLVED
    return next((kind for kind in ("opened", "reopened") if kind in kinds), "worsened")
