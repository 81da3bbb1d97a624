"""Exactly one alert for each episode of a drift, whatever happens to it and however many routers run (P3)."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connections

STEPS, LONG = 250, 1_000
DRIFTS = 8
BEGAN = datetime(2026, 11, 23, 9, tzinfo=UTC)
SEED = 20261130
PAUSES_S = (1, 1, 3, 6, 20, 40, 90, 400, 900, 2400)
WINDOW_S = 31
OPENINGS = {"opened", "reopened"}
FOLLOWS = {
    *(("opened", word) for word in ("resolved", "worsened")),
    *(("resolved", word) for word in ("reopened", "flapping")),
    *((before, word) for before in ("reopened", "worsened") for word in ("resolved", "worsened", "flapping")),
    *(("flapping", word) for word in ("reopened", "resolved", "worsened")),
}
"""Every word that comes after another one in a walk of a thousand steps."""
Shop = Any


@dataclass
class Walk:
    """Drifts that open, worsen, resolve and return at random while two routers race for each moment."""

    shop: Shop
    chance: random.Random
    pool: ThreadPoolExecutor
    drifts: list[Any] = field(default_factory=list)
    seconds: float = 0

    def step(self) -> None:
        """Time passes; what is due is told at the end of a group window, and before the next thing happens."""
        pause = self.chance.choice(PAUSES_S)
        for span in (WINDOW_S, pause - WINDOW_S) if pause > WINDOW_S else (pause,):
            self.seconds += span
            self.route()
        for _ in range(self.chance.choice((0, 1, 1, 2))):
            self.happen()

    def happen(self) -> None:
        if len(self.drifts) < DRIFTS and self.chance.random() < 0.2:
            left = self.chance.choice((self.shop.staging, self.shop.laptops))
            self.drifts.append(self.shop.drift(f"K{len(self.drifts)}", self.seconds, left=left))
        elif self.drifts:
            drift = self.chance.choice(self.drifts)
            kinds = ("reopened",) if drift.state == "resolved" else ("resolved", "resolved", "worsened", "changed")
            self.shop.happen(drift, self.chance.choice(kinds), self.seconds)

    def route(self) -> None:
        """Both begin at the same moment; an error of either fails the test."""
        for done in [self.pool.submit(self._route) for _ in range(2)]:
            done.result(60)

    def _route(self) -> None:
        from paritycheck.services.route import route_project

        route_project(project_id=self.shop.project.pk, now=BEGAN + timedelta(seconds=self.seconds))

    def close(self) -> None:
        """Each of both threads ends its connections: neither is free before the other one is at it."""
        both = threading.Barrier(2)

        def end() -> None:
            both.wait(10)
            connections.close_all()

        for _ in range(2):
            self.pool.submit(end)
        self.pool.shutdown()


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(600)
def test_two_routers_tell_every_episode_of_a_long_walk_once(shop: Shop, pytestconfig: pytest.Config) -> None:
    """Of each drift the words alternate, the last one is true, and no event is told twice or left behind.

    A few hundred steps see every word follow every word that it may; `--long` takes a thousand.
    """
    from paritycheck.models import Delivery, DriftEvent

    walk = Walk(shop, random.Random(SEED), ThreadPoolExecutor(2))  # noqa: S311  the same walk in each run
    try:
        for _ in range(LONG if pytestconfig.getoption("long") else STEPS):
            walk.step()
        for _ in range(3):
            walk.seconds += 3600
            walk.route()
    finally:
        walk.close()
    assert not DriftEvent.objects.filter(routed_at=None).exists()
    told: dict[str, list[str]] = {drift.name: [] for drift in walk.drifts}
    rows = list(Delivery.objects.order_by("created_at"))
    for row in rows:
        content = row.content
        lines = [content["focus"]] if content["focus"] else [one for each in content["blocks"] for one in each["rows"]]
        for line in lines:
            told[line["name"]].append(line["change"])
    assert len(walk.drifts) == DRIFTS
    assert {pair for words in told.values() for pair in pairwise(words)} >= FOLLOWS, "a shorter walk saw less"
    for drift in walk.drifts:
        _alternates(told[drift.name])
        assert (told[drift.name][-1] == "resolved") == (drift.state == "resolved"), drift.name
    events = DriftEvent.objects.filter(kind__in=("opened", "reopened", "resolved", "worsened")).count()
    words = sum(len(each) for each in told.values())
    assert DRIFTS * 2 < words < events
    assert len(rows) <= words


def _alternates(words: list[str]) -> None:
    """opened, resolved, reopened, ...; after `flapping`, which says that both happened, either may come."""
    assert words[0] in OPENINGS
    for before, after in pairwise(words):
        if before == "resolved":
            assert after in OPENINGS | {"flapping"}, words
        elif before in {*OPENINGS, "worsened"}:
            assert after in {"resolved", "worsened", "flapping"}, words
        else:
            assert after != "flapping", words
