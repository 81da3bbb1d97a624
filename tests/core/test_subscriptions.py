"""What a subscription takes in, and the hours in which it holds what comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paritycheck.core.subscriptions import DEFAULTS, Facts, SubscriptionTerms, faults, held_until, matches

DRIFT = Facts("tools", "error", "staging", "production", "services", "database", "platform")
NIGHT = SubscriptionTerms(quiet_from=time(22), quiet_to=time(7), timezone="Europe/Berlin")
MINUTE = timedelta(minutes=1)


def terms(**given: Any) -> SubscriptionTerms:
    return SubscriptionTerms(**given)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({}, True),
        ({"at_least": "error"}, True),
        ({"gaps": ("tools",)}, True),
        ({"gaps": ("time", "personnel")}, False),
        ({"environments": ("prod*",)}, True),
        ({"environments": ("ci", "Staging")}, False),
        ({"pairs": ("staging..*",)}, True),
        ({"pairs": ("production..staging",)}, False),
        ({"names": ("config/*", "services/data*")}, True),
        ({"names": ("database",)}, False),
        ({"only_owned": True}, True),
        ({"environments": ("staging",), "names": ("config/*",)}, False),
    ],
)
def test_a_drift_is_taken_by_all_of_the_terms_together(given: dict[str, Any], taken: bool) -> None:  # noqa: FBT001  a table's column
    assert matches(terms(**given), DRIFT, {"platform", "ann@example.com"}) is taken


def test_severity_is_a_floor_and_ownership_is_ones_own() -> None:
    warning = replace(DRIFT, severity="warning")
    assert not matches(terms(), warning)
    assert matches(terms(at_least="warning"), DRIFT)
    assert not matches(terms(only_owned=True), DRIFT, {"ann@example.com"})
    assert not matches(terms(only_owned=True), replace(DRIFT, owner=""), {"ann@example.com"})


def test_silence_is_of_every_gap_and_of_no_name() -> None:
    silence = Facts("", "error", "staging", "staging")
    assert matches(terms(gaps=("personnel",), environments=("staging",)), silence)
    assert not matches(terms(names=("*",)), silence)


def test_what_members_get_can_be_used() -> None:
    assert [faults(each) for each in DEFAULTS] == [(), ()]


@pytest.mark.parametrize(
    ("given", "member"),
    [
        ({"when": "later"}, "when"),
        ({"at_least": "fatal"}, "at_least"),
        ({"gaps": ("tools", "money")}, "gaps"),
        ({"environments": ("x",) * 21}, "environments"),
        ({"names": ("services/" + "x" * 250,)}, "names"),
        ({"names": ("",)}, "names"),
        ({"names": ("database",)}, "names"),
        ({"pairs": ("staging",)}, "pairs"),
        ({"pairs": ("a..b\n",)}, "pairs"),
        ({"timezone": "Berlin"}, "timezone"),
        ({"when": "digest"}, "cron"),
        ({"when": "digest", "cron": "0 8 * *"}, "cron"),
        ({"quiet_from": time(22)}, "quiet_to"),
        ({"quiet_to": time(7)}, "quiet_from"),
        ({"quiet_from": time(7), "quiet_to": time(7)}, "quiet_to"),
        ({"quiet_from": time(22, 0, 30), "quiet_to": time(7)}, "quiet_from"),
    ],
)
def test_what_cannot_be_used_says_which_member_and_why(given: dict[str, Any], member: str) -> None:
    [fault] = faults(terms(**given))
    assert fault.member == member
    assert len(fault.detail) > 8


def test_every_fault_is_told_at_once() -> None:
    assert [fault.member for fault in faults(terms(when="x", gaps=("y",), timezone="z"))] == [
        "when",
        "gaps",
        "timezone",
    ]


@pytest.mark.parametrize(
    ("instant", "until"),
    [
        ("2026-11-30T20:59:59+00:00", None),
        ("2026-11-30T21:00:00+00:00", "2026-12-01T06:00:00+00:00"),
        ("2026-12-01T05:59:59+00:00", "2026-12-01T06:00:00+00:00"),
        ("2026-12-01T06:00:00+00:00", None),
        # The nights in which the clock is put forward and back are an hour shorter and an hour longer.
        ("2026-03-28T21:30:12+00:00", "2026-03-29T05:00:00+00:00"),
        ("2026-10-24T20:30:12+00:00", "2026-10-25T06:00:00+00:00"),
    ],
)
def test_a_night_in_berlin(instant: str, until: str | None) -> None:
    assert held_until(NIGHT, at(instant)) == (at(until) if until else None)


def test_without_quiet_hours_nothing_is_held() -> None:
    assert held_until(terms(), at("2026-11-30T03:00:00+00:00")) is None


MINUTES = st.integers(0, 1439).map(lambda minute: time(minute // 60, minute % 60))
CHANGES = {
    "America/New_York": ("2026-03-08T07:00:00+00:00", "2026-11-01T06:00:00+00:00"),
    "Europe/Berlin": ("2026-03-29T01:00:00+00:00", "2026-10-25T01:00:00+00:00"),
    "Australia/Lord_Howe": ("2026-10-03T15:30:00+00:00", "2026-04-04T15:00:00+00:00"),
}


@given(
    st.sampled_from(sorted(CHANGES)), st.integers(0, 1), st.integers(-26 * 60, 26 * 60), st.integers(0, 59),
    MINUTES, MINUTES,
)  # fmt: skip
@example("America/New_York", 0, -30, 7, time(1), time(2, 30))
@example("America/New_York", 1, 20, 0, time(1), time(1, 45))
@example("Australia/Lord_Howe", 0, -5, 0, time(1), time(2, 15))
@example("Australia/Lord_Howe", 1, 5, 0, time(23), time(1, 45))
def test_quiet_hours_end_when_the_clock_on_the_wall_says_so(
    zone: str, change: int, minutes: int, seconds: int, begin: time, end: time
) -> None:
    """Held until the first minute that the wall does not call quiet; found by looking at each, around the change."""
    if begin == end:
        return
    local = ZoneInfo(zone)

    def quiet(instant: datetime) -> bool:
        wall = instant.astimezone(local).time()
        return begin <= wall < end if begin < end else wall >= begin or wall < end

    instant = at(CHANGES[zone][change]) + minutes * MINUTE + timedelta(seconds=seconds)
    expected = None
    if quiet(instant):
        expected = instant.replace(second=0) + MINUTE
        while quiet(expected):
            expected += MINUTE
    found = held_until(terms(quiet_from=begin, quiet_to=end, timezone=zone), instant)
    assert found == expected
    assert found is None or found.tzinfo is UTC
