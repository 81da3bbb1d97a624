"""T3 and T4: what they count, what they leave out, and when there is no number."""

from __future__ import annotations

import datetime as dt

import pytest

from paritycheck.core.bands import Unknown
from paritycheck.core.graph import CommitGraph
from paritycheck.core.lagseries import lag_series
from paritycheck.core.leadtime import INSUFFICIENT, LeadTime, lead_time, percentile, rhythm
from paritycheck.core.timegap import Age, Deploy

START = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
HOUR = 3600
NAMES = "abcdefghij"
GRAPH = CommitGraph({name: (NAMES[index - 1],) if index else () for index, name in enumerate(NAMES)})
# One a day, at noon.
COMMITTED = {name: START + dt.timedelta(days=index, hours=12) for index, name in enumerate(NAMES)}


def day(number: float) -> dt.datetime:
    return START + dt.timedelta(days=number)


def daily(names: str = "abcdef", hours: float = 6) -> list[Deploy]:
    """Each deployed so many hours after its commit."""
    return [Deploy(COMMITTED[name] + dt.timedelta(hours=hours), name) for name in names]


def test_each_commit_counts_from_its_commit_to_its_first_deploy() -> None:
    found = lead_time(GRAPH, daily(), COMMITTED, day(10))
    assert found == LeadTime(6 * HOUR, 6 * HOUR, commits=5)


def test_what_the_first_deploy_carried_counts_neither_way() -> None:
    found = lead_time(GRAPH, daily("fghij"), COMMITTED, day(12))
    assert (found.commits, found.older) == (4, 0)


def test_commits_from_before_the_first_deploy_are_left_out_and_counted() -> None:
    deploys = [Deploy(day(8), "a"), *daily("ghij", 40)]
    found = lead_time(GRAPH, deploys, COMMITTED, day(12))
    assert (found.commits, found.older) == (2, 7)
    assert found.p50 == 40 * HOUR


def test_a_commit_dated_after_its_deploy_counts_as_0_and_is_flagged() -> None:
    late = {**COMMITTED, "c": day(9)}
    found = lead_time(GRAPH, daily(), late, day(10))
    assert (found.commits, found.skewed) == (5, 1)
    assert found.p50 == 6 * HOUR
    assert lead_time(GRAPH, daily(), dict.fromkeys(NAMES, day(9)), day(10)).p90 == 0.0


def test_the_window_is_28_days_open_at_its_beginning() -> None:
    deploys = daily()
    second = deploys[1].at + dt.timedelta(days=28)
    assert lead_time(GRAPH, deploys, COMMITTED, second).commits == 4
    assert lead_time(GRAPH, deploys, COMMITTED, second - dt.timedelta(seconds=1)).commits == 5
    gone = lead_time(GRAPH, deploys, COMMITTED, day(60))
    assert (gone.commits, gone.p50) == (0, Unknown("no commit was deployed in 28 days"))


def test_fewer_than_five_deploys_so_far_are_no_number() -> None:
    deploys = daily()
    for found in (lead_time(GRAPH, deploys[:4], COMMITTED, day(10)), lead_time(GRAPH, deploys, COMMITTED, day(4))):
        assert (found.p50, found.p90) == (INSUFFICIENT, INSUFFICIENT)
    assert rhythm(deploys[:4], day(10)).interval == INSUFFICIENT
    assert rhythm(deploys[:4], day(10)).since_last == 6 * 86_400 + 6 * HOUR
    assert rhythm([], day(10)).interval == rhythm([], day(10)).since_last == Unknown("no deploy yet")


def test_a_rollback_and_return_is_no_second_delivery() -> None:
    deploys = [*daily(), Deploy(day(7), "c"), Deploy(day(9), "f")]
    assert lead_time(GRAPH, deploys, COMMITTED, day(10)) == lead_time(GRAPH, daily(), COMMITTED, day(10))


@pytest.mark.parametrize("commit", ["", "unheard of"])
def test_what_a_deploy_of_an_unknown_commit_may_have_carried_is_not_judged(commit: str) -> None:
    deploys = [*daily("abc"), Deploy(day(4), commit), *daily("fg")]
    found = lead_time(GRAPH, deploys, COMMITTED, day(10))
    # d was made before that deploy; e, f and g after it, so that they cannot have been in it.
    assert (found.commits, found.undecided) == (5, 1)


def test_each_lead_time_stands_in_one_bar() -> None:
    hours = {"b": 0.5, "c": 1, "d": 23, "e": 24, "f": 71, "g": 7 * 24, "h": 0}
    deploys = [Deploy(START, "a"), *(Deploy(COMMITTED[sha] + dt.timedelta(hours=of), sha) for sha, of in hours.items())]
    # In the order of time later ones bring earlier ones along: so each is a branch of its own here.
    branches = CommitGraph(dict.fromkeys(NAMES, ()))
    assert lead_time(branches, deploys, COMMITTED, day(28)).bars == (2, 1, 1, 2, 0, 1)


def test_what_may_lie_outside_the_scope_is_left_out_and_counted() -> None:
    graph = CommitGraph(GRAPH.parents, touching=frozenset("abcde"), unread=frozenset("b"))
    found = lead_time(graph, daily(), COMMITTED, day(10))
    assert (found.commits, found.undecided) == (3, 1)


def test_the_interval_is_the_median_between_deploys() -> None:
    deploys = [Deploy(day(number), "a") for number in (4, 0, 1, 9, 2)]
    found = rhythm(deploys, day(10))
    assert (found.interval, found.since_last, found.deploys) == (1.5 * 86_400, 86_400, 5)


def test_percentiles_are_interpolated() -> None:
    assert percentile([1, 2, 3, 4], 0.5) == 2.5
    assert percentile([10, 0], 0.9) == pytest.approx(9)
    assert percentile([7], 0.9) == 7
    assert percentile([], 0.5) is None


def test_a_series_begins_with_what_ran_before_it_and_is_bounded() -> None:
    upstream = [Deploy(day(number), NAMES[number]) for number in range(1, 9)]
    downstream = [Deploy(day(1.5), "b")]
    whole = lag_series(GRAPH, upstream, downstream, COMMITTED, since=day(0), most=100)
    assert len(whole) == 9
    assert lag_series(GRAPH, upstream, downstream, COMMITTED, since=day(5), most=100) == whole[5:]
    assert lag_series(GRAPH, upstream, downstream, COMMITTED, since=day(0), most=2) == whole[-2:]
    assert isinstance(whole[0].lag, Unknown)
    assert (whole[2].before, whole[2].age) == (Age(0.0), Age(0.0, "c"))
    assert (whole[3].before, whole[3].age) == (Age(86_400.0, "c"), Age(86_400.0, "c"))
