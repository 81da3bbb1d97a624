"""An agent that stops is told of once, within two intervals and a minute, and resolves nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from paritycheck.models import Delivery, Drift, Environment, Instance, Notice, ProcessBeat, Snapshot
from paritycheck.services.route import projects_due, route_project
from paritycheck.services.silence import note_silence

BEGAN = datetime(2026, 11, 23, 9, tzinfo=UTC)
INTERVAL_S = 120
BOUND = timedelta(seconds=2 * INTERVAL_S + 60)
STEP = timedelta(seconds=30)
Shop = Any


class Watched:
    """Agents that report every two minutes unless they are silent, while beat looks every 30 s."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.now = BEGAN
        self.silent: set[str] = set()

    def agent(self, key: str, environment: Environment, kind: str = "container", **given: Any) -> Instance:
        if environment.latest is None:
            environment.latest = Snapshot.objects.create(
                project=self.shop.project, environment=environment, number=1, opened_at=BEGAN, confirmed_at=BEGAN,
                sections={}, instances=1,
            )  # fmt: skip
            environment.save()
        made = {"project": self.shop.project, "environment": environment, "kind": kind, "last_seen": self.now}
        return Instance.objects.create(key=key, **{"interval_s": INTERVAL_S, **made, **given})

    def live(self, span: timedelta, *, watched: bool = True) -> None:
        end = self.now + span
        while self.now < end:
            self.now += STEP
            due = Instance.objects.filter(last_seen__lte=self.now - timedelta(seconds=INTERVAL_S), interval_s__gt=0)
            due.exclude(key__in=self.silent).update(last_seen=self.now)
            if watched:
                note_silence(now=self.now)
                for ident in projects_due(self.now):
                    route_project(project_id=ident, now=self.now)

    def told(self) -> list[str]:
        return [row.subject for row in Delivery.objects.order_by("created_at")]


@pytest.fixture
def watched(shop: Shop) -> Watched:
    return Watched(shop)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def test_an_environment_that_stops_is_told_of_once_in_time_and_again_when_it_is_back(watched: Watched) -> None:
    watched.agent("web-1", watched.shop.staging)
    watched.agent("web-2", watched.shop.staging)
    drift = watched.shop.drift("A")
    watched.live(minutes(5))
    assert watched.told() == ["[shop] error: production has no A"]
    watched.silent = {"web-1", "web-2"}
    stopped = watched.now
    watched.live(minutes(12))
    [notice] = Notice.objects.all()
    last = Instance.objects.get(key="web-1").last_seen
    assert BOUND < notice.at - last <= BOUND + STEP
    assert notice.at - stopped <= BOUND + STEP
    assert watched.told()[1:] == ["[shop] error: staging has been silent for 6 min"]
    assert Drift.objects.get(pk=drift.pk).state == "open"
    watched.silent = set()
    watched.live(minutes(12))
    assert watched.told()[2:] == ["[shop] resolved: staging reports again"]
    watched.silent = {"web-1", "web-2"}
    watched.live(minutes(8))
    assert len(watched.told()) == 4
    assert Notice.objects.filter(routed_at=None).count() == 0


def test_one_container_of_two_is_no_news_and_one_host_of_two_is(watched: Watched) -> None:
    watched.agent("web-1", watched.shop.staging)
    watched.agent("web-2", watched.shop.staging)
    watched.agent("db-1", watched.shop.production, "host")
    watched.agent("db-2", watched.shop.production, "host")
    watched.live(minutes(5))
    watched.silent = {"web-2", "db-2"}
    watched.live(minutes(15))
    assert watched.told() == ["[shop] error: production: agent db-2 has been silent for 6 min"]
    watched.silent = {"web-2"}
    watched.live(minutes(5))
    assert watched.told()[1:] == ["[shop] resolved: production: agent db-2 reports again"]


