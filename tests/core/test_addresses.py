from __future__ import annotations

import datetime as dt
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck.core.addresses import Address, AddressError, is_slug, parse_address

NOW = dt.datetime(2026, 11, 23, 9, 14, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("production", Address("production")),
        ("production#42", Address("production", number=42)),
        ("production~2", Address("production", back=2)),
        ("production~0", Address("production", back=0)),
        ("eu-1@{2026-11-20T12:00Z}", Address("eu-1", at=dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC))),
        ("eu-1@{2026-11-20}", Address("eu-1", at=dt.datetime(2026, 11, 20, tzinfo=dt.UTC))),
        ("production@{2.weeks.ago}", Address("production", ago=dt.timedelta(weeks=2))),
        ("production@{1 hour ago}", Address("production", ago=dt.timedelta(hours=1))),
    ],
)
def test_an_address_says_which_snapshot(text: str, address: Address) -> None:
    assert parse_address(text) == address


def test_a_moment_is_an_instant_and_an_age_counts_from_now() -> None:
    assert parse_address("a@{2026-11-20T12:00+02:00}").moment(NOW) == dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC)
    assert parse_address("a@{2.weeks.ago}").moment(NOW) == dt.datetime(2026, 11, 9, 9, 14, tzinfo=dt.UTC)
    assert parse_address("a@{99999.years.ago}").moment(NOW) == dt.datetime.min.replace(tzinfo=dt.UTC)
    assert parse_address("a#3").moment(NOW) is None


WRONG = "Production -a a#0 a#-1 a#1x a#9999999999 a#٣ a~ a@{} a@{x} a@{2.weeks} a@{2026-13-01} ../a a@{2.weeks.ago}x"


@pytest.mark.parametrize("text", ["", "a b", "a\n", "a" * 64, *WRONG.split()])
def test_anything_else_is_no_address_and_is_not_said_back(text: str) -> None:
    with pytest.raises(AddressError, match=r"such as production, production#42") as caught:
        parse_address(text)
    assert len(text) <= 1 or text not in str(caught.value).partition(", such as")[0]


@given(st.text(max_size=30))
def test_any_text_is_an_address_of_a_slug_or_an_address_error(text: str) -> None:
    with suppress(AddressError):
        assert is_slug(parse_address(text).environment)
