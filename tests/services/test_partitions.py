"""Logs are kept by weeks: made ahead, dropped as a whole, and nothing is ever refused for want of one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from paritycheck.models import DeliveryAttempt, Project, Report
from paritycheck.selectors import clock
from paritycheck.selectors.partitions import partitions_left, partitions_of
from paritycheck.services.partitions import monday, tend_partitions

if TYPE_CHECKING:
    from tests.services.conftest import Shop

pytestmark = pytest.mark.django_db
REPORTS, ATTEMPTS = "paritycheck_report", "paritycheck_deliveryattempt"
WEEK = timedelta(weeks=1)


def sql(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def attempt(at: datetime) -> DeliveryAttempt:
    project, _ = Project.objects.get_or_create(slug="shop")
    return DeliveryAttempt.objects.create(project=project, delivery_id=uuid4(), number=1, at=at, ok=True)


def place_of(row: DeliveryAttempt) -> str:
    return str(sql(f"SELECT tableoid::regclass::text FROM {ATTEMPTS} WHERE id = {row.pk}")[0][0])  # noqa: S608  our own words


def end_of_before(table: str) -> datetime:
    until = partitions_of(table)[0].until
    assert until is not None
    return until


def test_weeks_follow_each_other_without_a_gap_for_a_month_ahead() -> None:
    for table in (REPORTS, ATTEMPTS):
        before = end_of_before(table)
        assert timedelta(0) < before - clock.now() <= 2 * WEEK
        tend_partitions(now=clock.now())
        made = partitions_of(table)
        assert [made[0].name, made[-1].name] == [f"{table}_before", f"{table}_default"]
        bounds = [(one.since, one.until) for one in made[1:-1]]
        weeks = [before + WEEK * number for number in range(len(bounds))]
        assert bounds == [(week, week + WEEK) for week in weeks]
        assert weeks[-1] == monday(clock.now()) + 4 * WEEK
        tend_partitions(now=clock.now())
        assert partitions_of(table) == made


def test_old_weeks_are_dropped_as_a_whole_and_younger_ones_stay() -> None:
    now = end_of_before(ATTEMPTS) - WEEK
    rows = [attempt(now + timedelta(days=days)) for days in (-400, 1, 8, 20)]
    tend_partitions(now=now)
    first = f"{ATTEMPTS}_{now + WEEK:%Y%m%d}"
    assert [place_of(row) for row in rows[:3]] == [f"{ATTEMPTS}_before", f"{ATTEMPTS}_before", first]
    tend_partitions(now=now + WEEK + timedelta(days=29))
    assert DeliveryAttempt.objects.count() == 4
    tend_partitions(now=now + WEEK + timedelta(days=30))
    assert list(DeliveryAttempt.objects.order_by("pk")) == rows[2:]
    tend_partitions(now=now + 2 * WEEK + timedelta(days=30))
    assert list(DeliveryAttempt.objects.order_by("pk")) == rows[3:]
    assert partitions_left(ATTEMPTS) == []
    # Reports are kept longer: theirs are all there.
    assert partitions_of(REPORTS)[0].name == f"{REPORTS}_before"


def test_what_no_week_is_there_for_is_taken_and_moved_when_the_week_is_made() -> None:
    now = end_of_before(ATTEMPTS) - timedelta(days=1)
    soon, late, wrong = attempt(now + timedelta(days=3)), attempt(now + 6 * WEEK), attempt(now + timedelta(days=1_800))
    default = f"{ATTEMPTS}_default"
    assert [place_of(row) for row in (soon, late, wrong)] == [default] * 3
    tend_partitions(now=now)
    assert [place_of(row) for row in (soon, late, wrong)] == [f"{ATTEMPTS}_{monday(soon.at):%Y%m%d}", default, default]
    # Nobody tended for a while: a week that has passed is made all the same, for what came in it.
    tend_partitions(now=now + 8 * WEEK)
    assert [place_of(row) for row in (late, wrong)] == [f"{ATTEMPTS}_{monday(late.at):%Y%m%d}", default]
    # What is older than all weeks that are left does not stay either.
    tend_partitions(now=now + 60 * WEEK)
    old = attempt(now - timedelta(days=900))
    assert place_of(old) == default
    tend_partitions(now=now + 60 * WEEK)
    assert list(DeliveryAttempt.objects.all()) == [wrong]


def test_what_was_detached_and_not_dropped_is_dropped_by_the_next_run() -> None:
    tend_partitions(now=clock.now())
    week = partitions_of(REPORTS)[1].name
    sql(f"ALTER TABLE {REPORTS} DETACH PARTITION {week}")
    assert partitions_left(REPORTS) == [week]
    tend_partitions(now=clock.now())
    assert partitions_left(REPORTS) == []
    assert week in [one.name for one in partitions_of(REPORTS)]


@pytest.mark.django_db(transaction=True)
def test_a_table_that_somebody_reads_for_long_is_left_for_the_next_run() -> None:
    now = end_of_before(ATTEMPTS)
    url = psycopg.conninfo.make_conninfo(
        **{
            key: value
            for key, value in connection.get_connection_params().items()
            if key in {"dbname", "host", "port", "user"}
        }
    )
    with psycopg.connect(url) as backup:
        backup.execute(f"SELECT count(*) FROM {ATTEMPTS}_before")  # noqa: S608  our own words
        tend_partitions(now=now + timedelta(days=31))
        assert partitions_of(ATTEMPTS)[0].name == f"{ATTEMPTS}_before"
        assert partitions_left(ATTEMPTS) == []


def test_a_report_is_looked_for_in_the_weeks_where_it_can_be_and_by_an_index_in_each(shop: Shop) -> None:
    from paritycheck.services.reports import KNOWN_AGAIN

    now = end_of_before(REPORTS)
    for number in range(12):
        tend_partitions(now=now + WEEK * number)
    assert len(partitions_of(REPORTS)) > 12
    shop.report("staging")
    sql("SET LOCAL enable_seqscan = off")
    recent = Report.objects.filter(received_at__gte=now + 12 * WEEK - KNOWN_AGAIN)
    plan = recent.filter(instance=uuid4(), report_id=uuid4()).order_by("pk")[:1].explain(format="json")
    asked = {one.name for one in partitions_of(REPORTS) if f'"{one.name}"' in plan}
    assert f"{REPORTS}_default" in asked
    assert f"{REPORTS}_before" not in asked
    assert len(asked) <= 8
    assert "Seq Scan" not in plan


def test_a_report_that_comes_again_is_known_and_one_of_a_project_that_is_gone_is_gone(shop: Shop) -> None:
    shop.report("staging")
    assert Report.objects.get().received_at.astimezone(UTC) == shop.now
    assert settings.KEEP_DAYS == {"reports": 90, "deliveries": 30, "audit": 365}
    shop.project.delete()
    assert not Report.objects.exists()
