"""What of a digest asks for a decision: waivers that end, agents that fell silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from paritycheck.core.durations import humanise
from paritycheck.core.message import Row
from paritycheck.core.plain import plain
from paritycheck.core.rows import LONGEST_NAME, NAMELESS, moment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

WAIVER: Final = "waiver"
SILENT: Final = "silent"


@dataclass(frozen=True, slots=True)
class Ending:
    """A waiver that ends soon; `pair` is `staging and production`, empty for every pair; `url` is where to extend
    it.
    """

    name: str
    pair: str
    ends_at: datetime
    owner: str
    reason: str
    url: str


@dataclass(frozen=True, slots=True)
class Quiet:
    """An environment, or one `agent` in it, that has been silent since; `url` is the environment's page."""

    environment: str
    since: datetime
    url: str
    agent: str = ""


def decisions(endings: Sequence[Ending], silent: Sequence[Quiet], now: datetime) -> tuple[Row, ...]:
    """Rows of a list, the most urgent of each kind first; they are no drifts, and their `change` says so."""
    ending = sorted(endings, key=lambda one: (one.ends_at, one.name))
    quiet = sorted(silent, key=lambda one: (one.since, one.environment, one.agent))
    return (*(_ending(one) for one in ending), *(_quiet(one, now) for one in quiet))


def _ending(one: Ending) -> Row:
    where = f" for {plain(one.pair)}" if one.pair else ""
    told = f"accepted{where}, ends {moment(one.ends_at)}"
    note = ", ".join(filter(None, (plain(text, LONGEST_NAME) for text in (one.owner, one.reason))))
    return _row(WAIVER, plain(one.name, LONGEST_NAME), told, note, one.url)


def _quiet(one: Quiet, now: datetime) -> Row:
    name = f"{one.environment} ({plain(one.agent, LONGEST_NAME)})" if one.agent else one.environment
    lasted = humanise((now - one.since).total_seconds())
    return _row(SILENT, name, f"has been silent for {lasted}", f"since {moment(one.since)}", one.url)


def _row(change: str, name: str, brief: str, note: str, url: str) -> Row:
    name = name or NAMELESS
    return Row(
        change=change,
        severity="note",
        section="",
        name=name,
        brief=brief,
        sentence=f"{name} {brief}",
        consequence="",
        note=note,
        key="",
        expectation="",
        sides=(),
        url=url,
    )
