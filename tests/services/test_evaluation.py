"""From reports to drifts: what opens, what stays, what resolves, and what is never done twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.services.conftest import stripe

if TYPE_CHECKING:
    from tests.services.conftest import Shop

pytestmark = pytest.mark.django_db
LAX = '[tools.dependencies]\nignore = ["pkg:pypi/stripe"]\n'


def apart(shop: Shop) -> None:
    """Production and staging differ in one package."""
    shop.report("production", stripe("13.2.0"))
    shop.report("staging", stripe("14.0.1"))
    shop.evaluate()


def test_one_package_is_one_drift_with_both_sides_and_where_each_was_read(shop: Shop) -> None:
    apart(shop)
    assert shop.said() == [("staging..production", "pkg:pypi/stripe", "version")]
    drift = shop.drifts()[0]
    assert (drift.severity, drift.distance, drift.initial) == ("error", 3, True)
    assert drift.left_side["value"] == "14.0.1"
    assert drift.left_side["snapshot"] == "staging#1"
    assert drift.right_side["sources"] == ["uv.lock:40"]


def test_a_drift_that_comes_back_is_the_same_one_reopened(shop: Shop) -> None:
    apart(shop)
    before = shop.drifts()[0].id
    shop.report("staging", stripe("13.2.0"))
    shop.evaluate()
    assert shop.said("resolved") == [("staging..production", "pkg:pypi/stripe", "version")]
    shop.report("staging", stripe("14.0.1"))
    shop.evaluate()
    drift = shop.drifts()[0]
    assert (drift.id, drift.reopened, drift.resolved_at) == (before, 1, None)
    assert list(drift.events.order_by("id").values_list("kind", flat=True)) == ["opened", "resolved", "reopened"]


def test_unknown_neither_opens_nor_resolves(shop: Shop) -> None:
    apart(shop)
    shop.report("staging", reason="collector-failed")
    shop.evaluate()
    assert shop.said() == [("staging..production", "pkg:pypi/stripe", "version")]
    shop.report("development", reason="timeout")
    shop.evaluate()
    assert len(shop.said()) == 1


def test_silence_for_a_day_makes_facts_unknown_and_leaves_drifts_as_they_were(shop: Shop) -> None:
    from paritycheck.models import Pair
    from paritycheck.services.jobs import request_evaluation

    apart(shop)
    assert Pair.objects.get(left__slug="staging", right__slug="production").coverage == 1
    shop.later(hours=25)
    shop.report("production", stripe("13.2.0"))
    request_evaluation(environments=[shop.environment("staging")])
    shop.evaluate()
    assert Pair.objects.get(left__slug="staging", right__slug="production").coverage == 0
    assert len(shop.said()) == 1


def test_heartbeats_keep_facts_young(shop: Shop) -> None:
    from paritycheck.models import Pair
    from paritycheck.services.jobs import request_evaluation

    apart(shop)
    for _ in range(30):
        shop.later(hours=1)
        for slug, version in (("production", "13.2.0"), ("staging", "14.0.1")):
            assert shop.report(slug, stripe(version))["unchanged"]
    request_evaluation(environments=[shop.environment("staging")])
    shop.evaluate()
    assert Pair.objects.get(left__slug="staging", right__slug="production").coverage == 1


def test_another_baseline_value_is_judged_against_every_environment(shop: Shop) -> None:
    for slug in ("production", "staging", "development"):
        shop.report(slug, stripe("13.2.0"))
    shop.evaluate()
    assert shop.said() == []
    shop.report("production", stripe("12.0.0"))
    shop.evaluate()
    assert sorted(pair for pair, _, _ in shop.said()) == ["development..production", "staging..production"]


def test_before_the_baseline_reports_nothing_is_compared(shop: Shop) -> None:
    shop.report("staging", stripe("14.0.1"))
    shop.evaluate()
    assert shop.said() == []


def test_equal_facts_are_not_compared_again(shop: Shop) -> None:
    from paritycheck.models import DriftEvent, Pair
    from paritycheck.services.jobs import request_evaluation

    apart(shop)
    before = Pair.objects.get(left__slug="staging", right__slug="production").basis
    request_evaluation(environments=[shop.environment("staging")])
    shop.later(minutes=5)
    shop.evaluate()
    pair = Pair.objects.get(left__slug="staging", right__slug="production")
    assert pair.basis == before
    assert pair.evaluated_at == shop.now
    assert DriftEvent.objects.count() == 1


def test_instances_that_disagree_are_skew_only_after_the_grace(shop: Shop) -> None:
    from paritycheck.models import Job
    from paritycheck.services.jobs import request_evaluation

    shop.report("production", stripe("13.2.0"))
    shop.report("staging", stripe("13.2.0"), instance="web-1")
    shop.report("staging", stripe("14.0.1"), instance="web-2")
    shop.evaluate()
    assert shop.said() == []
    again = Job.objects.get(environment__slug="staging")
    assert again.state == "due", "nobody looks again when the grace ends"
    assert timedelta(minutes=29) < again.due_at - datetime.now(UTC) < timedelta(minutes=31)
    shop.later(minutes=31)
    for instance, version in (("web-1", "13.2.0"), ("web-2", "14.0.1")):
        assert shop.report("staging", stripe(version), instance=instance)["unchanged"]
    request_evaluation(environments=[shop.environment("staging")])
    shop.evaluate()
    assert shop.said() == [("staging..staging", "pkg:pypi/stripe", "skew")]
    shop.report("staging", stripe("13.2.0"), instance="web-2")
    shop.evaluate()
    assert shop.said() == []


def test_the_policy_of_the_baseline_is_in_force_and_no_other(shop: Shop) -> None:
    apart(shop)
    shop.report("staging", stripe("14.0.2"), policy=LAX)
    shop.evaluate()
    assert len(shop.said()) == 1
    shop.report("production", stripe("13.2.0"), policy=LAX)
    shop.evaluate()
    assert shop.said() == []
    shop.report("production", stripe("13.2.0"), policy=LAX + "[tools.nonsense\n")
    shop.evaluate()
    assert shop.said() == []


def test_an_evaluation_that_never_ends_is_given_up_after_five_attempts(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from paritycheck.models import Job
    from paritycheck.services import evaluate

    def broken(**_: object) -> None:
        raise ZeroDivisionError

    shop.report("production", stripe("13.2.0"))
    with monkeypatch.context() as patch:
        patch.setattr(evaluate, "evaluate_pair", broken)
        for _ in range(5):
            with pytest.raises(ZeroDivisionError):
                shop.evaluate("production")
        shop.evaluate("production")
    job = Job.objects.get()
    assert (job.state, job.error) == ("dead", "ZeroDivisionError")

    shop.report("production", stripe("13.3.0"))
    shop.evaluate("production")
    job.refresh_from_db()
    assert (job.state, job.attempts, job.error) == ("done", 0, "")


@pytest.mark.parametrize(("state", "attempts"), [("53100", 0), ("57P01", 0), ("57014", 1), ("22P02", 1)])
def test_what_the_database_had_no_room_for_is_no_attempt(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, state: str, attempts: int
) -> None:
    """A full disk, an end by an operator; not a statement that takes too long, nor one that is wrong."""
    import psycopg
    from django.db import DatabaseError

    from paritycheck.models import Job
    from paritycheck.services import evaluate

    def fails(**_: object) -> None:
        raise DatabaseError from psycopg.errors.lookup(state)()

    shop.report("production", stripe("13.2.0"))
    monkeypatch.setattr(evaluate, "evaluate_pair", fails)
    with pytest.raises(DatabaseError):
        shop.evaluate("production")
    job = Job.objects.get()
    assert (job.state, job.attempts, job.error) == ("due", attempts, "DatabaseError")


@pytest.mark.django_db(transaction=True)
def test_five_wake_ups_at_once_are_one_run(shop: Shop) -> None:
    from django.db import connection

    from paritycheck.models import DriftEvent
    from paritycheck.services.evaluate import evaluate_environment

    shop.report("production", stripe("13.2.0"))
    shop.report("staging", stripe("14.0.1"))
    staging = shop.environment("staging").id

    def wake(_: int) -> None:
        evaluate_environment(environment_id=staging, now=shop.now)
        connection.close()

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(wake, range(5)))
    assert DriftEvent.objects.count() == 1
