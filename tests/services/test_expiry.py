"""A review app goes when its time to live has passed since its last report: quietly, and it can come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.services.conftest import stripe

if TYPE_CHECKING:
    from tests.services.conftest import Shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def review(shop: Shop) -> Shop:
    """Development is a review app that differs."""
    shop.project.environments.filter(slug="development").update(kind="ephemeral")
    shop.report("production", stripe("13.2.0"))
    shop.report("development", stripe("14.0.1"))
    shop.evaluate()
    assert shop.said() == [("development..production", "pkg:pypi/stripe", "version")]
    return shop


def expire(shop: Shop) -> None:
    from paritycheck.services.expiry import expire_environments

    expire_environments(now=shop.now)


def shown(shop: Shop) -> list[str]:
    from paritycheck.selectors.columns import columns_of

    return [column.slug for column in columns_of(shop.project, shop.now)]


def test_it_goes_with_its_drifts_after_a_week_and_nobody_is_told(review: Shop) -> None:
    from paritycheck.models import DriftEvent

    review.later(days=6, hours=23)
    expire(review)
    assert "development" in shown(review)
    review.later(hours=2)
    expire(review)
    assert "development" not in shown(review)
    assert (review.said(), len(review.drifts("resolved"))) == ([], 1)
    last = DriftEvent.objects.order_by("-id")[0]
    assert (last.kind, last.why, last.routed_at is not None) == ("resolved", "expired", True)
    assert not review.environment("development").instances.filter(retired_at=None).exists()


def test_an_evaluation_that_was_due_brings_nothing_back(review: Shop) -> None:
    from paritycheck.services.jobs import request_evaluation

    review.later(days=8)
    expire(review)
    request_evaluation(environments=[review.environment("development")])
    review.evaluate("development")
    assert review.said() == []


def test_its_next_report_brings_it_back_with_its_drift(review: Shop) -> None:
    review.later(days=8)
    expire(review)
    review.report("production", stripe("13.2.0"))
    review.report("development", stripe("14.0.1"))
    review.evaluate()
    assert "development" in shown(review)
    [drift] = review.drifts()
    assert (drift.name, drift.reopened) == ("pkg:pypi/stripe", 1)


def test_the_policy_gives_another_time(review: Shop) -> None:
    policy = '[environments.development]\nkind = "ephemeral"\nttl = "2h"\n'
    review.report("production", stripe("13.2.0"), policy=policy)
    review.project.refresh_from_db()
    review.later(hours=3)
    expire(review)
    assert "development" not in shown(review)


@pytest.mark.parametrize("change", [{"kind": "persistent"}, {"kind": "cohort"}])
def test_others_live_for_ever(review: Shop, change: dict[str, Any]) -> None:
    review.project.environments.filter(slug="development").update(**change)
    review.later(days=400)
    expire(review)
    assert "development" in shown(review)


def test_a_baseline_never_expires(review: Shop) -> None:
    review.project.environments.filter(slug="production").update(kind="ephemeral")
    review.later(days=400)
    expire(review)
    assert review.environment("production").expired_at is None
    assert review.environment("development").expired_at is not None
