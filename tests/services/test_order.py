"""Reports in any order, more than once, by agents whose clocks are of another month or year, end in one state (P8)."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.services.conftest import Shop

pytestmark = pytest.mark.django_db
CLOCKS = (timedelta(days=-30), timedelta(minutes=-10), timedelta(0), timedelta(minutes=10), timedelta(days=5 * 365))
REPORTS, SEEDS = 24, 20
BETWEEN = timedelta(seconds=30)
Call = dict[str, Any]


def facts(number: int) -> list[dict[str, Any]]:
    return [
        {"name": "pkg:pypi/stripe", "value": f"{number // 2 % 5 + 1}.0"},
        {"name": "pkg:pypi/django", "value": "5.2.19"},
    ]


@pytest.fixture
def calls(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """What two instances said, in order, and not yet taken; their clocks are set before each."""
    from paritycheck.services import ingest
    from paritycheck.services.reports import Answer

    shop.report("production", facts(0))
    said: list[Call] = []

    def keep(**call: Any) -> Answer:
        said.append(call)
        return Answer(202, {})

    with monkeypatch.context() as patch:
        patch.setattr(ingest, "take_report", keep)
        for number in range(REPORTS):
            shop.clock = CLOCKS[number % len(CLOCKS)]
            shop.report("staging", facts(number), instance=f"web-{number % 2}")
    shop.clock = timedelta(0)
    return said


def state_after(shop: Shop, calls: Sequence[Call]) -> Any:
    """The state that these calls lead to, in this order; nothing of it stays."""
    from paritycheck.services.ingest import take_report

    with transaction.atomic():
        for number, call in enumerate(calls):
            take_report(**{**call, "now": shop.now + BETWEEN * number})
        shop.now += BETWEEN * len(calls)
        shop.evaluate()
        shop.now -= BETWEEN * len(calls)
        found = _state(shop)
        transaction.set_rollback(True)
    return found


def _state(shop: Shop) -> Any:
    staging = shop.environment("staging")
    assert staging.latest is not None
    instances = staging.instances.order_by("key").values_list("key", "seq", "state")
    sections = {name: entry.get("digest") for name, entry in staging.latest.sections.items()}
    return list(instances), sections, shop.said()


def test_shuffled_and_replayed_reports_end_in_the_state_of_the_order(
    shop: Shop, calls: list[Call], record_property: Callable[[str, object], None]
) -> None:
    expected, equal = state_after(shop, calls), 0
    assert [seq for _, seq, _ in expected[0]] == [REPORTS, REPORTS + 1]
    assert expected[2], "staging differs from production"
    for seed in range(SEEDS):
        chance = random.Random(seed)  # noqa: S311  an order, the same for each seed
        shuffled = [*calls, *chance.sample(calls, REPORTS // 4)]
        chance.shuffle(shuffled)
        equal += state_after(shop, shuffled) == expected
    record_property("answer", f"{equal} of {SEEDS} orders end in the same state")
    assert equal == SEEDS
