"""What only time brings: support that ends, migrations that wait for longer than a deploy takes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck.services import telling
from paritycheck.services.jobs import request_evaluation

if TYPE_CHECKING:
    from tests.services.conftest import Shop

pytestmark = pytest.mark.django_db
CHAIN = ["0013_old", "0014_add_sku", "0015_drop_sku"]


def migrated(shop: Shop, applied: str, code: str = CHAIN[-1]) -> None:
    fact: dict[str, Any] = {"name": "django/shop", "value": applied, "code": code, "chain": CHAIN, "sources": ["probe"]}
    shop.report("production", [fact], section="migrations", covers=[])


def looked(shop: Shop) -> list[tuple[str, str, str]]:
    """As the beat does, whatever was judged before."""
    request_evaluation(environments=[shop.environment("production")], news=False)
    shop.evaluate("production")
    return shop.said()


def test_migrations_that_wait_are_a_drift_after_the_grace_and_none_once_applied(shop: Shop) -> None:
    migrated(shop, "0014_add_sku")
    assert looked(shop) == []
    shop.later(minutes=29)
    migrated(shop, "0014_add_sku")
    assert looked(shop) == []
    shop.later(minutes=2)
    assert looked(shop) == [("production..production", "django/shop", "behind")]
    drift = shop.drifts()[0]
    assert (drift.left_side["value"], drift.right_side["value"]) == ("0015_drop_sku", "0014_add_sku")
    assert drift.severity == "error"
    migrated(shop, "0015_drop_sku")
    assert looked(shop) == []
    assert shop.said("resolved") == [("production..production", "django/shop", "behind")]


def test_an_evaluation_that_meets_waiting_migrations_is_due_again_when_the_grace_ends(shop: Shop) -> None:
    from paritycheck.models import Job
    from paritycheck.models.jobs import JobState

    migrated(shop, "0014_add_sku")
    looked(shop)
    job = Job.objects.get(environment=shop.environment("production"))
    assert job.state == JobState.DUE
    assert 29 * 60 < (job.due_at - datetime.now(UTC)).total_seconds() <= 30 * 60


def test_a_deploy_that_brings_more_migrations_does_not_start_the_grace_anew(shop: Shop) -> None:
    migrated(shop, "0013_old", code="0014_add_sku")
    looked(shop)
    shop.later(minutes=20)
    migrated(shop, "0013_old")
    assert looked(shop) == []
    shop.later(minutes=11)
    assert looked(shop) == [("production..production", "django/shop", "behind")]


def test_support_that_ends_opens_and_worsens_without_a_report(shop: Shop) -> None:
    php = [{"name": "php", "value": "8.2.30", "sources": ["installed"]}]
    shop.now = datetime(2026, 9, 30, 12, tzinfo=UTC)
    report(shop, php)
    assert looked(shop) == []
    shop.now = datetime(2026, 10, 2, 12, tzinfo=UTC)
    report(shop, php)
    assert looked(shop) == [("production..production", "php", "end-of-life")]
    drift = shop.drifts()[0]
    assert (drift.severity, drift.left_side["support"]) == ("warning", "ends 31 Dec 2026")
    shop.now = datetime(2027, 1, 1, 0, 1, tzinfo=UTC)
    report(shop, php)
    looked(shop)
    drift.refresh_from_db()
    assert (drift.severity, drift.left_side["support"]) == ("error", "ended 31 Dec 2026")
    assert list(drift.events.order_by("id").values_list("kind", flat=True)) == ["opened", "worsened"]
    assert telling.subject_of(drift, drift).left.support == "ended 31 Dec 2026"


def report(shop: Shop, facts: list[dict[str, Any]]) -> None:
    """A heartbeat, so that the section is not stale when the day comes."""
    shop.report("production", facts, section="runtime", covers=[])


def test_a_newer_release_ends_it(shop: Shop) -> None:
    shop.now = datetime(2026, 10, 2, 12, tzinfo=UTC)
    report(shop, [{"name": "php", "value": "8.2.30", "sources": ["installed"]}])
    assert looked(shop) == [("production..production", "php", "end-of-life")]
    report(shop, [{"name": "php", "value": "8.4.18", "sources": ["installed"]}])
    assert looked(shop) == []
