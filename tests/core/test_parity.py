from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from paritycheck.core.bands import Band, tools_band
from paritycheck.core.comparison import compare
from paritycheck.core.expectations import judge
from paritycheck.core.facts import absent, present, unknown
from paritycheck.core.parity import DISTANCES, Parity, by_section, parity
from paritycheck.core.policy import default_policy

if TYPE_CHECKING:
    from tests.core.conftest import MakeSide


def test_each_fact_weighs_what_the_definition_says(side: MakeSide) -> None:
    everything = side(
        services=[present("database", "16", kind="postgresql"), present("database.setting.x", "1")],
        runtime=[present("python", "3.12"), present("os", "12", kind="debian")],
        migrations=[present("django/shop", "0001")],
        dependencies=[present("pkg:pypi/a", "1", scope="direct"), present("pkg:pypi/b", "1", scope="transitive")],
        config=[present("KEY")],
        release=[present("commit", "abc")],
        processes=[present("web", "1", kind="gunicorn")],
    )
    weights = {row.name: row.weight for row in compare(everything, everything)}
    assert weights == {
        "database": 10,
        "database.setting.x": 2,
        "python": 5,
        "os": 1,
        "django/shop": 5,
        "pkg:pypi/a": 2,
        "pkg:pypi/b": 0.5,
        "KEY": 1,
        "commit": 0,
        "web": 0,
    }


@pytest.mark.parametrize(
    ("here", "penalty"), [("3.12.4", 0), ("3.12.3", 0.1), ("3.11.4", 0.3), ("2.7.1", 0.7), (None, 1)]
)
def test_each_distance_costs_what_the_definition_says(side: MakeSide, here: str | None, penalty: float) -> None:
    fact = absent("python") if here is None else present("python", here)
    rows = compare(side("staging", runtime=[fact]), side("production", runtime=[present("python", "3.12.4")]))
    assert parity(rows) == Parity(pytest.approx(1 - penalty), 1.0)  # type: ignore[arg-type]


def test_unknown_lowers_the_coverage_and_never_the_score(side: MakeSide) -> None:
    staging = side("staging", services=[unknown("a", "timeout")], runtime=[present("python", "3.12")])
    production = side("production", services=[present("a", "1", kind="redis")], runtime=[present("python", "3.12")])
    assert parity(compare(staging, production)) == Parity(1.0, pytest.approx(5 / 15))  # type: ignore[arg-type]


def test_where_nothing_is_comparable_there_is_no_score(side: MakeSide) -> None:
    nothing = parity(compare(side("staging", runtime="timeout"), side("production", runtime=[present("python", "3")])))
    assert nothing == Parity(None, 0.0)
    assert parity([]) == Parity(None, 0.0)
    assert tools_band(nothing, []) is Band.UNKNOWN


def test_the_hidden_the_ignored_and_development_groups_count_neither_way(side: MakeSide) -> None:
    staging = side(
        "staging",
        services=[],
        config=[present("PATH")],
        dependencies=[present("pkg:pypi/ruff", "1", groups=["development"])],
        runtime=[present("python", "3.12")],
    )
    production = side(
        "production",
        services=[present("a.setting.x", "1")],
        config=[absent("PATH")],
        dependencies=[],
        runtime=[present("python", "3.12")],
    )
    assert parity(judge(staging, production, default_policy()).rows) == Parity(1.0, 1.0)


def test_the_band_of_the_tools_gap_is_its_worst_drift_and_never_its_score() -> None:
    assert tools_band(Parity(0.2, 1.0), ["note"]) is Band.OK
    assert tools_band(Parity(0.99, 1.0), ["note", "warning"]) is Band.WARNING
    assert tools_band(Parity(0.99, 1.0), ["error", "warning"]) is Band.ERROR


def test_sections_add_up_to_the_whole_and_each_difference_is_counted_once(side: MakeSide) -> None:
    staging = side(
        "staging",
        services=[present("database", "13.2", kind="postgresql"), unknown("search", "timeout")],
        runtime=[present("python", "3.12.1"), present("node", "20.1.0")],
        processes=[present("web", "1", kind="gunicorn")],
    )
    production = side(
        "production",
        services=[present("database", "16.1", kind="postgresql"), present("search", "3", kind="opensearch")],
        runtime=[present("python", "3.12.4"), present("node", "20.3.0")],
        processes=[present("web", "2", kind="gunicorn")],
    )
    rows = compare(staging, production)
    told = by_section(rows)
    assert {name: dict(zip(DISTANCES, apart.by_distance, strict=True)) for name, apart in told.items()} == {
        "services": {"patch": 0, "minor": 0, "major": 1, "kind": 0},
        "runtime": {"patch": 1, "minor": 1, "major": 0, "kind": 0},
        "processes": {"patch": 0, "minor": 0, "major": 0, "kind": 0},
    }
    assert told["processes"].parity.value is None
    assert told["services"].parity == Parity(pytest.approx(0.3), 0.5)  # type: ignore[arg-type]
    assert told["runtime"].parity == Parity(pytest.approx(0.8), 1.0)  # type: ignore[arg-type]
    whole = parity(rows).value
    assert whole == pytest.approx((10 * 0.3 + 10 * 0.8) / 20)
