"""Whatever a host's own clock says, the time that decides over rows is PostgreSQL's."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from paritycheck.selectors import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.services.conftest import Shop

pytestmark = pytest.mark.django_db
MOMENT = timedelta(seconds=5)


@pytest.fixture(autouse=True)
def asked_anew() -> Iterator[None]:
    clock._last.clear()
    yield
    clock._last.clear()


def of_postgresql() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found


def test_it_is_that_of_postgresql_and_never_behind() -> None:
    for _ in range(50):
        before = of_postgresql()
        now = clock.now()
        assert now >= before
        assert now - before < MOMENT
        assert now.tzinfo is UTC


def test_a_clock_on_the_wall_that_is_set_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 5 * 365 * 86_400)
    assert abs(clock.now() - of_postgresql()) < MOMENT


def test_postgresql_is_asked_every_ten_seconds_only(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("paritycheck.selectors.clock.time.monotonic", lambda: now[0])
    first = clock.now()
    now[0] += 9
    assert clock.now() == first + timedelta(seconds=9)
    now[0] += 2
    assert clock.now() - first < MOMENT, "PostgreSQL says that no time has passed"


def test_no_query_of_the_asker_is_counted(django_assert_num_queries: pytest.MonkeyPatch) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]  # a context manager of pytest-django
        clock.now()


def test_the_look_for_silent_agents_goes_by_it(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The task as a worker runs it whose host is two hours ahead."""
    from django.utils import timezone

    from paritycheck.models import Instance, Notice, ProcessBeat
    from paritycheck.services.silence import WATCHING_SINCE
    from paritycheck.tasks.watch import silence

    shop.report("staging", [{"name": "pkg:pypi/django", "value": "5.2.19"}])
    Instance.objects.update(interval_s=60, last_seen=of_postgresql())
    monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) + timedelta(hours=2))
    for _ in range(2):
        silence.run()
        ProcessBeat.objects.filter(name=WATCHING_SINCE).update(seen_at=of_postgresql() - timedelta(minutes=10))
    assert not Notice.objects.exists()
