"""Numbers and times as people read them, and small drawings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from paritycheck.core.facts import Fact, State
from paritycheck.web import words
from paritycheck.web.charts import sparkline
from paritycheck.web.evidence import split
from paritycheck.web.facts import value_words
from paritycheck.web.lagchart import days_under

NOW = datetime(2026, 11, 23, 9, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (25.9, "25 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (11520, "3 h 12 min"),
        (39_600, "11 h"),
        (338_400, "3 d 22 h"),
        (7 * 86_400 + 3600, "7 d"),
        (63 * 86_400, "63 d"),
    ],
)
def test_a_duration_has_the_units_that_still_say_something(seconds: float, said: str) -> None:
    assert words.duration(seconds).replace("\u00a0", " ") == said


@pytest.mark.parametrize("seconds", [1, 3, 59, 200, 3600, 90_000, 200_000, 40 * 86_400])
def test_an_axis_says_no_label_twice(seconds: int) -> None:
    begin = datetime(2026, 11, 20, 9, 14, tzinfo=UTC)
    labels = days_under(begin, begin + timedelta(seconds=seconds))
    assert len(set(labels)) == len(labels) > 1


def test_after_thirty_days_the_date_is_said_and_in_another_year_the_year() -> None:
    assert words.age(NOW - timedelta(days=30), NOW) == "30\u00a0d"
    assert words.age(NOW - timedelta(days=31), NOW) == "23\u00a0Oct"
    assert words.age(NOW - timedelta(days=365), NOW) == "23\u00a0Nov\u00a02025"


@pytest.mark.parametrize(("fraction", "said"), [(0, "0"), (0.0001, "1"), (0.934, "93"), (0.999, "99"), (1, "100")])
def test_only_a_whole_is_a_hundred_and_only_nothing_is_nothing(fraction: float, said: str) -> None:
    assert words.percent(fraction) == f"{said}\u00a0%"


def test_counts_and_lists_read_as_sentences() -> None:
    assert words.number(1396) == "1,396"
    assert (words.plural(1, "commit"), words.plural(14, "commit")) == ("1 commit", "14 commits")
    assert (words.spelled(3), words.spelled(13)) == ("three", "13")
    assert words.listed([]) == ""
    assert words.listed(["ci"]) == "ci"
    assert words.listed(["a", "b", "c"]) == "a, b and c"
    assert words.listed(list("abcdef")) == "a, b, c, d and 2 more"


@pytest.mark.parametrize(
    ("mine", "theirs", "parts"),
    [
        ("13.23", "16.14", ("", "13", ".23")),
        ("3.2.13", "3.3.2", ("3.", "2", ".13")),
        ("1.0", "1.0", ("1.0", "", "")),
        ("1.0.1", "1.0", ("1.0", ".", "1")),
        ("sqlite 3.45", "postgresql 16", ("", "sqlite", " 3.45")),
    ],
)
def test_the_first_part_that_differs_is_marked(mine: str, theirs: str, parts: tuple[str, str, str]) -> None:
    assert split(mine, theirs) == parts


def test_a_line_needs_two_values_and_begins_at_nought() -> None:
    assert sparkline([3], "x") == ""
    drawn = sparkline([0, 5, 10], 'a "name"')
    assert 'd="M3.0 33.0L74.0 18.0L145.0 3.0"' in drawn
    assert 'aria-label="a &quot;name&quot;"' in drawn
    assert 'd="M3.0 33.0L145.0 33.0"' in sparkline([0, 0], "x")


def test_a_commit_is_its_first_twelve_digits_and_no_other_value_is_cut() -> None:
    commit = Fact("commit", State.PRESENT, values=("d25bd22fe956758af09ee162d000ebb55e728eb9",))
    assert value_words("release", commit) == "d25bd22fe956"
    assert value_words("dependencies", commit) == "d25bd22fe956758af09ee162d000ebb55e728eb9"
    assert value_words("release", Fact("tag", State.PRESENT, values=("v1.4.0",))) == "v1.4.0"
