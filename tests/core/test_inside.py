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
    judged = inside(side, default_policy(), lasting=skewed)
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
    judged = inside(production, default_policy(), lasting=[("services", "cache")])
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
    assert inside(staging, policy, lasting=[("services", "cache")]).findings == ()


def test_packages_of_the_system_that_differ_between_instances_are_notes(side: MakeSide) -> None:
    """Two images in one environment differ in hundreds of them."""
    libpq = "pkg:deb/debian/libpq5"
    staging = side("staging", dependencies=[unknown(libpq, "skew"), unknown(DJANGO, "skew")])
    skewed = [("dependencies", libpq), ("dependencies", DJANGO)]
    assert found(staging, *skewed) == [(libpq, "skew", "note", None), (DJANGO, "skew", "warning", None)]


CHAIN = ["0013_old", "0014_add_sku", "0015_drop_sku"]
SHOP = ("migrations", "django/shop")


def migrated(side: MakeSide, *applied: str, slug: str = "production", code: str = CHAIN[-1]) -> Side:
    fact = present("django/shop", *applied, code=code, chain=CHAIN)
    return side(slug, migrations=[fact if applied else absent("django/shop", code=code, chain=CHAIN)])


def test_migrations_that_the_database_lacks_are_behind_once_the_grace_is_over(side: MakeSide) -> None:
    """Factor XII. A deploy migrates before it or after."""
    assert found(migrated(side, "0014_add_sku")) == []
    assert found(migrated(side, "0014_add_sku"), SHOP) == [("django/shop", "behind", "error", 3)]
    assert found(migrated(side), SHOP) == [("django/shop", "behind", "error", 3)]
    finding = inside(migrated(side, "0014_add_sku"), default_policy(), [SHOP]).findings[0]
    assert (finding.left.values, finding.right.values) == (("0015_drop_sku",), ("0014_add_sku",))


def test_a_laptop_whose_owner_has_not_migrated_yet_is_a_note(side: MakeSide) -> None:
    assert found(migrated(side, "0014_add_sku", slug="development"), SHOP) == [("django/shop", "behind", "note", 3)]


def test_migrations_that_are_applied_are_not_behind_whatever_the_grace(side: MakeSide) -> None:
    applied = migrated(side, "0015_drop_sku")
    assert found(applied, SHOP) == []
    assert inside(applied, default_policy()).settles(*SHOP, "behind")


def test_a_database_ahead_of_its_code_neither_opens_nor_resolves(side: MakeSide) -> None:
    """The next release's migrations ran first, or the code was rolled back: what it lacks cannot be told."""
    ahead = migrated(side, "0099_next")
    assert found(ahead, SHOP) == []
    assert not inside(ahead, default_policy()).settles(*SHOP, "behind")
    unread = side("production", migrations=[unknown("django/shop", "timeout", code="0015_drop_sku", chain=CHAIN)])
    assert not inside(unread, default_policy(), [SHOP]).settles(*SHOP, "behind")
