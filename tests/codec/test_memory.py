"""What a process remembers is bounded, and what was used last stays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from paritycheck.codec.memory import Memory

LIMIT = 10


def test_what_was_not_used_for_longest_goes_first() -> None:
    memory: Memory[str, str] = Memory(3)
    for key in "abc":
        memory.put(key, key.upper())
    assert memory.get("a") == "A"
    memory.put("d", "D")
    assert [memory.get(key) for key in "abcd"] == ["A", None, "C", "D"]


@given(st.lists(st.tuples(st.integers(0, 5), st.binary(max_size=12)), max_size=40))
def test_what_is_held_is_the_last_said_and_never_more_than_the_limit(said: list[tuple[int, bytes]]) -> None:
    memory: Memory[int, bytes] = Memory(LIMIT, len)
    last: dict[int, bytes] = {}
    for key, value in said:
        memory.put(key, value)
        last[key] = value
        held = {each: found for each in last if (found := memory.get(each)) is not None}
        assert held.items() <= last.items()
        assert sum(map(len, held.values())) <= LIMIT
        assert len(value) > LIMIT or held[key] == value
