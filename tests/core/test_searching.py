"""Names that are looked for: in which order they come, and which was meant."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from paritycheck.core.searching import nearest, pieces_of, place_of, words_of

NAMES = ("pypi/stripe", "STRIPE_WEBHOOK_SECRET", "pypi/redis", "celery-broker", "pinstripes", "npm/@sentry/browser")


def ranked(text: str) -> list[str]:
    words = words_of(text)
    places = [(place_of(words, name.casefold()), name) for name in NAMES]
    return [name for place, name in sorted((place, name) for place, name in places if place is not None)]


def test_the_name_itself_goes_before_its_beginning_a_part_and_anything() -> None:
    assert ranked("stripe") == ["STRIPE_WEBHOOK_SECRET", "pypi/stripe", "pinstripes"]
    assert ranked("stripe pypi") == ["pypi/stripe"]
    assert ranked("stripe none") == []


def test_a_slip_of_the_finger_is_known() -> None:
    pieces = pieces_of(NAMES)
    assert [nearest(text, pieces) for text in ("redsi", "strpie", "sentrry", "brwoser")] == [
        "redis", "stripe", "sentry", "browser",
    ]  # fmt: skip
    assert [nearest(text, pieces) for text in ("zzzzz", "r", "", "kubernetes")] == ["", "", "", ""]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.lists(st.text(max_size=60), max_size=10))
def test_any_text_and_names_give_an_answer_that_is_one_of_them(text: str, names: list[str]) -> None:
    pieces = pieces_of(names)
    assert nearest(text, pieces) in {"", *pieces}
    assert all(place_of(words_of(text), name.casefold()) in {None, 0, 1, 2, 3} for name in names)


def test_a_guess_among_many_names_costs_little() -> None:
    pieces = {f"package-number-{at}" for at in range(20_000)}
    before = time.process_time()
    nearest("pakcage-number-77", pieces)
    assert time.process_time() - before < 2
