"""When a watching agent goes on: pure, by a clock and a chance that the test gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck_agent.runner.schedule import RETRY_AFTER_MAX_S, RETRY_MAX_S, Schedule, fraction

if TYPE_CHECKING:
    from collections.abc import Iterable

TAKEN: dict[str, Any] = {"code": 0}
AWAY: dict[str, Any] = {"code": 3, "again": True}
ROUNDING = 1e-6
CHANCES = st.floats(0, 1, exclude_max=True)


def after(results: Iterable[dict[str, Any]], *, chance: float, interval_s: int = 300) -> list[tuple[float, bool]]:
    """The waits, and whether only what was kept is sent, after rounds of one second each that end so."""
    schedule, now, waits = Schedule(interval_s, chance=lambda: chance), 0.0, []
    for result in results:
        now = max(now, schedule.due)
        schedule.note(result, started=now, ended=now + 1)
        now += 1
        waits.append((schedule.due - now, schedule.kept_only))
    return waits


@given(CHANCES, st.integers(60, 86_400))
def test_rounds_come_at_the_interval_give_or_take_a_tenth(chance: float, interval_s: int) -> None:
    for wait, kept_only in after([TAKEN, TAKEN, TAKEN], chance=chance, interval_s=interval_s):
        assert 0.9 * interval_s - 1 - ROUNDING <= wait <= 1.1 * interval_s - 1 + ROUNDING
        assert not kept_only


def test_a_failure_is_tried_again_after_a_random_part_of_a_doubling_time_up_to_five_minutes() -> None:
    schedule = Schedule(86_400, chance=lambda: 0.999999)
    waits = []
    for _ in range(12):
        schedule.note(AWAY, started=schedule.due, ended=schedule.due)
        waits.append(schedule.due)
        schedule.due = 0.0
    assert waits[:7] == pytest.approx([4, 8, 16, 32, 64, 128, 256], rel=0.01)
    assert waits[7:] == pytest.approx([RETRY_MAX_S] * 5, rel=0.01)


@given(st.lists(CHANCES, min_size=9, max_size=9))
def test_no_failure_is_tried_again_at_once_and_the_next_round_is_never_put_off_by_it(chances: list[float]) -> None:
    drawn = iter(chances * 9)
    schedule, now, first = Schedule(3_600, chance=lambda: next(drawn)), 0.0, 3_600 * 1.1
    for _ in range(20):
        schedule.note(AWAY, started=now, ended=now)
        assert schedule.due - now >= 1 - ROUNDING or not schedule.kept_only
        assert schedule.due <= first + ROUNDING
        if not schedule.kept_only:
            break
        now = schedule.due


def test_between_rounds_only_what_waits_is_sent_and_at_the_interval_all_is_collected() -> None:
    kept = [kept_only for _wait, kept_only in after([AWAY] * 20, chance=0.5)]
    assert kept[0]
    assert False in kept


def test_once_it_is_taken_the_waits_begin_anew() -> None:
    waits = after([AWAY] * 5 + [TAKEN, AWAY], chance=0.5, interval_s=86_400)
    assert waits[6][0] == waits[0][0] == 2


@given(CHANCES, st.integers(1, 3_000))
def test_no_request_comes_before_the_time_that_the_server_named(chance: float, wait_s: int) -> None:
    for wait, _kept_only in after([{**AWAY, "wait_s": wait_s}] * 3, chance=chance, interval_s=60):
        assert wait >= wait_s - ROUNDING


def test_a_nonsensical_retry_after_silences_nobody_for_longer_than_an_hour() -> None:
    [(wait, _kept_only)] = after([{**AWAY, "wait_s": 10**9}], chance=0.99)
    assert wait <= RETRY_AFTER_MAX_S * 1.1


@pytest.mark.parametrize("result", [{"code": 2}, {"code": 3}, {"code": 3, "again": "yes"}])
def test_what_a_person_has_to_change_waits_for_the_next_round(result: dict[str, Any]) -> None:
    assert after([result], chance=0.5) == [(299, False)]


@pytest.mark.parametrize("asked", [60, 3_600, 86_400])
def test_the_server_sets_the_interval(asked: int) -> None:
    assert after([{**TAKEN, "interval_s": asked}, TAKEN], chance=0.5)[1][0] == asked - 1


@pytest.mark.parametrize("asked", [0, 59, 86_401, -1, "300", None, 300.5])
def test_what_is_no_interval_is_not_obeyed(asked: Any) -> None:
    assert after([{**TAKEN, "interval_s": asked}], chance=0.5) == [(299, False)]


def test_after_reading_anew_a_round_begins_at_once() -> None:
    schedule = Schedule(300)
    schedule.note(AWAY, started=0, ended=1)
    schedule.now()
    assert (schedule.due, schedule.kept_only) == (0, False)


def test_chance_is_from_0_to_below_1() -> None:
    drawn = [fraction() for _ in range(1000)]
    assert 0 <= min(drawn) < 0.1
    assert 0.9 < max(drawn) < 1
