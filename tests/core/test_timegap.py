"""T2: the age of the oldest undelivered change, and its band."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from paritycheck.core.bands import Band, Unknown, age_band, age_limit
from paritycheck.core.graph import CommitGraph, Lag, LagState, lag
from paritycheck.core.policy import DAY, HOUR, default_policy, read_policy
from paritycheck.core.timegap import Age, Deploy, Seen, first_seen, oldest, time_gap

if TYPE_CHECKING:
    from tests.core.conftest import MakeSide

START = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
COMMITS = [f"{number:040x}" for number in range(10)]
GRAPH = CommitGraph({sha: (COMMITS[index - 1],) if index else () for index, sha in enumerate(COMMITS)})
COMMITTED = {sha: START + dt.timedelta(hours=index) for index, sha in enumerate(COMMITS)}


def day(number: float) -> dt.datetime:
    return START + dt.timedelta(days=number)


def waiting(upstream: int, downstream: int) -> tuple[str, ...]:
    found = lag(GRAPH, COMMITS[upstream], COMMITS[downstream])
    assert isinstance(found, Lag)
    return found.waiting


def test_the_age_counts_from_when_upstream_first_ran_the_oldest_waiting_commit() -> None:
    deploys = [Deploy(day(1), COMMITS[4]), Deploy(day(3), COMMITS[6]), Deploy(day(8), COMMITS[9])]
    seen = first_seen(GRAPH, deploys, waiting(9, 4), COMMITTED)
    assert seen[COMMITS[5]] == seen[COMMITS[6]] == Seen(day(3), by_commit_date=False)
    assert seen[COMMITS[9]] == Seen(day(8), by_commit_date=False)
    assert oldest(waiting(9, 4), seen, day(10)) == Age(7 * DAY, COMMITS[5])


def test_what_the_first_report_held_already_counts_from_its_commit_date() -> None:
    seen = first_seen(GRAPH, [Deploy(day(30), COMMITS[9])], waiting(9, 4), COMMITTED)
    age = oldest(waiting(9, 4), seen, day(30))
    assert age == Age((day(30) - COMMITTED[COMMITS[5]]).total_seconds(), COMMITS[5], by_commit_date=True)


def test_a_committer_date_after_the_deploy_is_clamped_to_it() -> None:
    late = {**COMMITTED, COMMITS[5]: day(99)}
    seen = first_seen(GRAPH, [Deploy(day(1), COMMITS[5])], waiting(5, 4), late)
    assert seen[COMMITS[5]] == Seen(day(1), by_commit_date=True)


def test_a_rollback_and_return_does_not_make_a_commit_younger() -> None:
    deploys = [
        Deploy(day(1), COMMITS[4]),
        Deploy(day(2), COMMITS[9]),
        Deploy(day(3), COMMITS[4]),
        Deploy(day(9), COMMITS[9]),
    ]
    seen = first_seen(GRAPH, reversed(deploys), waiting(9, 4), COMMITTED)
    assert oldest(waiting(9, 4), seen, day(10)) == Age(8 * DAY, COMMITS[5])


def test_nothing_waiting_is_no_age_and_an_unseen_commit_is_unknown() -> None:
    assert oldest((), {}, day(1)) == Age(0.0)
    assert oldest((COMMITS[1],), {}, day(1)) == Unknown("not-collected")


def test_a_clock_that_went_back_makes_no_negative_age() -> None:
    assert oldest((COMMITS[1],), {COMMITS[1]: Seen(day(5), by_commit_date=False)}, day(1)) == Age(0.0, COMMITS[1])


@pytest.mark.parametrize(
    ("hours", "band", "on_a_laptop"),
    [
        (0, Band.OK, Band.OK),
        (24, Band.OK, Band.OK),
        (25, Band.WARNING, Band.WARNING),
        (7 * 24, Band.WARNING, Band.WARNING),
        (7 * 24 + 1, Band.ERROR, Band.WARNING),
    ],
)
def test_a_day_is_ok_a_week_a_warning_and_more_an_error_but_never_on_a_laptop(
    hours: int, band: Band, on_a_laptop: Band
) -> None:
    assert age_band(hours * HOUR, DAY) is band
    assert age_band(hours * HOUR, DAY, laptop=True) is on_a_laptop


def test_unknown_is_a_band_of_its_own() -> None:
    assert age_band(Unknown("shallow"), DAY) is Band.UNKNOWN
    gap = time_gap(Unknown("no deploy yet"), {}, day(1), limit_s=DAY)
    assert (gap.age, gap.band) == (Unknown("no deploy yet"), Band.UNKNOWN)


def test_the_limit_is_the_environments_own_else_its_tiers_else_a_day_and_for_laptops_a_week(side: MakeSide) -> None:
    policy = read_policy('[time]\nmax_age = { eu = "2h", staging = "4h" }')
    assert age_limit(policy, side("eu", tier="staging")) == 2 * HOUR
    assert age_limit(policy, side("us", tier="staging")) == 4 * HOUR
    assert age_limit(default_policy(), side("staging")) == DAY
    assert age_limit(default_policy(), side("laptops", tier="development", kind="cohort")) == 7 * DAY


def test_the_time_gap_carries_lag_age_and_band_together() -> None:
    found = lag(GRAPH, COMMITS[9], COMMITS[7])
    seen = {COMMITS[8]: Seen(day(1), by_commit_date=False), COMMITS[9]: Seen(day(2), by_commit_date=False)}
    gap = time_gap(found, seen, day(3), limit_s=DAY)
    assert isinstance(gap.lag, Lag)
    assert (gap.lag.state, gap.age, gap.band) == (LagState.BEHIND, Age(2 * DAY, COMMITS[8]), Band.WARNING)
