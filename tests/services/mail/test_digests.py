"""A digest by schedule for whoever asked for one, of a project in which something happened."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from paritycheck.core.cron import next_after
from paritycheck.core.message import Message
from paritycheck.models import Commit, Delivery, Drift, Instance, Pair, Subscription, User, Waiver
from paritycheck.services.digests import prepare_digests, preview_digest
from paritycheck.services.members import join_project

BEGAN = datetime(2026, 11, 23, 9, tzinfo=UTC)
SEVEN = datetime(2026, 11, 24, 7, tzinfo=UTC)
HOUR = 3600
DAY = 24 * HOUR
Shop = Any


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """Maria wants everything each morning at seven, and nothing on Mondays."""
    Subscription.objects.filter(when="digest").delete()
    shop.subscribe(when="digest", cron="0 7 * * *", at_least="note")
    return shop


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
    row = Subscription.objects.get(when="digest")
    assert (row.last_at, row.due_at) == (SEVEN + timedelta(days=4), SEVEN + timedelta(days=5))


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


def test_what_is_waived_today_was_open_until_then(shop: Shop) -> None:
    Pair.objects.create(
        project=shop.project, left=shop.staging, right=shop.production, parity=0.9, coverage=0.9, evaluated_at=BEGAN,
        time={}, personnel={},
    )  # fmt: skip
    for day, name in ((-5, "STAYS"), (-4, "WAIVED"), (-3, "RETURNS")):
        shop.drift(name, day * DAY)
    waived = Drift.objects.get(name="WAIVED")
    waived.state = "waived"
    shop.happen(waived, "waived", HOUR)
    returns = Drift.objects.get(name="RETURNS")
    shop.happen(returns, "waived", -2 * DAY)
    shop.happen(returns, "unwaived", HOUR)
    prepare_digests(now=SEVEN)
    content = Delivery.objects.get(kind="digest").content
    assert content["stands"][0]["gaps"][2]["trend"] == [0, 1, 2, 3, 2, 2, 2]
    assert content["title"] == "As many drifts as on 23 Nov: 2"


def test_only_active_members_and_channels_that_are_on_get_it(shop: Shop, new_shop: Callable[..., Shop]) -> None:
    shop.join("gone@example.com", active=False)
    new_shop("other").join("eve@example.com")
    for row in (shop.channel("ops"), shop.channel("old", state="off")):
        shop.subscribe(row, when="digest", cron="0 7 * * *", at_least="note")
    shop.subscribe("gone@example.com", when="digest", cron="0 7 * * *", at_least="note")
    shop.drift("A")
    prepare_digests(now=SEVEN)
    ops = Delivery.objects.get(channel="webhook")
    assert sorted(Delivery.objects.values_list("recipient", flat=True)) == [ops.recipient, "maria@example.com"]
    assert ops.target is not None
    assert ops.target.name == "ops"
    assert not Subscription.objects.filter(when="digest", due_at__lte=SEVEN).exists(), "what is off waits for no digest"


def test_the_first_digest_of_a_new_project_tells_of_its_whole_life(shop: Shop) -> None:
    shop.project.created_at = SEVEN - timedelta(hours=1)
    shop.project.save()
    shop.drift("A", 21.5 * HOUR)
    prepare_digests(now=SEVEN)
    assert digests() == ["[shop] 24 Nov: 1 drift, 1 new, 0 resolved"]
    assert Delivery.objects.get(kind="digest").content["title"] == "1 drift, none before"


def test_one_project_that_fails_keeps_no_other_from_its_digest(shop: Shop, new_shop: Callable[..., Shop]) -> None:
    other = new_shop("other")
    join_project(project=other.project, user=User.objects.get(), role="viewer", now=BEGAN)
    other.subscribe(when="digest", cron="0 7 * * *", at_least="note")
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
    assert Subscription.objects.get(when="digest").last_at == SEVEN


def test_members_begin_with_a_digest_on_monday_morning(new_shop: Callable[..., Shop]) -> None:
    """The shop begins on a Monday at nine."""
    shop = new_shop()
    shop.join("bo@example.com")
    shop.drift("A", severity="note")
    monday = datetime(2026, 11, 30, 8, tzinfo=UTC)
    prepare_digests(now=monday - timedelta(seconds=1))
    assert digests() == []
    prepare_digests(now=monday + timedelta(seconds=30))
    assert len(digests()) == 1


@pytest.mark.parametrize(
    ("zone", "clock"),
    [
        ("America/New_York", "15 2"),
        ("America/New_York", "30 1"),
        ("Europe/Berlin", "15 2"),
        ("Australia/Lord_Howe", "15 2"),
        ("Australia/Lord_Howe", "45 1"),
    ],
)
def test_through_both_changes_of_the_clock_there_is_exactly_one_a_day(shop: Shop, zone: str, clock: str) -> None:
    """At an hour that is skipped in spring or comes twice in autumn. Beat asks every half hour."""
    Subscription.objects.all().delete()
    terms = {"at_least": "note", "skip_unchanged": False}
    row = shop.subscribe(when="digest", cron=f"{clock} * * *", timezone=zone, **terms)
    local = ZoneInfo(zone)
    days = [datetime(2027, 1, 1, 12, tzinfo=local) + timedelta(days=number) for number in range(365)]
    changes = [day for day, after in pairwise(days) if day.utcoffset() != after.utcoffset()]
    assert len(changes) == 2
    for noon in changes:
        row.due_at = next_after(row.cron, zone, noon)
        row.save()
        for step in range(2 * 48):
            prepare_digests(now=noon.astimezone(UTC) + timedelta(minutes=30 * step))
    told = [dedupe[len(f"digest:{row.pk}:") :] for dedupe in Delivery.objects.values_list("dedupe", flat=True)]
    assert sorted(datetime.fromisoformat(each).astimezone(local).date() for each in told) == sorted(
        noon.date() + timedelta(days=number) for noon in changes for number in (1, 2)
    )


def test_a_digest_holds_what_its_subscription_asks_for(shop: Shop) -> None:
    ops = shop.channel()
    shop.subscribe(
        ops, when="digest", cron="0 7 * * *", at_least="warning", environments=("laptops",), names=("config/[AB]",)
    )
    for left in (shop.staging, shop.laptops):
        Pair.objects.create(project=shop.project, left=left, right=shop.production, evaluated_at=BEGAN)
        shop.drift("A", left=left, severity="warning")
        shop.drift("B", left=left, severity="note")
        shop.drift("C", left=left)
    prepare_digests(now=SEVEN)
    content = Delivery.objects.get(target=ops).content
    assert [row["name"] for block in content["blocks"] for row in block["rows"]] == ["A"]
    assert [stand["heading"] for stand in content["stands"]] == ["laptops and production"]
    assert content["stands"][0]["gaps"][2]["value"] == "1 drift"
    assert content["why"] == (
        "You get this every day at 07:00 UTC because channel ops is subscribed to a digest of shop, "
        "left out when nothing changed."
    )
    everything = Delivery.objects.get(kind="digest", target=None).content
    assert len(everything["stands"]) == 2


def test_a_digest_of_some_gaps_shows_those(shop: Shop) -> None:
    ops = shop.channel()
    terms = {"when": "digest", "cron": "0 7 * * *", "gaps": ("time",)}
    shop.subscribe(ops, **terms)
    shop.subscribe(ops, **terms, skip_unchanged=False)
    Pair.objects.create(project=shop.project, left=shop.staging, right=shop.production, evaluated_at=BEGAN)
    shop.drift("A")
    prepare_digests(now=SEVEN)
    content = Delivery.objects.get(target=ops).content
    assert content["title"] == "The time gap of shop"
    assert [gap["name"] for stand in content["stands"] for gap in stand["gaps"]] == ["Time"]


def test_nothing_new_of_what_i_asked_for_is_no_digest_unless_i_want_it(shop: Shop) -> None:
    always = shop.channel("always")
    shop.subscribe(always, when="digest", cron="0 7 * * *", names=("services/*",), skip_unchanged=False)
    never = shop.channel("never")
    shop.subscribe(never, when="digest", cron="0 7 * * *", names=("services/*",))
    shop.drift("A")
    prepare_digests(now=SEVEN)
    assert [row.target for row in Delivery.objects.filter(kind="digest").exclude(target=None)] == [always]


def test_what_needs_a_decision_stands_in_it(shop: Shop) -> None:
    """A waiver that ends this week and hides something, and an environment that nobody hears."""
    waiver = Waiver.objects.create(
        project=shop.project, match="config/*", title="config/*", reason="OPS-118", owner="maria@example.com",
        made_by="maria@example.com", made_at=BEGAN - timedelta(days=30), until=SEVEN + timedelta(days=2),
    )  # fmt: skip
    shop.drift("HIDDEN", state="waived", waiver={"key": f"person:{waiver.pk}"})
    for environment, seen in ((shop.staging, BEGAN), (shop.production, SEVEN)):
        Instance.objects.create(
            project=shop.project, environment=environment, key="web", kind="host", last_seen=seen, interval_s=900
        )
    shop.drift("A")
    shop.subscribe(shop.channel(), when="digest", cron="0 7 * * *", environments=("laptops",), skip_unchanged=False)
    prepare_digests(now=SEVEN)
    content = Delivery.objects.get(kind="digest", target=None).content
    [block] = [block for block in content["blocks"] if block["heading"].startswith("Needs a decision")]
    assert [(row["change"], row["name"]) for row in block["rows"]] == [("waiver", "config/*"), ("silent", "staging")]
    narrow = Delivery.objects.get(target__name="ops").content
    assert not [block for block in narrow["blocks"] if block["heading"].startswith("Needs a decision")]


def test_readers_of_the_same_things_share_one_look_at_the_project(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from paritycheck.services import digests as service
    from paritycheck.services.digest_content import day_of

    looks: list[object] = []

    def counted(*given: Any) -> Any:
        looks.append(given)
        return day_of(*given)

    monkeypatch.setattr(service, "day_of", counted)
    for number in range(5):
        who = f"bo{number}@example.com"
        shop.join(who)
        shop.subscribe(who, when="digest", cron="0 9 * * *", timezone="Europe/Moscow", at_least="note")
        shop.subscribe(who, when="digest", cron="0 7 * * *", at_least="note")
    shop.subscribe("bo0@example.com", when="digest", cron="0 7 * * *", at_least="error")
    shop.drift("A")
    prepare_digests(now=SEVEN)
    assert len(looks) == 3
    assert len(digests()) == 5 + 5 + 1 + 1


def test_a_preview_is_what_would_be_sent_and_keeps_nothing(shop: Shop) -> None:
    shop.drift("A")
    row = Subscription.objects.get(when="digest")
    before = row.due_at
    shown = preview_digest(subscription=row, now=SEVEN)
    assert Delivery.objects.count() == 0
    prepare_digests(now=SEVEN)
    assert Message.read(Delivery.objects.get(kind="digest").content) == shown
    row.refresh_from_db()
    assert before == SEVEN
    assert row.due_at == SEVEN + timedelta(days=1)
    assert preview_digest(subscription=row, now=SEVEN + timedelta(hours=1)).subject.startswith("[shop] 24 Nov: 1 drift")


def test_the_time_and_personnel_gaps_have_their_course(shop: Shop) -> None:
    """Staging runs a change for three days that production gets on the last one."""
    from paritycheck.selectors.courses import Courses

    for number, sha in enumerate(("a" * 40, "b" * 40)):
        moment = BEGAN + timedelta(days=number - 10)
        Commit.objects.create(
            project=shop.project, sha=sha, parents=["a" * 40] if number else [], authored_at=moment, committed_at=moment
        )
    for environment, sha, day in (
        (shop.staging, "a", -9), (shop.production, "a", -9), (shop.staging, "b", -4), (shop.production, "b", -1)
    ):  # fmt: skip
        at = BEGAN + timedelta(days=day)
        shop.project.deploys.create(environment=environment, commit=sha * 40, deployed_at=at, source="api")
    ends = [BEGAN + timedelta(days=day) for day in (-12, -8, -4, -3, -2, -1, 0)]
    courses = Courses(shop.project, ends)
    a_day = 86_400.0
    assert courses.time(shop.staging, shop.production) == (0, 0, a_day, 2 * a_day, 0, 0)
    assert courses.time(shop.laptops, shop.production) == ()
    assert courses.personnel(shop.production) == ()
