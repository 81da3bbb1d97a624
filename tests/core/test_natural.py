"""Names in the order in which people count."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from paritycheck.core.natural import natural


def test_numbers_in_names_count_by_their_value() -> None:
    names = ["lib-10", "lib-2", "lib", "a1b10", "a1b9", "web-9" + "0" * 6000, "web-10", "lib-02", "7", ""]
    assert sorted(names, key=natural)[:-1] == ["", "7", "a1b9", "a1b10", "lib", "lib-02", "lib-2", "lib-10", "web-10"]


@given(st.lists(st.text(max_size=12), max_size=8), st.integers(0, 9), st.integers(0, 10**30), st.integers(0, 10**30))
def test_any_names_have_an_order_and_numbers_in_them_that_of_their_values(
    names: list[str], pad: int, one: int, other: int
) -> None:
    assert len({natural(name) for name in names}) == len(set(names))
    backwards = names[::-1]
    backwards.sort(key=natural)
    assert backwards == sorted(names, key=natural)
    if one != other:
        assert (natural(f"a{'0' * pad}{one}b") < natural(f"a{other}b")) == (one < other)
