"""A band that changes, a waiver that ends, a channel that is off: each is told once to who asked for it."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from paritycheck.models import Delivery, Notice, Pair, Waiver
from paritycheck.services.bands import note_bands
from paritycheck.services.endings import note_ending_waivers
from paritycheck.services.notices import note_notice
from paritycheck.services.route import projects_due, route_project

BEGAN = datetime(2026, 11, 23, 9, tzinfo=UTC)
WEEK = timedelta(days=7)
Shop = Any


def hours(count: float) -> datetime:
    return BEGAN + timedelta(hours=count)


def route(shop: Shop, now: datetime) -> None:
    route_project(project_id=shop.project.pk, now=now + timedelta(seconds=6))


def told(recipient: str = "maria@example.com") -> list[str]:
    rows = Delivery.objects.filter(recipient=recipient).order_by("created_at")
    return [row.subject.removeprefix("[shop] ") for row in rows]


@pytest.fixture
def pair(shop: Shop) -> Pair:
    return Pair.objects.create(project=shop.project, left=shop.staging, right=shop.production, evaluated_at=BEGAN)


@pytest.fixture
def judged(pair: Pair) -> Callable[..., None]:
    """An evaluation at so many hours that found these bands; a gap that is not said is not known."""

    def judge(at: float, *, time_s: float | None = None, personnel: float | None = None) -> None:
        pair.refresh_from_db()
        limit, unknown = 86400, {"value": None, "band": "unknown", "reason": "shallow"}
        band = "ok" if time_s is None or time_s <= limit else "warning" if time_s <= 7 * limit else "error"
        pair.time = unknown if time_s is None else {"value": time_s, "band": band, "limit_s": limit}
        share = "ok" if personnel is None or personnel <= 0.4 else "error"
        pair.personnel = unknown if personnel is None else {"value": personnel, "band": share}
        note_bands(pair=pair, now=hours(at))
        pair.save()
        route(pair, hours(at))

    return judge


def test_a_gap_that_moves_to_another_band_with_time_alone_is_told_once(shop: Shop, judged: Callable[..., None]) -> None:
    shop.subscribe(at_least="warning", gaps=("time",))
    for hour in range(0, 24 * 9, 6):
        judged(hour, time_s=3600 * hour)
    judged(24 * 9, time_s=0)
    assert told() == [
        "warning: time gap of staging and production: warning, was ok",
        "error: time gap of staging and production: error, was warning",
        "resolved: time gap of staging and production: ok, was error",
    ]
    assert list(Notice.objects.values_list("severity", flat=True).order_by("at")) == ["warning", "error", "error"]


def test_members_hear_of_errors_and_of_their_end(judged: Callable[..., None]) -> None:
    judged(0, time_s=0)
    judged(2, time_s=2 * 86400)
    judged(4, time_s=9 * 86400)
    judged(6, time_s=0)
    assert [text.partition(":")[0] for text in told()] == ["error", "resolved"]


def test_a_time_in_which_it_is_not_known_hides_no_change_and_is_none(judged: Callable[..., None]) -> None:
    judged(0, time_s=0)
    judged(2)
    judged(4, time_s=0)
    assert not Notice.objects.exists()
    judged(6)
    judged(8, time_s=9 * 86400)
    assert Notice.objects.get().detail["before"] == "ok"


def test_the_first_band_of_a_pair_is_no_change(judged: Callable[..., None]) -> None:
    judged(0, time_s=9 * 86400)
    assert not Notice.objects.exists()


def test_a_band_that_comes_and_goes_is_told_once_an_hour_and_ends_right(judged: Callable[..., None]) -> None:
    judged(0, time_s=0)
    for minute in range(1, 180, 5):
        judged(minute / 60, time_s=9 * 86400 if minute % 2 else 0)
    assert Notice.objects.count() <= 4
    judged(6, time_s=0)
    judged(8, time_s=0)
    last = Notice.objects.latest("at")
    assert last.detail["after"] == "ok"


def test_the_personnel_gap_of_an_environment_is_told_once_whatever_is_compared_with_it(
    shop: Shop, judged: Callable[..., None], pair: Pair
) -> None:
    other = Pair.objects.create(
        project=shop.project, left=shop.laptops, right=shop.production, evaluated_at=BEGAN,
        bands={"personnel": {"band": "ok", "value": "0.10", "at": hours(-9).isoformat()}},
        personnel={"value": 0.9, "band": "error"},
    )  # fmt: skip
    judged(0, personnel=0.1)
    judged(2, personnel=0.9)
    note_bands(pair=other, now=hours(2))
    assert Notice.objects.count() == 1
    assert told() == ["error: personnel gap of production: error, was ok"]
    assert Delivery.objects.get().content["lead"].count("0.90") == 1
    del pair


def waive(shop: Shop, names: list[str], **given: Any) -> Waiver:
    members = {"match": "config/*", "reason": "OPS-118", "owner": "maria@example.com", "made_by": "maria@example.com"}
    made = {"project": shop.project, "made_at": BEGAN, "until": BEGAN + timedelta(days=30)}
    waiver = Waiver.objects.create(**{**members, **made, **given})
    for name in names:
        shop.drift(name, state="waived", waiver={"key": f"person:{waiver.pk}"})
    return waiver


def watch(shop: Shop, days: float) -> None:
    now = BEGAN + timedelta(days=days)
    note_ending_waivers(now=now)
    route(shop, now)


def test_a_waiver_is_told_of_a_week_before_it_ends_once(shop: Shop) -> None:
    waive(shop, ["A", "B"])
    for day in (0, 22.9, 23, 23.1, 25, 29.9):
        watch(shop, day)
        assert len(told()) == (day >= 23)
    assert "the waiver of config/* ends in 6 d 23 h" in told()[0]
    assert "2" in Delivery.objects.get().content["lead"]


def test_one_that_hides_nothing_or_never_ends_is_not_told_of(shop: Shop) -> None:
    waive(shop, [], until=BEGAN + timedelta(days=3))
    waive(shop, ["A"], until=None, until_change=True)
    watch(shop, 2.9)
    assert not Notice.objects.exists()


def test_one_made_for_three_days_is_told_of_when_half_of_them_are_over(shop: Shop) -> None:
    waive(shop, ["A"], until=BEGAN + timedelta(days=3))
    watch(shop, 1)
    assert not Notice.objects.exists()
    watch(shop, 1.6)
    assert Notice.objects.get().detail["section"] == "config"


def test_a_waiver_of_the_policy_file_too(shop: Shop) -> None:
    from paritycheck.models import Policy
    from paritycheck.selectors.policies import policy_of
    from paritycheck.selectors.waivers import granted

    text = (
        '[[waivers]]\nmatch = "config/A"\npair = "staging..production"\nreason = "soon"\nowner = "bo"\n'
        "until = 2026-12-01\n"
    )
    shop.project.policy = Policy.objects.create(project=shop.project, digest=b"1", text=text)
    shop.project.save()
    [one] = granted(shop.project, policy_of(shop.project))
    shop.drift("A", state="waived", waiver=one.document)
    watch(shop, -1)
    assert not Notice.objects.exists()
    watch(shop, 2)
    watch(shop, 3)
    notice = Notice.objects.get()
    assert (notice.left, notice.right, notice.detail["owner"]) == (shop.staging, shop.production, "bo")
    assert len(told()) == 1


def note(shop: Shop, **given: Any) -> bool:
    members = {"kind": "channel-off", "about": "channel:1", "severity": "error", "dedupe": "off:1", "at": BEGAN}
    detail = {"channel": "ops", "kind": "webhook", "reason": "410 Gone"}
    return note_notice(project_id=shop.project.pk, **{**members, "detail": detail, **given})


def test_what_is_noted_twice_is_told_once(shop: Shop) -> None:
    assert note(shop)
    assert not note(shop)
    assert projects_due(BEGAN) == []
    assert projects_due(BEGAN + timedelta(seconds=5)) == [shop.project.pk]
    for _ in range(3):
        route(shop, BEGAN)
    assert projects_due(hours(1)) == []
    assert told() == ["error: channel ops is switched off"]


def test_notices_are_asked_for_and_held_as_drifts_are(shop: Shop) -> None:
    ops, chat, night = shop.channel("ops"), shop.channel("chat"), shop.channel("night")
    shop.subscribe(ops, environments=("staging",))
    shop.subscribe(chat, environments=("ci",))
    shop.subscribe(night, quiet_from=time(8), quiet_to=time(17))
    silent = {"agent": "", "seen_at": hours(-1).isoformat(), "interval_s": 900}
    note(shop, kind="silent", left=shop.staging, right=shop.staging, detail=silent)
    route(shop, BEGAN)
    rows = {row.target.name: row for row in Delivery.objects.exclude(target=None) if row.target}
    assert sorted(rows) == ["night", "ops"]
    assert (rows["night"].held_for, rows["night"].due_at) == ("quiet hours", hours(8))
    assert rows["ops"].held_for == ""


@pytest.mark.django_db(transaction=True)
def test_routers_at_once_tell_a_notice_once(shop: Shop, at_once: Callable[[int, Callable[[], None]], None]) -> None:
    note(shop)
    at_once(6, lambda: route(shop, BEGAN))
    assert len(told()) == 1
