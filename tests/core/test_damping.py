"""Alerts are damped as `gaps` says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from paritycheck.core.damping import ALERTED, Event, Plan, plan

START = datetime(2026, 11, 23, 9, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def event(ident: int, kind: str, seconds: float, drift: str = "a", *, routed: bool = False) -> Event:
    return Event(ident, drift, kind, at(seconds), routed)


class Pair:
    """Replays a pair's life: events arrive, the router looks every second, what it settles stays settled."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.messages: list[tuple[float, list[tuple[str, str]]]] = []

    def happen(self, kind: str, seconds: float, drift: str = "a") -> None:
        self.events.append(event(len(self.events) + 1, kind, seconds, drift))

    def look(self, seconds: float) -> Plan:
        arrived = [one for one in self.events if one.at <= at(seconds)]
        planned = plan(arrived, at(seconds))
        done = set(planned.routed)
        self.events = [replace(one, routed=True) if one.ident in done else one for one in self.events]
        if planned.told:
            self.messages.append((seconds, [(line.drift, line.change) for line in planned.told]))
        return planned

    def run(self, until: int, every: int = 1) -> list[tuple[float, list[tuple[str, str]]]]:
        for second in range(0, until + 1, every):
            self.look(second)
        return self.messages


def test_an_opening_is_told_once_five_seconds_later() -> None:
    pair = Pair()
    pair.happen("opened", 0)
    assert pair.run(3600) == [(5, [("a", "opened")])]


def test_what_opens_within_the_window_is_one_message_five_seconds_after_the_last() -> None:
    pair = Pair()
    for second in (0, 3, 6):
        pair.happen("opened", second, f"drift {second}")
    assert pair.run(60) == [(11, [("drift 0", "opened"), ("drift 3", "opened"), ("drift 6", "opened")])]


def test_a_pair_that_never_rests_is_told_every_thirty_seconds() -> None:
    pair = Pair()
    for second in range(0, 60, 4):
        pair.happen("opened", second, f"drift {second:02}")
    told = pair.run(90)
    assert [second for second, _ in told] == [30, 61]
    assert sum(len(lines) for _, lines in told) == 15


def test_five_hundred_drifts_of_one_evaluation_are_one_message() -> None:
    pair = Pair()
    for number in range(500):
        pair.happen("opened", 0, f"drift {number}")
    assert [len(lines) for _, lines in pair.run(60)] == [500]


def test_a_resolution_is_held_for_ten_minutes() -> None:
    pair = Pair()
    pair.happen("opened", 0)
    pair.happen("resolved", 100)
    assert pair.run(3600) == [(5, [("a", "opened")]), (705, [("a", "resolved")])]


def test_a_return_within_ten_minutes_says_nothing_of_either() -> None:
    pair = Pair()
    pair.happen("opened", 0)
    pair.happen("resolved", 100)
    pair.happen("reopened", 699)
    assert pair.run(7200) == [(5, [("a", "opened")])]


def test_a_return_after_a_told_resolution_is_told() -> None:
    pair = Pair()
    pair.happen("opened", 0)
    pair.happen("resolved", 100)
    pair.happen("reopened", 800)
    assert pair.run(7200)[-1] == (805, [("a", "reopened")])


def test_a_router_that_slept_tells_the_outcome_only() -> None:
    pair = Pair()
    pair.happen("opened", 0)
    pair.happen("resolved", 100)
    pair.happen("reopened", 900)
    pair.look(5000)
    assert pair.messages == [(5000, [("a", "opened")])]
    assert all(one.routed for one in pair.events)


def test_worsening_in_the_same_window_is_part_of_the_opening() -> None:
    pair = Pair()
    pair.happen("opened", 0)
    pair.happen("worsened", 4)
    assert pair.run(60) == [(9, [("a", "opened")])]


def test_worsening_later_is_told_and_a_mere_change_is_not() -> None:
    pair = Pair()
    pair.happen("opened", 0)
    pair.happen("changed", 60)
    pair.happen("worsened", 120)
    assert pair.run(600) == [(5, [("a", "opened")]), (125, [("a", "worsened")])]
    assert all(one.routed for one in pair.events)


