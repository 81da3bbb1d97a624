"""A month of reports with everything that makes monitors cry wolf: only the planted drifts open, and each is told once.

Time is data: every report, evaluation and message is given its moment.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.services.conftest import stripe

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.services.conftest import Facts, Shop

# Some 150 evaluations: half a minute of one core's work.
pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
DAYS = 30
EVERY = timedelta(hours=12)
INSTANCES = (("production", "web-1"), ("production", "web-2"), ("staging", "web-1"), ("staging", "web-2"),
             ("development", "laptop-1"))  # fmt: skip


def release(number: int) -> Facts:
    """What a deploy of this number brings: another version of one package."""
    return stripe(f"13.{number}.0")


class Month:
    """Five agents that report every twelve hours what their environment runs, and what happens in between."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        shop.now = datetime.now(UTC) - timedelta(days=DAYS)
        self.began = shop.now
        self.runs: dict[tuple[str, str], Facts] = dict.fromkeys(INSTANCES, release(0))
        self.silent: set[str] = set()
        self.broken: set[str] = set()
        self.clock: dict[str, timedelta] = {}

    def tell(self, slug: str, instance: str) -> None:
        if slug in self.silent:
            return
        self.shop.clock = self.clock.get(slug, timedelta(0))
        self.shop.report(
            slug,
            self.runs[slug, instance],
            instance=instance,
            reason="timeout" if slug in self.broken else "",
            interval_s=int(EVERY.total_seconds()),
        )

    def work(self, *, after: float = 6) -> None:
        """The worker evaluates, with what time alone made due, and messages go out a moment later."""
        from paritycheck.services.jobs import request_evaluation
        from paritycheck.services.route import route_project

        living = self.shop.project.environments.filter(latest__isnull=False)
        request_evaluation(environments=list(living))
        self.shop.evaluate()
        self.shop.later(seconds=after)
        route_project(project_id=self.shop.project.pk, now=self.shop.now)

    def deploy(self, facts: Facts, *slugs: str) -> None:
        """Every instance of these environments, before anybody looks."""
        for place in INSTANCES:
            if place[0] in slugs:
                self.runs[place] = facts
                self.tell(*place)
        self.work()

    def live(self, days: float) -> None:
        """Ordinary life until the day of the month."""
        while self.shop.now < self.began + timedelta(days=days):
            self.shop.later(seconds=EVERY.total_seconds())
            for place in INSTANCES:
                self.tell(*place)
            self.work()


@pytest.fixture
def month(shop: Shop) -> Month:
    """Maria asked for everything at once: errors alone, which members begin with, would leave out one of the two."""
    from paritycheck.core.subscriptions import SubscriptionTerms
    from paritycheck.models import Subscription, User
    from paritycheck.services.members import join_project
    from paritycheck.services.subscriptions import change_subscription

    user = User.objects.create_user("maria@example.com")
    join_project(project=shop.project, user=user, role="member", now=shop.now)
    change_subscription(
        subscription=Subscription.objects.get(when="at-once"),
        terms=SubscriptionTerms(at_least="note"),
        by=user,
        now=shop.now,
    )
    return Month(shop)


def a_lasting_drift(month: Month) -> None:
    """Planted: a major version that stands for three days. While it stands, the collector fails: it stays open."""
    month.deploy(stripe("14.0.1"), "staging")
    month.live(4)
    month.broken = {"staging"}
    month.live(5)
    month.broken = set()
    month.live(6)
    month.deploy(stripe("14.0.1"), "production", "development")
    month.live(7)


def a_flapping_one(month: Month) -> None:
    """Planted: one that comes and goes nine times within an hour, then is gone."""
    for at in range(18):
        month.runs["development", "laptop-1"] = stripe("14.0.1" if at % 2 else "11.0.0")
        month.tell("development", "laptop-1")
        month.work()
        month.shop.later(minutes=2)
    month.live(9)


def silence(month: Month) -> None:
    """Staging says nothing for three days; a day and a half in, production moves on. Both meet again."""
    month.silent = {"staging"}
    month.live(10.5)
    month.deploy(release(1), "production", "development")
    month.live(12)
    month.silent = set()
    month.deploy(release(1), "staging")
    month.live(13)


def a_rolling_deploy(month: Month) -> None:
    """All at once, one instance after the other, five minutes each: within the grace nobody knows who is right."""
    order = ("production", "web-1"), ("staging", "web-1"), ("development", "laptop-1"), ("staging", "web-2")
    for place in (*order, ("production", "web-2")):
        month.runs[place] = release(2)
        month.tell(*place)
        month.work()
        month.shop.later(minutes=5)
    month.live(16)


def an_outage(month: Month) -> None:
    """Nobody reaches the server for two days."""
    month.silent = {"production", "staging", "development"}
    month.live(18)
    month.silent = set()
    month.live(20)


def clock_jumps(month: Month) -> None:
    """An agent's clock runs a year ahead for a day, another's lags; then the server's own is set back 20 minutes."""
    month.clock = {"staging": timedelta(days=365), "development": timedelta(days=-365)}
    month.live(21)
    month.clock = {}
    month.shop.later(minutes=-20)
    month.live(22)


PLANTED: dict[Callable[[Month], None], tuple[str, list[str]]] = {
    a_lasting_drift: ("staging..production", ["opened", "resolved"]),
    a_flapping_one: ("development..production", ["opened", "flapping", "resolved"]),
}
"""The pair that drifts, and what its members are told: nothing else in the month is worth a message."""


def test_a_month_of_trouble_opens_only_what_was_planted(
    month: Month, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from paritycheck.models import Delivery, DriftEvent
    from paritycheck.services import route
    from paritycheck.services.backtest import backtest_policy

    told: list[tuple[str, str]] = []
    tell = route._row

    def noted(line: Any, event: Any, drift: Any, origin: Any) -> Any:
        told.append((f"{drift.left.slug}..{drift.right.slug}", line.change))
        return tell(line, event, drift, origin)

    monkeypatch.setattr(route, "_row", noted)
    month.live(2)
    for trouble in (a_lasting_drift, a_flapping_one, silence, a_rolling_deploy, an_outage, clock_jumps):
        trouble(month)
    month.live(DAYS)
    planted = [(pair, change) for pair, changes in PLANTED.values() for change in changes]
    with capsys.disabled():
        print(f"\n{len(told)} alerts in {DAYS} days, {len(planted)} planted")  # noqa: T201  the figure is the point
    assert {drift.left.slug for drift in month.shop.project.drifts.select_related("left")} == {
        pair.partition("..")[0] for pair, _ in PLANTED.values()
    }
    assert month.shop.project.drifts.count() == len(PLANTED)
    assert month.shop.drifts() == []
    assert told == planted
    assert Delivery.objects.count() == len(planted)
    lived = DriftEvent.objects.filter(kind__in=("opened", "reopened"), initial=False)
    past = backtest_policy(project=month.shop.project, text="", days=DAYS, now=month.shop.now)
    assert past.complete
    assert Counter(one.pair for one in past.openings) == Counter(
        f"{event.drift.left.slug}..{event.drift.right.slug}" for event in lived.select_related("drift__left")
    )
    assert past.short == len(past.openings) - 1
