"""Drift events become messages, once, when their time has come."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from paritycheck.models import Delivery, DriftEvent
from paritycheck.services.jobs import DELIVER, ROUTE, Wake, take_noted
from paritycheck.services.route import projects_due, route_project

BEGAN = datetime.fromisoformat("2026-11-23T09:00:00+00:00")
Shop = Any


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def route(shop: Shop, seconds: float) -> None:
    route_project(project_id=shop.project.pk, now=at(seconds))


def subjects(shop: Shop) -> list[str]:
    rows = Delivery.objects.filter(project=shop.project).order_by("created_at", "recipient")
    return [row.subject for row in rows]


def test_a_drift_that_opens_is_one_delivery_to_each_active_member(shop: Shop) -> None:
    shop.join("bo@example.com")
    shop.join("gone@example.com", active=False)
    drift = shop.drift("STRIPE_WEBHOOK_SECRET")
    route(shop, 6)
    rows = Delivery.objects.order_by("recipient")
    assert [row.recipient for row in rows] == ["bo@example.com", "maria@example.com"]
    assert {row.subject for row in rows} == {"[shop] error: production has no STRIPE_WEBHOOK_SECRET"}
    assert rows[0].content["links"] == {
        "project": "http://127.0.0.1:8000/p/shop",
        "drift": f"http://127.0.0.1:8000/p/shop/d/{drift.id[:10]}",
        "waive": f"http://127.0.0.1:8000/p/shop/d/{drift.id[:10]}/waive",
        "settings": "http://127.0.0.1:8000/p/shop/alerts/subscriptions",
    }
    assert not DriftEvent.objects.filter(routed_at=None).exists()


def test_routing_again_sends_nothing_again(shop: Shop) -> None:
    shop.drift("X")
    for second in (6, 7, 600, 90_000):
        route(shop, second)
    assert len(subjects(shop)) == 1


def test_the_group_window_is_kept(shop: Shop) -> None:
    shop.drift("A", 0)
    route(shop, 4)
    assert subjects(shop) == []
    shop.drift("B", 4.5)
    route(shop, 6)
    assert subjects(shop) == []
    route(shop, 9.5)
    assert subjects(shop) == ["[shop] error: production has no A, and 1 more between staging and production"]


@pytest.mark.django_db
def test_an_open_window_wakes_route_at_its_end(
    shop: Shop, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    shop.drift("A", 0)
    take_noted()
    with django_capture_on_commit_callbacks(execute=True):
        route(shop, 2.5)
    assert take_noted() == (Wake(ROUTE, str(shop.project.pk), 3),)


def test_a_delivery_wakes_its_sender(
    shop: Shop, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    shop.drift("A", 0)
    take_noted()
    with django_capture_on_commit_callbacks(execute=True):
        route(shop, 6)
    assert take_noted() == (Wake(DELIVER, str(Delivery.objects.get().pk)),)


def test_each_pair_has_a_message_of_its_own(shop: Shop) -> None:
    shop.drift("A")
    shop.drift("B", left=shop.laptops)
    shop.drift("C", left=shop.production)
    route(shop, 6)
    assert sorted(subjects(shop)) == [
        "[shop] error: production has no A",
        "[shop] error: production has no B",
        "[shop] error: production has no C",
    ]


def test_the_first_evaluation_of_a_pair_is_one_message(shop: Shop) -> None:
    for number in range(30):
        shop.drift(f"pkg:pypi/p{number}", section="dependencies", initial=True)
    route(shop, 6)
    assert subjects(shop) == ["[shop] error: first look at staging and production: 30 drifts"]


def test_five_hundred_packages_of_one_deploy_are_one_message_a_pair(shop: Shop) -> None:
    for left in (shop.staging, shop.laptops):
        for number in range(100):
            shop.drift(f"pkg:pypi/p{number}", left=left, section="dependencies", severity="error")
    route(shop, 6)
    assert len(subjects(shop)) == 2
    assert all("and 99 more between" in subject for subject in subjects(shop))


def test_a_resolution_is_held_and_a_return_drops_both(shop: Shop) -> None:
    drift = shop.drift("A")
    route(shop, 6)
    shop.happen(drift, "resolved", 60)
    route(shop, 100)
    shop.happen(drift, "reopened", 300)
    for second in (306, 700, 1000, 5000):
        route(shop, second)
    assert subjects(shop) == ["[shop] error: production has no A"]
    assert not DriftEvent.objects.filter(routed_at=None).exists()


def test_a_resolution_that_lasts_is_told(shop: Shop) -> None:
    drift = shop.drift("A")
    route(shop, 6)
    shop.happen(drift, "resolved", 60)
    route(shop, 659)
    assert len(subjects(shop)) == 1
    route(shop, 666)
    assert subjects(shop)[1] == "[shop] resolved: A no longer drifts"


def test_flapping_is_said_once(shop: Shop) -> None:
    drift = shop.drift("A")
    route(shop, 6)
    for step in range(1, 40):
        shop.happen(drift, "reopened" if step % 2 == 0 else "resolved", step * 60)
        route(shop, step * 60 + 6)
    assert subjects(shop) == [
        "[shop] error: production has no A",
        "[shop] flapping: A changes back and forth, 5 times in an hour",
    ]


def test_a_waived_drift_is_silent(shop: Shop) -> None:
    drift = shop.drift("A")
    drift.state = "waived"
    drift.save()
    shop.happen(drift, "worsened", 1)
    route(shop, 60)
    assert subjects(shop) == []
    assert not DriftEvent.objects.filter(routed_at=None).exists()


@pytest.mark.parametrize(("why", "said"), [("date", 1), ("changed", 1), ("worse", 1), ("removed", 1), ("hand", 0)])
def test_a_drift_whose_waiver_ended_is_back_unless_a_person_ended_it(shop: Shop, why: str, said: int) -> None:
    drift = shop.drift("A")
    route(shop, 6)
    drift.state = "waived"
    drift.save()
    shop.happen(drift, "waived", 60)
    route(shop, 70)
    drift.state = "open"
    event = shop.happen(drift, "unwaived", 3600)
    event.why = why
    event.save()
    route(shop, 3606)
    badges = [row.content["badge"] for row in Delivery.objects.order_by("created_at")]
    assert badges == ["error, new", *["error, back"] * said]
    assert not DriftEvent.objects.filter(routed_at=None).exists()


def test_a_project_without_members_keeps_nothing_waiting(new_shop: Callable[..., Shop]) -> None:
    lonely = new_shop("lonely")
    lonely.drift("A")
    route(lonely, 6)
    assert subjects(lonely) == []
    assert not DriftEvent.objects.filter(routed_at=None).exists()


def test_a_member_of_another_project_hears_nothing(shop: Shop, new_shop: Callable[..., Shop]) -> None:
    other = new_shop("other")
    other.join("eve@example.com")
    shop.drift("A")
    route(shop, 6)
    route(other, 6)
    assert list(Delivery.objects.values_list("recipient", flat=True)) == ["maria@example.com"]


def test_projects_are_due_when_something_may_be_told(shop: Shop, new_shop: Callable[..., Shop]) -> None:
    quiet = new_shop("quiet")
    drift = shop.drift("A")
    assert projects_due(at(4)) == []
    assert projects_due(at(5)) == [shop.project.pk]
    route(shop, 6)
    assert projects_due(at(7)) == []
    shop.happen(drift, "resolved", 60)
    assert projects_due(at(600)) == []
    assert projects_due(at(660)) == [shop.project.pk]
    assert quiet.project.pk not in projects_due(at(99_999))


def test_hostile_names_reach_the_outbox_as_plain_text(shop: Shop, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://parity.example"
    shop.drift("A\r\nBcc: all@example.com\x1b[2J")
    route(shop, 6)
    row = Delivery.objects.get()
    assert row.subject == "[shop] error: production has no A Bcc: all@example.com [2J"
    assert row.content["focus"]["url"].startswith("https://parity.example/p/shop/d/")


@pytest.mark.django_db(transaction=True)
def test_routers_at_once_send_one_mail(shop: Shop, at_once: Callable[[int, Callable[[], None]], None]) -> None:
    for number in range(20):
        shop.drift(f"K{number}")
    at_once(8, lambda: route(shop, 6))
    assert subjects(shop) == ["[shop] error: production has no K0, and 19 more between staging and production"]
