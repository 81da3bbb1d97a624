"""Real reports, changed in one place at random: a change that means something is the one drift it should be, a change
that means nothing is none.
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from typing import TYPE_CHECKING, Final

from tests.core.mutations import MEANINGLESS, MEANT
from tests.core.real_reports import KNOWN, REAL, moved

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

ROUNDS: Final = 500


def told(capsys: pytest.CaptureFixture[str], title: str, counts: Iterable[tuple[str, int]]) -> None:
    with capsys.disabled():
        print(f"\n{title}: " + ", ".join(f"{name} {count}" for name, count in counts))  # noqa: T201  for who reads the run


def test_each_of_500_changes_is_the_one_drift_it_should_be_and_ends_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    for seed in range(ROUNDS):
        rng, rows = random.Random(seed), copy.deepcopy(REAL)  # noqa: S311  a test's dice, the same each time
        mutation = MEANT[seed % len(MEANT)]
        expected = mutation(rng, rows)
        after, steps = moved(KNOWN, rows)
        assert steps == [("opened", expected)], (seed, mutation.__name__)
        assert moved(after, REAL)[1] == [("resolved", expected)], (seed, mutation.__name__)
        counts[mutation.__name__] += 1
    told(capsys, f"{counts.total()} changes, one drift each", sorted(counts.items()))
    assert counts.total() == ROUNDS


def test_each_of_500_changes_that_mean_nothing_is_no_drift_and_ends_none(capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    for seed in range(ROUNDS):
        rng, rows = random.Random(seed), copy.deepcopy(REAL)  # noqa: S311  a test's dice, the same each time
        mutation = MEANINGLESS[seed % len(MEANINGLESS)]
        mutation(rng, rows)
        assert moved(KNOWN, rows)[1] == [], (seed, mutation.__name__)
        counts[mutation.__name__] += 1
    told(capsys, f"{counts.total()} changes, no drift", sorted(counts.items()))
    assert counts.total() == ROUNDS