def test_a_and_b_in_turn_for_an_hour_are_two_messages_and_one_more_when_it_rests() -> None:
    pair = Pair()
    kinds = ["opened"] + ["resolved", "reopened"] * 30
    for minute, kind in enumerate(kinds):
        pair.happen(kind, minute * 60)
    hour = pair.run(3600)
    assert hour == [(5, [("a", "opened")]), (245, [("a", "flapping")])]
    # The last change was at 60 min; 30 min later it has settled.
    assert pair.run(9000)[2:] == [(3600 + 1800 + 5, [("a", "reopened")])]


def test_four_changes_in_an_hour_are_not_flapping() -> None:
    pair = Pair()
    for kind, minute in (("opened", 0), ("resolved", 11), ("reopened", 22), ("resolved", 33)):
        pair.happen(kind, minute * 60)
    told = [change for _, lines in pair.run(7200) for _, change in lines]
    assert told == ["opened", "resolved", "reopened", "resolved"]


def test_flapping_may_be_told_again_after_it_settled() -> None:
    pair = Pair()
    for start in (0, 10_000):
        for step in range(5):
            pair.happen("opened" if step == start == 0 else ("resolved", "reopened")[(step + 1) % 2], start + step * 60)
    told = [change for _, lines in pair.run(20_000, every=5) for _, change in lines]
    assert told.count("flapping") == 2


def test_one_flapping_drift_does_not_silence_another() -> None:
    pair = Pair()
    for step in range(12):
        pair.happen("opened" if not step else ("reopened", "resolved")[step % 2], step * 30)
    pair.happen("opened", 200, "b")
    assert ("b", "opened") in [line for _, lines in pair.run(400) for line in lines]


def test_the_plan_says_when_the_window_closes() -> None:
    planned = plan([event(1, "opened", 0)], at(2))
    assert planned.told == ()
    assert planned.routed == ()
    assert planned.window_ends == at(5)


lives = st.lists(
    st.tuples(st.sampled_from(ALERTED), st.floats(0, 4 * 3600), st.sampled_from(["a", "b", "c"])),
    min_size=1,
    max_size=40,
)


@given(lives, st.integers(1, 600))
def test_every_event_is_routed_once_and_nothing_is_told_twice(life: list[tuple[str, float, str]], every: int) -> None:
    pair = Pair()
    for kind, second, drift in sorted(life, key=lambda one: one[1]):
        pair.happen(kind, second, drift)
    seen: list[int] = []
    told: list[int] = []
    for second in [*range(0, 8 * 3600, every * 60), 8 * 3600]:
        planned = pair.look(second)
        seen += planned.routed
        told += [line.ident for line in planned.told]
    assert sorted(seen) == [one.ident for one in pair.events]
    assert len(told) == len(set(told))


@given(
    st.lists(st.floats(0.5, 2400), min_size=1, max_size=40),
    st.lists(st.booleans(), min_size=40, max_size=40),
    st.integers(1, 900),
)
def test_what_was_told_last_is_how_it_stands(gaps: list[float], worse: list[bool], every: int) -> None:
    """However a drift lives and whenever the router looks: once it rests, people know whether it is open."""
    pair = Pair()
    is_open, second, latest = False, 0.0, {}
    for index, gap in enumerate(gaps):
        second += gap
        kind = "opened" if not index else ("worsened" if worse[index] else "resolved") if is_open else "reopened"
        is_open = kind != "resolved"
        pair.happen(kind, second)
    kinds = {one.ident: one.kind for one in pair.events}
    end = int(second) + 4000
    for look in [*range(0, end, every), end]:
        for line in pair.look(look).told:
            latest[line.drift] = kinds[line.ident] != "resolved"
    assert latest == {"a": is_open}


@given(lives)
def test_whatever_order_the_rows_come_in_the_plan_is_the_same(life: list[tuple[str, float, str]]) -> None:
    events = [event(number, kind, second, drift) for number, (kind, second, drift) in enumerate(life)]
    assert plan(events, at(7200)) == plan(list(reversed(events)), at(7200))
