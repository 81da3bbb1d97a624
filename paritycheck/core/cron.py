"""Five-field cron schedules by the clock on the wall of a time zone.

Where the clock is put forward, a moment that does not exist is the first one after the gap; where it is put back, a
moment that comes twice counts once, the first time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

LONGEST: Final = 64
FIELDS: Final = 5
LONGEST_ZONE: Final = 64
_FALLBACK: Final = timedelta(days=7)
_FROM: Final = datetime(2026, 1, 1, tzinfo=UTC)


class ScheduleError(ValueError):
    """The schedule or the zone cannot be used; the message says why, in words for whoever wrote it."""


def zone_of(name: str) -> ZoneInfo:
    """An IANA time zone. Raises ScheduleError."""
    try:
        if len(name) <= LONGEST_ZONE and not name.startswith("/"):
            return _zone(name)
    except (LookupError, ValueError, OSError):
        pass
    raise ScheduleError("there is no such time zone; write one such as Europe/Berlin or UTC")


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def check_cron(cron: str, zone: str = "UTC") -> None:
    """Raises ScheduleError for what is no cron, never comes, or comes more often than once an hour."""
    fields = cron.split()
    if len(cron) > LONGEST or len(fields) != FIELDS:
        raise ScheduleError("a schedule has five fields: minute, hour, day of month, month, day of week")
    try:
        schedule = CronSim(cron, _FROM)
    except CronSimError as error:
        raise ScheduleError(f"this is no schedule: {_said(error)}") from error
    if len(schedule.minutes) > 1 or not fields[0].isdigit():
        raise ScheduleError("a digest comes at most once an hour: give one minute, such as 0")
    next_after(cron, zone, _FROM)


def _said(error: CronSimError) -> str:
    return str(error).lower() or "one of its fields cannot be read"


def next_after(cron: str, zone: str, instant: datetime) -> datetime:
    """The first moment of the schedule after the instant, in UTC. Raises ScheduleError where there is none.

    Within the hour that comes twice the schedule's own moment may lie before the instant: then it is over.
    """
    try:
        schedule = CronSim(_written_out(cron), instant.astimezone(zone_of(zone)))
        found = next(each for each in schedule if each.astimezone(UTC) > instant)
    except (CronSimError, StopIteration) as error:
        raise ScheduleError("this schedule never comes") from error
    return found.astimezone(UTC)


@lru_cache(maxsize=256)
def _written_out(cron: str) -> str:
    """With the hours of `*/12` as a list: moments of the day then, and not spans of time that a clock put forward
    could skip. Every hour stays every hour.
    """
    fields = cron.split()
    if fields[1].startswith("*/"):
        fields[1] = ",".join(map(str, sorted(CronSim(cron, _FROM).hours)))
    return " ".join(fields)


def last_before(cron: str, zone: str, instant: datetime) -> datetime:
    """The moment of the schedule before the instant, in UTC; a week before where there is none."""
    try:
        found: datetime = next(CronSim(_written_out(cron), instant.astimezone(zone_of(zone)), reverse=True))
    except (CronSimError, StopIteration):
        return instant.astimezone(UTC) - _FALLBACK
    return found.astimezone(UTC)


def latest_of(cron: str, zone: str, due: datetime, now: datetime) -> datetime:
    """The last moment of the schedule from `due`, one of its moments, until now: what a late run is for."""
    found = due
    while (following := next_after(cron, zone, found)) <= now:
        found = following
    return found
