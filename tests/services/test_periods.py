"""Periodic work is done once a period, whoever asks and however often, and its row says how it went."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connections

if TYPE_CHECKING:
    from collections.abc import Callable

    from paritycheck.models import PeriodRun

pytestmark = pytest.mark.django_db(transaction=True)
TASK, EVERY_S = "paritycheck.example", 3_600


@pytest.fixture
def work() -> Callable[[], bool]:
    """Ask to work on the present period; whether it was given."""
    from paritycheck.services.periods import period

    def ask() -> bool:
        with period(task=TASK, every_s=EVERY_S) as ours:
            return ours

    return ask


def the_run() -> PeriodRun:
    from paritycheck.models import PeriodRun

    return PeriodRun.objects.get(task=TASK)


def test_of_many_who_ask_one_works(work: Callable[[], bool]) -> None:
    assert [work() for _ in range(5)] == [True, False, False, False, False]
    assert the_run().ended_at is not None


def test_the_next_period_is_another_ones_work(work: Callable[[], bool]) -> None:
    from django.db.models import F

    from paritycheck.models import PeriodRun

    work()
    PeriodRun.objects.update(period_start=F("period_start") - timedelta(seconds=EVERY_S))
    assert work()
    assert PeriodRun.objects.count() == 2


def test_who_asks_while_another_works_gets_nothing(work: Callable[[], bool]) -> None:
    from paritycheck.services.periods import period

    given: list[bool] = []

    def elsewhere() -> None:
        given.append(work())
        connections.close_all()

    with period(task=TASK, every_s=EVERY_S) as ours:
        assert ours
        other = threading.Thread(target=elsewhere)
        other.start()
        other.join(30)
    assert given == [False]


def test_what_failed_is_named_and_not_repeated_in_its_period(work: Callable[[], bool]) -> None:
    from paritycheck.services.periods import period

    with pytest.raises(ZeroDivisionError), period(task=TASK, every_s=EVERY_S):
        _ = 1 / 0
    assert (the_run().error, the_run().ended_at is not None) == ("ZeroDivisionError", True)
    assert not work()


def test_what_was_killed_runs_again_and_at_most_five_times(work: Callable[[], bool]) -> None:
    """Its row was begun and never ended, and its lock went with its connection."""
    from paritycheck.models import PeriodRun

    work()
    for attempts, again in ((1, True), (4, True), (5, False)):
        PeriodRun.objects.update(ended_at=None, attempts=attempts)
        connections.close_all()
        assert work() is again, attempts


def test_what_nobody_began_for_two_periods_is_missed(work: Callable[[], bool]) -> None:
    from django.db.models import F

    from paritycheck.models import PeriodRun
    from paritycheck.services.periods import periods_missed

    every = {TASK: EVERY_S}
    assert periods_missed(periods=every) == [TASK]
    work()
    assert periods_missed(periods=every) == []
    PeriodRun.objects.update(ran_at=F("ran_at") - timedelta(seconds=2 * EVERY_S + 60))
    assert periods_missed(periods=every) == [TASK]


def test_beat_makes_up_for_what_was_missed_once() -> None:
    from paritycheck.models import PeriodRun
    from paritycheck.tasks.periods import catch_up, periods

    catch_up()
    catch_up()
    assert sorted(PeriodRun.objects.values_list("task", flat=True)) == sorted(periods())
    assert not PeriodRun.objects.exclude(error="").exists()


def test_signs_of_life_are_no_periodic_work() -> None:
    from paritycheck.tasks.periods import periods

    assert "paritycheck.delete_old_rows" in periods()
    assert "paritycheck.note_worker" not in periods()
