"""A digest a day for a project in which something happened."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from paritycheck.models import Delivery, Drift, Membership, Pair, PeriodRun
from paritycheck.services.digests import period_end, prepare_digests

BEGAN = datetime(2026, 11, 23, 9, tzinfo=UTC)
SEVEN = datetime(2026, 11, 24, 7, tzinfo=UTC)
HOUR = 3600
DAY = 24 * HOUR
Shop = Any


@pytest.mark.parametrize(
    ("now", "end"),
    [
        (SEVEN, SEVEN),
        (SEVEN - timedelta(microseconds=1), SEVEN - timedelta(days=1)),
        (SEVEN + timedelta(hours=23, minutes=59), SEVEN),
    ],
)
def test_a_period_ends_at_seven(now: datetime, end: datetime) -> None:
    assert period_end(now) == end


def digests() -> list[str]:
    return list(
        Delivery.objects.filter(kind="digest").order_by("created_at", "recipient").values_list("subject", flat=True)
    )


def test_what_happened_is_told_the_next_morning_once(shop: Shop) -> None:
    shop.drift("A")
    prepare_digests(now=SEVEN - timedelta(seconds=1))
    assert digests() == []
    for minutes in (0, 5, 10, 600):
        prepare_digests(now=SEVEN + timedelta(minutes=minutes))
    assert digests() == ["[shop] 24 Nov: 1 drift, 1 new, 0 resolved"]


def test_a_day_without_an_event_has_no_digest(shop: Shop) -> None:
    shop.drift("A")
    for day in range(5):
        prepare_digests(now=SEVEN + timedelta(days=day, minutes=3))
    assert len(digests()) == 1
    assert PeriodRun.objects.count() == 5


def test_what_happens_after_the_end_of_the_period_is_told_the_day_after(shop: Shop) -> None:
    shop.drift("A")
    shop.drift("LATE", 22 * HOUR + 60)
    prepare_digests(now=SEVEN + timedelta(minutes=5))
    prepare_digests(now=SEVEN + timedelta(days=1))
    assert digests() == ["[shop] 24 Nov: 1 drift, 1 new, 0 resolved", "[shop] 25 Nov: 2 drifts, 1 new, 0 resolved"]


def test_a_beat_that_was_dead_for_days_tells_everything_in_one(shop: Shop) -> None:
    shop.drift("A")
    prepare_digests(now=SEVEN)
    shop.drift("B", 2 * DAY)
    shop.drift("C", 4 * DAY)
    prepare_digests(now=SEVEN + timedelta(days=6))
    assert digests()[1:] == ["[shop] 30 Nov: 3 drifts, 2 new, 0 resolved"]


def test_new_changed_resolved_and_still_open_stand_apart(shop: Shop) -> None:
    for name in ("OLD", "CHANGED", "GONE", "BACK", "LONG-GONE"):
        shop.drift(name, -3 * DAY)
    drifts = {drift.name: drift for drift in Drift.objects.all()}
    shop.happen(drifts["LONG-GONE"], "resolved", -2 * DAY)
    shop.happen(drifts["BACK"], "resolved", -2 * DAY)
    shop.happen(drifts["CHANGED"], "changed", HOUR)
    shop.happen(drifts["GONE"], "resolved", HOUR)
    shop.happen(drifts["BACK"], "reopened", HOUR)
    shop.drift("NEW", HOUR, severity="note")
    shop.drift("HIDDEN", HOUR, state="waived")
    prepare_digests(now=SEVEN)
    content = Delivery.objects.get(kind="digest").content
    assert {block["heading"]: [row["name"] for row in block["rows"]] for block in content["blocks"]} == {
        "New, 2": ["BACK", "NEW"],
        "Changed, 1": ["CHANGED"],
        "Resolved, 1": ["GONE"],
        "Still open, 1: 1 error": ["OLD"],
    }
    assert content["title"] == "More drifts than on 23 Nov: 4, up from 3"


def test_each_pair_has_its_gaps_its_score_and_its_course(shop: Shop) -> None:
    Pair.objects.create(
        project=shop.project, left=shop.staging, right=shop.production, parity=0.79, coverage=0.93, evaluated_at=BEGAN,
        time={"value": None, "band": "unknown", "reason": "no deploy yet"}, personnel={},
    )  # fmt: skip
    Pair.objects.create(project=shop.project, left=shop.staging, right=shop.staging, evaluated_at=BEGAN)
    for day, name in ((-5, "A"), (-4, "B"), (-4, "C"), (-2, "D"), (0, "E")):
        shop.drift(name, day * DAY)
    shop.happen(Drift.objects.get(name="A"), "resolved", -DAY)
    prepare_digests(now=SEVEN)
    [stand] = Delivery.objects.get(kind="digest").content["stands"]
    assert stand["heading"] == "staging and production"
    time, personnel, tools = stand["gaps"]
    assert (time["band"], time["sentence"]) == ("unknown", "no deploy yet")
    assert (personnel["band"], personnel["sentence"]) == ("unknown", "not yet measured")
    assert tools["value"] == "4 drifts"
    assert tools["trend"] == [0, 1, 3, 3, 4, 3, 4]
    assert tools["was"] == "up from 3"


def test_only_active_members_get_it(shop: Shop, new_shop: Callable[..., Shop]) -> None:
    shop.join("gone@example.com", active=False)
    new_shop("other").join("eve@example.com")
    shop.drift("A")
    prepare_digests(now=SEVEN)
    assert list(Delivery.objects.values_list("recipient", flat=True)) == ["maria@example.com"]


def test_a_project_made_after_seven_waits_for_the_next_morning(shop: Shop) -> None:
    shop.project.created_at = SEVEN + timedelta(minutes=1)
    shop.project.save()
    shop.drift("A", 23 * HOUR)
    prepare_digests(now=SEVEN + timedelta(hours=3))
    assert digests() == []
    prepare_digests(now=SEVEN + timedelta(days=1))
    assert digests() == ["[shop] 25 Nov: 1 drift, 1 new, 0 resolved"]


def test_one_project_that_fails_keeps_no_other_from_its_digest(shop: Shop, new_shop: Callable[..., Shop]) -> None:
    other = new_shop("other")
    Membership.objects.create(project=other.project, user=Membership.objects.get().user, role="viewer")
    other.drift("A")
    shop.drift("B", left_side=["not", "a", "side"])
    prepare_digests(now=SEVEN)
    assert digests() == ["[other] 24 Nov: 1 drift, 1 new, 0 resolved"]
    Drift.objects.filter(name="B").update(left_side={})
    prepare_digests(now=SEVEN + timedelta(minutes=5))
    assert len(digests()) == 2


@pytest.mark.django_db(transaction=True)
def test_two_beats_are_one(shop: Shop, at_once: Callable[[int, Callable[[], None]], None]) -> None:
    shop.drift("A")
    at_once(6, lambda: prepare_digests(now=SEVEN))
    assert len(digests()) == 1
    assert PeriodRun.objects.count() == 1
