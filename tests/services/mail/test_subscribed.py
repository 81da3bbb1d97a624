"""Each listener gets what they asked for, in one message for each pair, when they may be disturbed."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from paritycheck.models import Delivery, Drift, DriftEvent, DriftThread, Subscription, User
from paritycheck.services.errors import Refused
from paritycheck.services.jobs import take_noted
from paritycheck.services.route import route_project
from paritycheck.services.subscriptions import end_subscription

BEGAN = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINUTE = 60
HOUR = 3600
Shop = Any


def route(shop: Shop, seconds: float) -> None:
    route_project(project_id=shop.project.pk, now=BEGAN + timedelta(seconds=seconds))


def told(recipient: str = "maria@example.com") -> list[str]:
    rows = Delivery.objects.filter(recipient=recipient).order_by("created_at")
    return [row.subject.removeprefix("[shop] ") for row in rows]


def many(shop: Shop, count: int, **given: Any) -> None:
    """As `shop.drift`, for so many packages at one moment."""
    first = shop.drift("pkg:pypi/p0", section="dependencies", severity="note", **given)
    event = first.events.get()
    drifts, events = [], []
    for number in range(1, count):
        ident = f"{first.id[:56]}{number:08}"
        members = {field.attname: getattr(first, field.attname) for field in Drift._meta.fields}
        drifts.append(Drift(**{**members, "id": ident, "name": f"pkg:pypi/p{number}"}))
        made = {field.attname: getattr(event, field.attname) for field in DriftEvent._meta.fields if field.name != "id"}
        events.append(DriftEvent(**{**made, "drift_id": ident}))
    Drift.objects.bulk_create(drifts)
    DriftEvent.objects.bulk_create(events)


def test_five_hundred_packages_in_three_environments_are_three_messages_to_each_channel(shop: Shop) -> None:
    """And to each member; however many subscriptions somebody has that ask for them."""
    ops, chat = shop.channel("ops"), shop.channel("chat", "slack")
    for channel in (ops, ops, chat):
        shop.subscribe(channel, at_least="note")
    shop.subscribe(at_least="note")
    for left in (shop.staging, shop.laptops, shop.production):
        many(shop, 500, left=left)
    for second in (6, 7, 40, 15 * MINUTE):
        route(shop, second)
    sent = Counter(Delivery.objects.values_list("channel", "recipient"))
    assert sent == {
        ("webhook", f"channel:{ops.pk}"): 3, ("slack", f"channel:{chat.pk}"): 3, ("mail", "maria@example.com"): 3
    }  # fmt: skip
    assert all("and 499 more" in subject for subject in told())
    listed = [sum(len(block["rows"]) for block in row.content["blocks"]) for row in Delivery.objects.all()]
    assert max(listed) <= 50
    assert {row.target_id for row in Delivery.objects.exclude(channel="mail")} == {ops.pk, chat.pk}


def test_a_value_that_flaps_each_minute_for_an_hour_is_two_messages_to_each_channel(shop: Shop) -> None:
    ops = shop.channel()
    shop.subscribe(ops)
    drift = shop.drift("A")
    for minute in range(1, 61):
        for second in (10, 30, 50):
            route(shop, (minute - 1) * MINUTE + second)
        shop.happen(drift, "resolved" if minute % 2 else "reopened", minute * MINUTE)
    route(shop, HOUR + 6)
    for who in ("maria@example.com", f"channel:{ops.pk}"):
        assert told(who) == [
            "error: production has no A",
            "flapping: A changes back and forth, 5 times in an hour",
        ]


def test_members_begin_with_errors_at_once(shop: Shop) -> None:
    shop.drift("A", severity="warning")
    shop.drift("B", severity="error")
    route(shop, 6)
    assert told() == ["error: production has no B"]


def test_several_subscriptions_of_one_are_one_message_of_what_any_of_them_takes(shop: Shop) -> None:
    shop.subscribe(at_least="note", names=["config/A*"])
    shop.subscribe(at_least="warning", names=["config/B"])
    for name, severity in (("A1", "note"), ("A2", "note"), ("B", "warning"), ("C", "warning"), ("D", "error")):
        shop.drift(name, severity=severity)
    route(shop, 6)
    [row] = Delivery.objects.all()
    assert [line["name"] for block in row.content["blocks"] for line in block["rows"]] == ["D", "B", "A1", "A2"]


@pytest.mark.parametrize(
    ("terms", "names"),
    [
        ({"environments": ["laptops"]}, ["L"]),
        ({"pairs": ["staging..production"]}, ["S"]),
        ({"pairs": ["*..production"], "names": ["config/[LS]"]}, ["L", "S"]),
        ({"gaps": ["time"]}, []),
        ({"gaps": ["tools"], "names": ["services/*"]}, []),
    ],
)
def test_what_is_not_asked_for_is_not_told(shop: Shop, terms: dict[str, list[str]], names: list[str]) -> None:
    ops = shop.channel()
    shop.subscribe(ops, **{member: tuple(values) for member, values in terms.items()})
    shop.drift("L", left=shop.laptops)
    shop.drift("S", left=shop.staging)
    route(shop, 6)
    rows = Delivery.objects.filter(target=ops)
    assert sorted(row.content["focus"]["name"] for row in rows) == names


def test_only_what_i_own_is_mine_and_my_teams(shop: Shop) -> None:
    from paritycheck.models import Policy

    text = '[teams]\nplatform = ["Bo@Example.com", "ann@example.com"]\nshipping = ["ann@example.com"]\n'
    shop.project.policy = Policy.objects.create(project=shop.project, digest=b"1", text=text)
    shop.project.save()
    shop.join("bo@example.com")
    Subscription.objects.all().delete()
    shop.subscribe("bo@example.com", only_owned=True)
    for name, owner in (("A", "platform"), ("B", "shipping"), ("C", "bo@example.com"), ("D", "")):
        shop.drift(name, owner=owner)
    route(shop, 6)
    [row] = Delivery.objects.all()
    assert [line["name"] for block in row.content["blocks"] for line in block["rows"]] == ["A", "C"]


def test_quiet_hours_hold_and_do_not_drop(shop: Shop) -> None:
    """It is nine in the morning in UTC, two in the night in Denver."""
    Subscription.objects.all().delete()
    quiet = {"quiet_from": time(22), "quiet_to": time(7), "timezone": "America/Denver"}
    shop.subscribe(**quiet)
    ops = shop.channel()
    shop.subscribe(ops)
    shop.drift("A")
    take_noted()
    route(shop, 6)
    held, sent = Delivery.objects.get(target=None), Delivery.objects.get(target=ops)
    assert (held.state, held.held_for, held.due_at) == ("due", "quiet hours", BEGAN + timedelta(hours=5))
    assert (sent.held_for, sent.due_at > BEGAN) == ("", True)


def test_a_subscription_without_quiet_hours_that_asks_for_it_too_lets_it_through(shop: Shop) -> None:
    shop.subscribe(at_least="note", quiet_from=time(8), quiet_to=time(17))
    shop.drift("LOUD")
    route(shop, 6)
    shop.drift("LOW", 10 * MINUTE, severity="note")
    route(shop, 10 * MINUTE + 6)
    rows = {row.content["focus"]["name"]: row.held_for for row in Delivery.objects.all()}
    assert rows == {"LOUD": "", "LOW": "quiet hours"}


@pytest.mark.parametrize("others", [0, 1])
def test_who_unsubscribes_does_not_get_what_was_held_for_them(shop: Shop, others: int) -> None:
    row = Subscription.objects.get(when="at-once")
    row.quiet_from, row.quiet_to = time(8), time(17)
    row.save()
    for _ in range(others):
        shop.subscribe(names=("services/*",))
    shop.drift("A")
    route(shop, 6)
    end_subscription(subscription=row, why="unsubscribed", now=BEGAN)
    held = Delivery.objects.get()
    assert (held.state, held.error) == (("due", "") if others else ("dropped", "unsubscribed"))


def test_what_a_drift_becomes_answers_the_message_that_told_of_it_first(shop: Shop) -> None:
    drift = shop.drift("A")
    route(shop, 6)
    shop.drift("B", HOUR)
    shop.happen(drift, "worsened", HOUR)
    route(shop, HOUR + 6)
    shop.happen(drift, "resolved", 2 * HOUR)
    route(shop, 3 * HOUR)
    first, both, last = Delivery.objects.order_by("created_at")
    assert (first.thread, both.thread, last.thread) == (None, None, first.pk)
    threads = {row.drift.name: (row.first, row.is_open) for row in DriftThread.objects.select_related("drift")}
    assert threads == {"A": (first.pk, False), "B": (both.pk, True)}
    shop.happen(drift, "reopened", 4 * HOUR)
    route(shop, 4 * HOUR + 6)
    assert Delivery.objects.latest("created_at").thread == first.pk


def test_who_was_told_of_a_drift_is_told_that_it_is_gone_however_mild_it_has_become(shop: Shop) -> None:
    drift = shop.drift("A")
    route(shop, 6)
    drift.severity = "note"
    shop.happen(drift, "changed", HOUR)
    shop.happen(drift, "resolved", 2 * HOUR)
    route(shop, 3 * HOUR)
    assert told() == ["error: production has no A", "resolved: A no longer drifts"]


def test_who_never_heard_of_a_mild_drift_does_not_hear_that_it_is_gone(shop: Shop) -> None:
    drift = shop.drift("A", severity="note")
    route(shop, 6)
    shop.happen(drift, "resolved", HOUR)
    route(shop, 2 * HOUR)
    assert told() == []


@pytest.mark.parametrize("state", ["off", "pending"])
def test_a_channel_that_is_not_on_gets_nothing(shop: Shop, state: str) -> None:
    ops = shop.channel()
    shop.subscribe(ops)
    ops.state = state
    ops.save()
    shop.drift("A")
    route(shop, 6)
    assert set(Delivery.objects.values_list("recipient", flat=True)) == {"maria@example.com"}


def test_a_subscription_that_ended_is_silent(shop: Shop) -> None:
    row = Subscription.objects.get(when="at-once")
    end_subscription(subscription=row, why="unsubscribed", now=BEGAN)
    end_subscription(subscription=row, why="hand", now=BEGAN + timedelta(days=1))
    assert (row.ended_at, row.ended_why) == (BEGAN, "unsubscribed")
    shop.drift("A")
    route(shop, 6)
    assert told() == []


def test_what_cannot_be_used_is_refused_with_its_place(shop: Shop) -> None:
    with pytest.raises(Refused) as caught:
        shop.subscribe(gaps=("money",), names=("x",))
    assert (caught.value.code, caught.value.status) == ("invalid-subscription", 422)
    assert [place["pointer"] for place in caught.value.errors] == ["/gaps", "/names"]
    with pytest.raises(Refused, match="owns nothing"):
        shop.subscribe(shop.channel(), only_owned=True)
    User.objects.create_user("eve@example.com")
    with pytest.raises(Refused, match="no member"):
        shop.subscribe("eve@example.com")