def test_a_whole_environment_of_hosts_is_one_message(watched: Watched) -> None:
    for number in range(5):
        watched.agent(f"db-{number}", watched.shop.production, "host")
    watched.live(minutes(5))
    watched.silent = {f"db-{number}" for number in range(5)}
    watched.live(minutes(15))
    assert len(watched.told()) == 1
    watched.silent = {"db-4"}
    watched.live(minutes(5))
    assert [text.removeprefix("[shop] ").partition(" for")[0] for text in watched.told()[1:]] == [
        "resolved: production reports again",
        "error: production: agent db-4 has been silent",
    ]


def test_environments_that_stop_together_are_one_message(watched: Watched) -> None:
    for environment in (watched.shop.staging, watched.shop.production):
        watched.agent("web", environment)
    watched.live(minutes(5))
    watched.silent = {"web"}
    watched.live(minutes(8))
    [row] = Delivery.objects.all()
    assert row.subject == "[shop] error: 2 agents have fallen silent"
    lines = [(name, text.partition(" for")[0]) for name, text in row.content["table"]["lines"]]
    assert lines == [("production", "Production has been silent"), ("staging", "Staging has been silent")]


@pytest.mark.parametrize("kind", ["cohort", "ephemeral"])
def test_laptops_and_review_apps_may_fall_silent(watched: Watched, kind: str) -> None:
    laptops = watched.shop.laptops
    laptops.kind = kind
    laptops.save()
    watched.agent("maria", laptops, "host")
    watched.live(minutes(5))
    watched.silent = {"maria"}
    watched.live(minutes(15))
    assert watched.told() == []


def test_a_server_that_was_down_does_not_take_its_own_silence_for_theirs(watched: Watched) -> None:
    """For an hour nobody could report; then all but one do."""
    watched.agent("web", watched.shop.staging)
    watched.agent("db", watched.shop.production)
    watched.live(minutes(5))
    watched.silent = {"web", "db"}
    watched.live(minutes(60), watched=False)
    watched.silent = {"db"}
    back = watched.now
    watched.live(minutes(4.5))
    assert watched.told() == []
    watched.live(minutes(5))
    [notice] = Notice.objects.all()
    assert (notice.left, notice.at - back > BOUND) == (watched.shop.production, True)


def test_a_clock_of_the_server_that_is_set_makes_nobody_silent(watched: Watched) -> None:
    watched.agent("web", watched.shop.staging)
    watched.live(minutes(5))
    watched.now += minutes(120)
    watched.live(minutes(5))
    watched.now -= minutes(300)
    Instance.objects.update(last_seen=watched.now)
    watched.live(minutes(8))
    assert watched.told() == []


def test_a_report_that_was_to_come_once_is_awaited_for_a_day(watched: Watched) -> None:
    watched.agent("nightly", watched.shop.production, "host", interval_s=None)
    note_silence(now=BEGAN)
    for hour in (1, 20, 25.9, 26.1):
        now = BEGAN + timedelta(hours=hour)
        ProcessBeat.objects.filter(name="silence").update(seen_at=now - STEP)
        note_silence(now=now)
        assert Notice.objects.exists() == (hour > 26)
    assert Notice.objects.get().left == watched.shop.production


def test_a_retired_instance_is_not_missed(watched: Watched) -> None:
    watched.agent("web-1", watched.shop.staging)
    watched.agent("old", watched.shop.staging, "host", retired_at=BEGAN)
    watched.silent = {"old"}
    watched.live(minutes(8))
    assert watched.told() == []


@pytest.mark.django_db(transaction=True)
def test_looking_twice_at_once_is_one_notice(shop: Shop, at_once: Any) -> None:
    watched = Watched(shop)
    watched.agent("web", shop.staging)
    watched.live(minutes(6))
    Instance.objects.update(last_seen=BEGAN)
    at_once(6, lambda: note_silence(now=watched.now + minutes(1)))
    assert Notice.objects.count() == 1
