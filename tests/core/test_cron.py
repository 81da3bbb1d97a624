"""A schedule comes by the clock on the wall: exactly once a day, whatever is done to that clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paritycheck.core.cron import ScheduleError, check_cron, last_before, latest_of, next_after, zone_of

YEAR = 2026
# New York and Berlin put the clock by an hour, at different hours of it and on different days; Lord Howe by half of
# one, in the other half of the year; Cairo and Santiago at midnight, so that a day begins at one.
ZONES = ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo", "America/Santiago")
DAYS = [date(YEAR, 1, 1) + timedelta(days=number) for number in range(365)]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@given(st.sampled_from(ZONES), st.integers(0, 23), st.integers(0, 59))
@example("America/New_York", 2, 30)
@example("America/New_York", 1, 30)
@example("Europe/Berlin", 2, 0)
@example("Australia/Lord_Howe", 2, 15)
@example("Australia/Lord_Howe", 1, 45)
@example("Africa/Cairo", 0, 0)
@example("America/Santiago", 0, 30)
def test_a_daily_digest_comes_exactly_once_on_each_day_of_a_year(zone: str, hour: int, minute: int) -> None:
    """As beat lives it: the next one is asked for from the one before."""
    local = ZoneInfo(zone)
    moment = datetime(YEAR, 1, 1, tzinfo=local).astimezone(UTC) - timedelta(seconds=1)
    days = []
    for _ in DAYS:
        following = next_after(f"{minute} {hour} * * *", zone, moment)
        assert following > moment
        moment = following
        days.append(moment.astimezone(local).date())
    assert days == DAYS


@given(st.sampled_from(ZONES), st.integers(0, 23), st.integers(0, 3), st.integers(0, 365 * 24 * 12))
def test_beat_that_asks_each_five_minutes_tells_each_day_once(zone: str, hour: int, quarter: int, begin: int) -> None:
    """Whenever it begins, also within the hour that comes twice: two days around it bring two digests."""
    cron = f"{quarter * 15} {hour} * * *"
    now = datetime(YEAR, 1, 1, tzinfo=UTC) + timedelta(minutes=5 * begin)
    due, told = next_after(cron, zone, now), []
    assert due > now
    for _ in range(3 * 24 * 12):
        now += timedelta(minutes=5)
        if due <= now:
            told.append(due.astimezone(ZoneInfo(zone)).date())
            due = next_after(cron, zone, latest_of(cron, zone, due, now))
    assert len(told) in {2, 3, 4}
    assert told == [told[0] + timedelta(days=number) for number in range(len(told))]


@pytest.mark.parametrize(
    ("zone", "cron", "instant", "expected"),
    [
        # The gap: 02:30 does not exist on 8 March in New York, 02:15 not on 4 October on Lord Howe.
        ("America/New_York", "30 2 * * *", "2026-03-08T05:00:00+00:00", "2026-03-08T07:00:00+00:00"),
        ("Australia/Lord_Howe", "15 2 * * *", "2026-10-03T13:00:00+00:00", "2026-10-03T15:30:00+00:00"),
        # The fold: 01:30 comes twice on 1 November in New York. Whoever asks between the two waits for the next day.
        ("America/New_York", "30 1 * * *", "2026-11-01T04:00:00+00:00", "2026-11-01T05:30:00+00:00"),
        ("America/New_York", "30 1 * * *", "2026-11-01T06:10:00+00:00", "2026-11-02T06:30:00+00:00"),
        ("UTC", "0 8 * * 1", "2026-11-30T07:59:59+00:00", "2026-11-30T08:00:00+00:00"),
        ("UTC", "0 8 * * 1", "2026-11-30T08:00:00+00:00", "2026-12-07T08:00:00+00:00"),
        ("Africa/Cairo", "0 */12 * * *", "2026-04-23T20:00:00+00:00", "2026-04-23T22:00:00+00:00"),
    ],
)
def test_moments_that_do_not_exist_or_come_twice(zone: str, cron: str, instant: str, expected: str) -> None:
    assert next_after(cron, zone, at(instant)) == at(expected)


def test_a_late_run_is_for_the_last_moment_that_passed() -> None:
    due = at("2026-11-02T08:00:00+00:00")
    assert latest_of("0 8 * * 1", "UTC", due, due) == due
    assert latest_of("0 8 * * 1", "UTC", due, at("2026-11-18T00:00:00+00:00")) == at("2026-11-16T08:00:00+00:00")
    assert last_before("0 8 * * 1", "UTC", due) == at("2026-10-26T08:00:00+00:00")


@pytest.mark.parametrize(
    "cron",
    [
        "", "0 8 * *", "0 8 * * 1 2026", "* 8 * * *", "0,30 8 * * *", "*/60 2 * * *", "0 24 * * *", "0 8 31 2 *",
        "0 8 * * monday", "@daily", "0 8 * * 1" + " " * 64, "61 8 * * *", "0 8 1#1/2 * *", "0 8 * * L",
    ],
)  # fmt: skip
def test_what_is_no_schedule_says_so(cron: str) -> None:
    with pytest.raises(ScheduleError):
        check_cron(cron)


@pytest.mark.parametrize("cron", ["0 8 * * 1", "15 7 * * MON-FRI", "0 8 1 * *", "0 8 L * *", "0 * * * *", "0 9 29 2 *"])
def test_schedules_that_people_write(cron: str) -> None:
    check_cron(cron, "Asia/Kolkata")


@given(st.text(st.sampled_from("0123456789*/-,#LW MON"), max_size=70))
def test_any_text_is_a_schedule_or_refused(cron: str) -> None:
    now = at("2026-11-30T08:00:00+00:00")
    refused = False
    try:
        check_cron(cron)
    except ScheduleError:
        refused = True
    assert refused or next_after(cron, "Australia/Lord_Howe", now) > now


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "/etc/passwd", "../../etc/passwd", "Europe", "x" * 65, "\0"])
def test_what_is_no_zone_says_so(zone: str) -> None:
    with pytest.raises(ScheduleError, match="no such time zone"):
        zone_of(zone)
