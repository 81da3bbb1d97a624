from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck.core.durations import DurationError, humanise, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("30min", 1800), ("24h", 86400), ("7d", 604800), ("2w", 1209600)]
)
def test_a_policys_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "1.5h", "7 days", "99999999d", "4000d", "٣d"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(DurationError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (25.9, "25 s"),
        (60, "1 min"),
        (3 * 3600 + 12 * 60 + 59, "3 h 12 min"),
        (3 * 86400 + 22 * 3600, "3 d 22 h"),
        (86400 + 59, "1 d"),
        (400 * 86400, "400 d"),
        (-5, "0 s"),
    ],
)
def test_people_read_the_two_largest_units(seconds: float, text: str) -> None:
    assert humanise(seconds) == text


@given(st.integers(0, 10**9))
def test_what_is_shown_is_never_more_than_what_passed_nor_less_by_a_smaller_unit(seconds: int) -> None:
    sizes = {"d": 86400, "h": 3600, "min": 60, "s": 1}
    words = humanise(seconds).split()
    shown = sum(int(count) * sizes[unit] for count, unit in zip(words[::2], words[1::2], strict=True))
    assert 0 <= seconds - shown < 3600
