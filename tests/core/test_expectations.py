"""Which expectation of a policy counts for a pair (gaps.md, Tools)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from paritycheck.core.expectations import judge
from paritycheck.core.facts import Fact, Side, absent, present
from paritycheck.core.policy import default_policy, read_policy

if TYPE_CHECKING:
    from tests.core.conftest import MakeSide

DJANGO = "pkg:pypi/django"


def rules(left: Side, right: Side, text: str) -> list[tuple[str, str]]:
    return [(found.name, found.rule) for found in judge(left, right, read_policy(text)).findings]


def databases(side: MakeSide, here: str, baseline: str) -> tuple[Side, Side]:
    return (
        side("staging", services=[present("database", here, kind="postgresql")]),
        side("production", services=[present("database", baseline, kind="postgresql")]),
    )


@pytest.mark.parametrize(
    ("expectation", "here", "broken"),
    [
        ("same", "16.8", True),
        ("same-minor", "16.8", True),
        ("same-major", "16.8", False),
        ("same-major", "15.4", True),
        ("present", "13.1", False),
        ("ignore", "13.1", False),
        ("absent", "16.9", True),
    ],
)
def test_each_expectation_lets_its_distance_pass(side: MakeSide, expectation: str, here: str, broken: bool) -> None:  # noqa: FBT001 (a column of the table)
    text = f'[tools.services]\ndatabase = "{expectation}"'
    found = rules(*databases(side, here, "16.9"), text)
    assert found == ([("database", "unwanted" if expectation == "absent" else "version")] if broken else [])


def test_a_key_of_services_matches_the_kind_or_the_handle_and_the_more_specific_wins(side: MakeSide) -> None:
    sides = databases(side, "16.8", "16.9")
    assert rules(*sides, '[tools.services]\n"*" = "same-minor"\npostgresql = "same-major"') == []
    assert rules(*sides, '[tools.services]\n"*" = "same-major"\n"data*" = "same"') == [("database", "version")]
    assert rules(*sides, '[tools.services]\npostgresql = "same-major"\n"data*" = "same"') == []


def test_where_kind_and_handle_are_equally_specific_the_handle_counts(side: MakeSide) -> None:
    text = '[tools.services]\npostgresql = "same-major"\ndatabase = "same"'
    assert rules(*databases(side, "16.8", "16.9"), text) == [("database", "version")]
    wild = '[tools.services]\n"post*" = "same-major"\n"data*" = "same"'
    assert rules(*databases(side, "16.8", "16.9"), wild) == [("database", "version")]


def test_settings_go_by_handle_or_kind_too(side: MakeSide) -> None:
    def made(slug: str, zone: str) -> Side:
        database = present("database", "16.9", kind="postgresql")
        return side(slug, services=[database, present("database.setting.timezone", zone)])

    sides = (made("staging", "UTC"), made("production", "Europe/Berlin"))
    assert rules(*sides, "") == [("database.setting.timezone", "value")]
    assert rules(*sides, '[tools.services]\n"postgresql.setting.*" = "ignore"') == []
    assert rules(*sides, '[tools.services]\n"database.setting.timezone" = "present"') == []


def test_a_pairs_own_table_goes_before_the_general_one_and_holds_for_that_pair_alone(side: MakeSide) -> None:
    text = '[tools.services]\ndatabase = "same"\n[tools."staging..production".services]\n"*" = "same-major"'
    staging, production = databases(side, "16.8", "16.9")
    ci = side("ci", tier="testing", services=[present("database", "16.8", kind="postgresql")])
    assert rules(staging, production, text) == []
    assert rules(ci, production, text) == [("database", "version")]


def test_direct_and_transitive_say_what_no_glob_says(side: MakeSide) -> None:
    def made(slug: str, version: str) -> Side:
        names = [present(DJANGO, version, scope="direct"), present("pkg:pypi/sqlparse", version, scope="transitive")]
        return side(slug, dependencies=names)

    sides = (made("development", "1.0.1"), made("production", "1.0.2"))
    assert rules(*sides, "") == []
    text = '[tools.dependencies]\ndirect = "same"\ntransitive = "same"'
    assert rules(*sides, text) == [(DJANGO, "version"), ("pkg:pypi/sqlparse", "version")]
    assert rules(*sides, text + '\nignore = ["pkg:pypi/sql*"]') == [(DJANGO, "version")]
    assert rules(*sides, text + f'\n"{DJANGO}" = "same-minor"') == [("pkg:pypi/sqlparse", "version")]


def test_an_expected_absence_holds_where_nobody_has_it(side: MakeSide) -> None:
    text = f'[tools.dependencies]\nabsent = ["{DJANGO}"]'
    having, lacking = [present(DJANGO, "5.2", scope="direct")], list[Fact]()
    assert rules(side("staging", dependencies=lacking), side("production", dependencies=lacking), text) == []
    assert rules(side("staging", dependencies=having), side("production", dependencies=having), text) == [
        (DJANGO, "unwanted")
    ]
    assert rules(side("staging", dependencies=lacking), side("production", dependencies=having), text) == [
        (DJANGO, "unwanted")
    ]


def test_what_the_policy_ignores_weighs_nothing_and_is_never_left_open(side: MakeSide) -> None:
    staging = side("staging", covers={}, dependencies=[])
    production = side("production", dependencies=[present(DJANGO, "5.2")])
    judged = judge(staging, production, read_policy('[tools.dependencies]\nignore = ["pkg:pypi/*"]'))
    assert [row.weight for row in judged.rows] == [0.0]
    assert judged.unknown == frozenset()
    assert judged.settles("dependencies", DJANGO, "version")


def test_the_users_words_go_before_the_shipped_lists(side: MakeSide) -> None:
    staging, production = side("staging", config=[absent("HOSTNAME")]), side("production", config=[present("HOSTNAME")])
    assert rules(staging, production, '[tools.config]\nexpect = "present"') == []
    assert rules(staging, production, '[tools.config]\npresent = ["HOST*"]') == [("HOSTNAME", "missing")]


def test_a_finding_says_what_was_expected(side: MakeSide) -> None:
    judged = judge(*databases(side, "13.1", "16.9"), read_policy('[tools.services]\npostgresql = "same-major"'))
    assert judged.findings[0].expectation == "same-major"


def test_two_thousand_dependencies_that_are_nearly_all_equal_are_judged_in_a_blink(side: MakeSide) -> None:
    def made(slug: str, changed: int) -> Side:
        names = [f"pkg:pypi/package-{number:04}" for number in range(2000)]
        return side(
            slug,
            dependencies=[
                present(name, "1.2.4" if number < changed else "1.2.3", scope="direct", groups=["production"])
                for number, name in enumerate(names)
            ],
        )

    staging, production = made("staging", 10), made("production", 0)
    policy = read_policy('[tools.dependencies]\nignore = ["pkg:pypi/pytest*", "*-stubs", "pkg:npm/@types/*"]')
    seconds = min(_cpu_seconds(staging, production) for _ in range(3))
    assert len(judge(staging, production, policy).findings) == 10
    assert seconds < 0.1


def _cpu_seconds(left: Side, right: Side) -> float:
    before = time.process_time()
    judge(left, right, default_policy())
    return time.process_time() - before
