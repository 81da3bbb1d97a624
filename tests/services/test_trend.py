"""The line of open drifts, day by day: what is waived is not open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.services.conftest import stripe

if TYPE_CHECKING:
    from paritycheck.models import User, Waiver
    from tests.services.conftest import Shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def maria(shop: Shop) -> User:
    from paritycheck.models import User

    user = User.objects.create_user("maria@example.com")
    shop.project.memberships.create(user=user, role="member")
    # Noon, nine days ago: a step of a day is a day, and nothing is yet to come.
    shop.now = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=9)
    return user


def waive(shop: Shop, user: User, **said: Any) -> Waiver:
    from paritycheck.core.waiver_terms import read_terms
    from paritycheck.services.waivers import create_waiver

    terms = read_terms({"reason": "upgrade planned", "owner": "maria@example.com", **said}, shop.now)
    return create_waiver(project=shop.project, user=user, terms=terms, now=shop.now)


def run(shop: Shop, staging: str) -> None:
    shop.report("production", stripe("13.2.0"))
    shop.report("staging", stripe(staging))
    shop.evaluate()


def days(shop: Shop) -> tuple[int, ...]:
    from paritycheck.selectors.trend import open_by_day

    return open_by_day([shop.project.id], shop.now)[shop.project.id]


def test_each_day_ends_with_the_number_that_is_open_and_not_waived(shop: Shop, maria: User) -> None:
    from paritycheck.services.waivers import end_waiver

    counted = []

    def day() -> None:
        counted.append(len(shop.drifts()))
        shop.later(days=1)

    run(shop, "13.3.0")
    day()
    first = waive(shop, maria, drift=shop.drifts()[0].id, until_converged=True)
    day()
    second = waive(shop, maria, match="dependencies/*", until_converged=True)
    end_waiver(waiver=first, user=maria, now=shop.now)
    assert len(shop.drifts("waived")) == 1, "another waiver took over"
    day()
    run(shop, "13.2.0")
    assert len(shop.drifts("resolved")) == 1, "resolved while it was waived"
    day()
    run(shop, "13.3.0")
    assert shop.drifts(), "the waiver ended with the convergence"
    day()
    third = waive(shop, maria, match="dependencies/*", until_change=True)
    day()
    for waiver in (second, third):
        end_waiver(waiver=waiver, user=maria, now=shop.now)
    day()
    run(shop, "13.2.0")
    counted.append(len(shop.drifts()))
    assert counted == [1, 0, 0, 0, 1, 0, 1, 0]
    assert days(shop) == tuple(counted)


def test_a_project_without_events_has_no_line(shop: Shop) -> None:
    from paritycheck.selectors.trend import open_by_day

    assert open_by_day([shop.project.id], shop.now) == {}
