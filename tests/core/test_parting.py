"""Since which move a drift holds: found as a walk over every moment of both histories finds it."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from paritycheck.core.parting import Parting, State, parting

START = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def history(*keys: str, first: int = 0, every: int = 1) -> list[State]:
    """Newest first; the first snapshot is the oldest key."""
    states = [State(at + 1, START + dt.timedelta(hours=first + at * every), key) for at, key in enumerate(keys)]
    return states[::-1]


def apart(left: State, right: State) -> bool | None:
    return None if "?" in {left.key, right.key} else left.key != right.key


def found(left: list[State], right: list[State], **most: int) -> Parting:
    told = parting(left, right, apart, **most)
    assert told is not None
    return told


def test_the_side_that_moved_away_is_named_with_what_both_were_before() -> None:
    told = found(history("a", "b", "b", every=2), history("a", "a", first=1))
    assert (told.moved, told.state.number, told.exact) == ("left", 2, True)
    assert told.before is not None
    assert [state.number for state in told.before] == [1, 1]


def test_a_fact_that_goes_back_and_forth_parted_at_the_last_parting() -> None:
    told = found(history("a", "b", "a", "b", first=1), history("a"))
    assert (told.moved, told.state.number) == ("left", 4)


def test_moves_of_a_side_that_stays_apart_are_passed_over() -> None:
    told = found(history("a", "b", "c", "d", first=1), history("a"))
    assert told.state.number == 2


def test_where_the_history_begins_apart_it_is_so_since_then_at_least() -> None:
    told = found(history("b", "c"), history("a", first=5))
    assert (told.moved, told.exact, told.before) == ("right", False, None)


def test_two_moves_at_one_moment_are_one_step() -> None:
    told = found(history("a", "a", "a", "b", "a"), history("a", "b", first=1, every=3))
    assert (told.moved, told.state.number, told.exact) == ("left", 4, True)


def test_unknown_is_no_proof_that_it_held() -> None:
    told = found(history("a", "?", "b", first=1), history("a"))
    assert (told.state.number, told.exact, told.before) == (3, False, None)


def test_it_gives_up_in_time() -> None:
    told = found(history("a", *(f"b{at}" for at in range(500)), first=1), history("a"), most=60)
    assert (told.exact, told.judged) == (False, 60)


def test_without_a_history_there_is_no_answer() -> None:
    assert parting([], history("a"), apart) is None


KEYS = st.lists(st.sampled_from("abc"), min_size=1, max_size=8)


@given(KEYS, KEYS, st.integers(-9, 9), st.integers(1, 3))
def test_it_agrees_with_a_walk_over_every_hour(left: list[str], right: list[str], shift: int, every: int) -> None:
    one, other = history(*left), history(*right, first=shift, every=every)
    if one[0].key == other[0].key:
        return
    told = found(one, other)
    moments = sorted({state.at for state in (*one, *other)}, reverse=True)
    since = moments[0]
    for moment in moments:
        now = [next((state for state in side if state.at <= moment), None) for side in (one, other)]
        if now[0] is None or now[1] is None or now[0].key == now[1].key:
            break
        since = moment
    if told.exact:
        assert told.state.at == since
    else:
        assert told.state.at >= since
