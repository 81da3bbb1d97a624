"""The back-test of a policy and what lasts: it opens what evaluation opened, at the time it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.services.conftest import stripe

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from tests.services.conftest import Shop

pytestmark = pytest.mark.django_db
Opening = tuple[str, str, str, "timedelta", "timedelta | None"]


def two(shop: Shop, one: str, other: str) -> None:
    shop.report("production", stripe(one), instance="web-1")
    shop.report("production", stripe(other), instance="web-2")


def live(shop: Shop, minutes: int) -> None:
    """Evaluate each minute, as the jobs that end a grace make it."""
    from paritycheck.services.jobs import request_evaluation

    for _minute in range(minutes):
        shop.later(minutes=1)
        request_evaluation(environments=[shop.environment("production")], news=False)
        shop.evaluate("production")


@pytest.fixture
def month(shop: Shop) -> datetime:
    """A rolling deploy of ten minutes, one that hangs for an hour, and instances that never agree again. The start."""
    start = shop.now
    two(shop, "13.0.0", "13.0.0")
    live(shop, 5)
    two(shop, "14.0.0", "13.0.0")
    live(shop, 10)
    two(shop, "14.0.0", "14.0.0")
    live(shop, 20)
    two(shop, "15.0.0", "14.0.0")
    live(shop, 25)
    two(shop, "15.1.0", "14.0.0")
    live(shop, 35)
    two(shop, "15.1.0", "15.1.0")
    live(shop, 10)
    two(shop, "16.0.0", "15.1.0")
    live(shop, 40)
    return start


def lived(shop: Shop, start: datetime) -> list[Any]:
    """Openings by evaluation: pair, name, rule, and the minute of opening and of going."""
    found = []
    for drift in shop.project.drifts.order_by("opened_at"):
        for event in drift.events.filter(kind__in=("opened", "reopened"), initial=False).order_by("at"):
            gone = drift.events.filter(kind="resolved", at__gt=event.at).order_by("at").first()
            name = (f"{drift.left.slug}..{drift.right.slug}", drift.name, drift.rule)
            found.append((*name, minute(event.at, start), minute(gone.at, start) if gone else None))
    return sorted(found, key=lambda row: row[3])


def replayed(shop: Shop, start: datetime, text: str) -> list[Any]:
    from paritycheck.services.backtest import backtest_policy

    past = backtest_policy(project=shop.project, text=text, days=1, now=shop.now)
    assert past.complete
    return [
        (
            one.pair,
            one.name,
            one.rule,
            minute(one.opened_at, start),
            minute(one.gone_at, start) if one.gone_at else None,
        )
        for one in past.openings
    ]


def minute(at: datetime, start: datetime) -> int:
    return round((at - start).total_seconds() / 60)


def test_disagreement_that_outlasted_the_grace_is_replayed_as_it_was_lived(shop: Shop, month: datetime) -> None:
    skew = ("production..production", "pkg:pypi/stripe", "skew")
    found = replayed(shop, month, "")
    assert found == [(*skew, 65, 95), (*skew, 135, None)]
    assert [row[:3] for row in lived(shop, month)] == [row[:3] for row in found]
    assert [abs(ours[3] - theirs[3]) <= 1 for ours, theirs in zip(lived(shop, month), found, strict=True)] == [True] * 2


def test_the_grace_of_the_draft_decides(shop: Shop, month: datetime) -> None:
    def minutes(grace: str) -> list[tuple[int, int | None]]:
        return [row[3:] for row in replayed(shop, month, f'[tools]\ngrace = "{grace}"\n')]

    assert minutes("5m") == [(10, 15), (40, 95), (110, None)]
    assert minutes("2h") == []


def test_what_is_unsettled_at_the_beginning_counts_from_when_it_came(shop: Shop) -> None:
    from paritycheck.services.backtest import backtest_policy

    two(shop, "14.0.0", "13.0.0")
    for _hour in range(30):
        shop.later(hours=1)
        two(shop, "14.0.0", "13.0.0")
    shop.later(minutes=5)
    two(shop, "14.1.0", "13.0.0")
    shop.later(minutes=45)
    past = backtest_policy(project=shop.project, text="", days=1, now=shop.now)
    assert (past.openings, past.stood) == ((), 1)
