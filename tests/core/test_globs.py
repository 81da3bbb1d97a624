from __future__ import annotations

import time
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck.core.globs import Globs, rank, tie


def winner(name: str, *patterns: str) -> str | None:
    hit = Globs((pattern, pattern) for pattern in patterns).find(name)
    return hit.value if hit is not None else None


@pytest.mark.parametrize(
    ("name", "patterns", "expected"),
    [
        ("database", ["*", "data*", "database"], "database"),
        ("pkg:npm/react-dom", ["pkg:npm/*", "pkg:npm/react*", "*-dom"], "pkg:npm/react*"),
        ("STRIPE_TOKEN", ["*", "*_TOKEN", "*N"], "*_TOKEN"),
        ("abc", ["a*", "a?c", "*bc"], "a?c"),
        ("abc", ["a[bx]c", "a*", "*bc"], "a[bx]c"),
        ("abc", ["*b*", "*"], "*b*"),
        ("aba", ["ab*ba"], None),
        ("Database", ["database"], None),
    ],
)
def test_the_most_specific_glob_wins(name: str, patterns: list[str], expected: str | None) -> None:
    assert winner(name, *patterns) == expected
    assert winner(name, *reversed(patterns)) == expected


letters = st.text(st.sampled_from("ab_"), max_size=6)
patterns = st.text(st.sampled_from("ab_*?"), min_size=1, max_size=6)


@given(letters, st.lists(patterns, max_size=8))
def test_the_winner_is_the_greatest_rank_that_fnmatch_lets_through(name: str, given_patterns: list[str]) -> None:
    matching = [pattern for pattern in given_patterns if fnmatchcase(name, pattern)]
    found = winner(name, *given_patterns)
    if not matching:
        assert found is None
    else:
        assert found in matching
        assert rank(found) == max(map(rank, matching))


@given(letters, patterns, patterns)
def test_two_patterns_that_match_one_name_and_are_equally_specific_tie(name: str, one: str, other: str) -> None:
    if one != other and rank(one) == rank(other) and fnmatchcase(name, one) and fnmatchcase(name, other):
        assert tie(one, other)
        assert tie(other, one)


@pytest.mark.parametrize(
    ("one", "other"), [("a*b", "a*c"), ("a?b", "a?c"), ("a*", "b*"), ("a", "b"), ("[ab]x", "[ab]y"), ("a[b]c", "a[b]d")]
)
def test_patterns_that_no_name_matches_both_do_not_tie(one: str, other: str) -> None:
    assert not tie(one, other)


def test_two_hundred_patterns_over_ten_thousand_names_take_no_time_to_speak_of() -> None:
    names = [f"pkg:npm/package-{number * 7919 % 10007}" for number in range(10_000)]
    globs = Globs(
        (pattern, index)
        for index, pattern in enumerate(
            [
                *names[:80],
                *(name[:-2] + "*" for name in names[:50]),
                *(f"*-{n}7" for n in range(50)),
                *(f"a*b*{n}" for n in range(20)),
            ]
        )
    )
    best = min(_cpu_seconds(globs, names) for _ in range(5))
    assert best < 0.05


def _cpu_seconds(globs: Globs[int], names: list[str]) -> float:
    before = time.process_time()
    for name in names:
        globs.find(name)
    return time.process_time() - before


def test_no_pattern_can_be_made_to_hang() -> None:
    globs = Globs((f"*{'a*' * 120}{number}", number) for number in range(100))
    before = time.process_time()
    for _ in range(10):
        assert globs.find("a" * 255 + "x") is None
    assert time.process_time() - before < 1
