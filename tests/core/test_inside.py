"""Findings inside one environment, the pair e..e: declared, not-installed, not-locked, skew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paritycheck.core.expectations import inside
from paritycheck.core.facts import Side, absent, present, unknown
from paritycheck.core.policy import default_policy, read_policy

if TYPE_CHECKING:
    from tests.core.conftest import MakeSide

DJANGO = "pkg:pypi/django"


def found(side: Side, *skewed: tuple[str, str]) -> list[tuple[str, str, str, int | None]]:
    judged = inside(side, default_policy(), skewed=skewed)
    return [(one.name, one.rule, one.severity, one.distance) for one in judged.findings]


def test_what_is_declared_and_what_runs_differ(side: MakeSide) -> None:
    staging = side(
        "staging",
        services=[
            present("database", "16.9", kind="postgresql", declared="13"),
            present("cache", "7.2.5", kind="redis"),
        ],
        runtime=[present("python", "3.12.4", declared="3.11"), present("node", "22.1.0", declared="22")],
    )
    assert found(staging) == [("python", "declared", "warning", 2), ("database", "declared", "warning", 3)]
    database = inside(staging, default_policy()).findings[1]
    assert (database.left.values, database.right.values) == (("13",), ("16.9",))


def test_a_declaration_at_its_own_precision_or_without_order_is_no_finding(side: MakeSide) -> None:
    staging = side(
        "staging",
        services=[present("database", "16.9", kind="postgresql", declared="16")],
        runtime=[present("python", "3.12.4", declared=">=3.11")],
    )
    assert found(staging) == []


def test_what_is_locked_and_what_is_installed_differ(side: MakeSide) -> None:
    staging = side(
        "staging",
        dependencies=[
            present(DJANGO, "5.2.18", locked="5.2.19"),
            absent("pkg:pypi/redis", locked="5.0.1"),
            present("pkg:pypi/fine", "1.0"),
            present("pkg:pypi/stray", "1.0", locked=""),
        ],
    )
    assert found(staging) == [
        (DJANGO, "not-locked", "warning", 1),
        ("pkg:pypi/redis", "not-installed", "warning", 4),
        ("pkg:pypi/stray", "not-locked", "warning", 4),
    ]


def test_groups_of_development_need_not_be_installed_where_nobody_develops(side: MakeSide) -> None:
    ruff = [absent("pkg:pypi/ruff", locked="0.9", groups=["development"])]
    assert found(side("production", dependencies=ruff)) == []
    assert found(side("development", dependencies=ruff)) == [("pkg:pypi/ruff", "not-installed", "warning", 4)]


def test_skew_is_a_finding_once_the_caller_says_that_its_grace_is_over(side: MakeSide) -> None:
    production = side("production", services=[unknown("cache", "skew", kind="redis")])
    assert found(production) == []
    assert found(production, ("services", "cache")) == [("cache", "skew", "warning", None)]
    assert found(production, ("services", "gone"), ("services", "database")) == []


def test_skew_that_ended_in_another_unknown_is_neither_found_nor_settled(side: MakeSide) -> None:
    production = side("production", services=[unknown("cache", "connection-refused")])
    judged = inside(production, default_policy(), skewed=[("services", "cache")])
    assert judged.findings == ()
    assert not judged.settles("services", "cache", "skew")
    healed = side("production", services=[present("cache", "7.2", kind="redis")])
    assert inside(healed, default_policy()).settles("services", "cache", "skew")


def test_what_the_policy_ignores_is_not_looked_at(side: MakeSide) -> None:
    policy = read_policy('[tools.services]\n"*" = "ignore"\n[tools.dependencies]\nignore = ["*"]')
    staging = side(
        "staging",
        services=[present("database", "16.9", kind="postgresql", declared="13"), unknown("cache", "skew")],
        dependencies=[present(DJANGO, "5.2.18", locked="5.2.19")],
    )
    assert inside(staging, policy, skewed=[("services", "cache")]).findings == ()


def test_packages_of_the_system_that_differ_between_instances_are_notes(side: MakeSide) -> None:
    """Two images in one environment differ in hundreds of them."""
    libpq = "pkg:deb/debian/libpq5"
    staging = side("staging", dependencies=[unknown(libpq, "skew"), unknown(DJANGO, "skew")])
    skewed = [("dependencies", libpq), ("dependencies", DJANGO)]
    assert found(staging, *skewed) == [(libpq, "skew", "note", None), (DJANGO, "skew", "warning", None)]
