"""Rule end-of-life: what runs past its maker's last fixes, on the day that the caller names."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from paritycheck.core import support_dates
from paritycheck.core.consequences import consequence
from paritycheck.core.end_of_life import season, support_of
from paritycheck.core.expectations import inside
from paritycheck.core.facts import Fact, Side, present, unknown
from paritycheck.core.policy import default_policy, read_policy
from paritycheck.core.sentences import Subject, View, sentence

if TYPE_CHECKING:
    from tests.core.conftest import MakeSide

TABLES = {
    "services": support_dates.SERVICES,
    "runtime": support_dates.RUNTIMES,
    "systems": support_dates.SYSTEMS,
    "dependencies": support_dates.PACKAGES,
}
ENDS = date(2026, 12, 31)
"""PHP 8.2's last day."""


def found(side: Side, today: date, text: str = "") -> list[tuple[str, str, str]]:
    policy = read_policy(text) if text else default_policy()
    return [
        (one.name, one.severity, str(one.left.word("support")))
        for one in inside(side, policy, today=today).findings
        if one.rule == "end-of-life"
    ]


def php(side: MakeSide) -> Side:
    return side("production", runtime=[present("php", "8.2.30")])


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-91, []),
        (-90, [("php", "warning", "ends 31 Dec 2026")]),
        (0, [("php", "warning", "ends 31 Dec 2026")]),
        (1, [("php", "error", "ended 31 Dec 2026")]),
    ],
)
def test_ninety_days_before_its_end_a_warning_and_after_it_an_error(
    side: MakeSide, days: int, expected: list[object]
) -> None:
    assert found(php(side), ENDS + timedelta(days=days)) == expected


def test_dates_that_nobody_checked_for_half_a_year_are_told_as_a_note(side: MakeSide) -> None:
    last = support_dates.CHECKED + timedelta(days=support_dates.STALE_DAYS)
    assert found(php(side), last) == [("php", "error", "ended 31 Dec 2026")]
    assert found(php(side), last + timedelta(days=1)) == [("php", "note", "ended 31 Dec 2026")]


def test_a_laptop_hears_of_what_it_runs_as_a_note_and_of_its_system_not_at_all(side: MakeSide) -> None:
    facts = [present("php", "8.1.2"), present("os", "18.04", kind="ubuntu")]
    today = ENDS + timedelta(days=1)
    assert [name for name, _, _ in found(side("production", runtime=facts), today)] == ["os", "php"]
    for slug, kind in (("development", "persistent"), ("laptops", "cohort")):
        assert found(side(slug, kind=kind, runtime=facts), today) == [("php", "note", "ended 31 Dec 2025")]


def test_services_go_by_kind_and_a_framework_by_its_purl(side: MakeSide) -> None:
    production = side(
        "production",
        services=[
            present("database", "13.14", kind="postgresql"),
            present("database.setting.timezone", "13"),
            present("cache", "13.14", kind="valkey"),
            unknown("search", "auth-required", kind="elasticsearch"),
        ],
        dependencies=[present("pkg:pypi/django", "4.2.1", scope="direct"), present("pkg:pypi/django-x", "4.2.1")],
    )
    assert found(production, ENDS) == [
        ("pkg:pypi/django", "error", "ended 30 Apr 2026"),
        ("database", "error", "ended 13 Nov 2025"),
    ]


@pytest.mark.parametrize(
    "fact",
    [
        present("database", "13.14", kind="postgresql", variant="rds"),
        present("database", "8", kind="mysql"),
        present("database", "13.14", "13.15", kind="postgresql"),
        present("database", "99.1", kind="postgresql"),
        present("database", "130", kind="postgresql"),
        present("database", kind="postgresql"),
    ],
    ids=["managed", "says too little", "several", "not known", "another number", "no version"],
)
def test_of_what_no_date_can_be_told_nothing_is_said(fact: Fact) -> None:
    assert support_of("services", fact) is None


def test_a_policy_that_ignores_a_fact_ignores_its_end(side: MakeSide) -> None:
    assert found(php(side), ENDS + timedelta(days=1), '[tools.runtime]\nphp = "ignore"\n') == []


@pytest.mark.parametrize("table", TABLES)
def test_each_row_names_its_source_and_each_cycle_a_day(table: str) -> None:
    for name, row in TABLES[table].items():
        assert row.source.startswith("https://"), name
        assert "2024-12" < row.compared <= support_dates.CHECKED.isoformat()[:7], name
        for cycle, ends in row.cycles.items():
            assert date(2010, 1, 1) < date.fromisoformat(ends) < date(2037, 1, 1), (name, cycle)
            assert all(part.isdecimal() for part in cycle.split(".")), (name, cycle)
            assert cycle.count(".") <= 1, (name, cycle)


def test_where_a_maker_ends_cycles_in_order_the_table_does_too() -> None:
    """A slip of the pen in a year shows as a later cycle that ends earlier. Cycles that are short by design are left
    out: MySQL's and MongoDB's in between, Elasticsearch's minors, odd Node.js, MariaDB's and Ubuntu's, .NET's.
    """
    for name in ("postgresql", "redis", "rabbitmq", "mongodb"):
        in_order(support_dates.SERVICES[name])
    for name in ("python", "ruby", "php", "java", "go"):
        in_order(support_dates.RUNTIMES[name])
    in_order(support_dates.SYSTEMS["debian"])
    in_order(support_dates.SYSTEMS["alpine"])
    in_order(support_dates.PACKAGES["pkg:gem/rails"])


def in_order(row: support_dates.Row) -> None:
    cycles = sorted(row.cycles, key=lambda cycle: [int(part) for part in cycle.split(".")])
    ends = [row.cycles[cycle] for cycle in cycles]
    assert ends == sorted(ends), row


def test_a_season_changes_on_each_day_that_changes_an_answer_and_on_no_other_day_of_the_table(side: MakeSide) -> None:
    day, seen = date(2026, 9, 1), []
    while day < date(2027, 7, 1):
        seen.append((season(day), tuple(found(php(side), day))))
        day += timedelta(days=1)
    answers = [answer for _, answer in seen]
    for (one, before), (other, after) in itertools.pairwise(seen):
        assert one != other or before == after
    assert len(set(answers)) == 4
    assert len({number for number, _ in seen}) < 60


def test_sentences_tell_the_day() -> None:
    def said(support: str) -> Subject:
        view = View("production", "present", "8.2.30", support=support)
        return Subject("runtime", "php", "end-of-life", None, "supported", view, view)

    assert sentence(said("ends 31 Dec 2026")) == "production runs PHP 8.2.30, which gets fixes until 31 Dec 2026"
    assert consequence(said("ends 31 Dec 2026")) == "After that it gets no fixes any more."
    assert sentence(said("ended 31 Dec 2026")) == "production runs PHP 8.2.30, which has had no fixes since 31 Dec 2026"
