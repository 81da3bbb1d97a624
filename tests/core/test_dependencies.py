"""Packages: order, scope, groups, several versions of one name (facts.md, gaps.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paritycheck.core.comparison import compare
from paritycheck.core.expectations import judge
from paritycheck.core.facts import Fact, Side, present, unknown
from paritycheck.core.parity import Parity, parity
from paritycheck.core.policy import default_policy

if TYPE_CHECKING:
    from tests.core.conftest import MakeSide

DJANGO = "pkg:pypi/django"
NODE_TYPES = "pkg:npm/%40types/node"


def found(left: Side, right: Side) -> list[tuple[str, str, str, int | None]]:
    return [(one.name, one.rule, one.severity, one.distance) for one in judge(left, right, default_policy()).findings]


def test_direct_dependencies_are_the_same_between_staging_and_production(side: MakeSide) -> None:
    staging = side("staging", dependencies=[present(DJANGO, "5.2.18", scope="direct")])
    production = side("production", dependencies=[present(DJANGO, "5.2.19", scope="direct")])
    assert found(staging, production) == [(DJANGO, "version", "error", 1)]


def test_elsewhere_direct_dependencies_may_differ_by_a_patch(side: MakeSide) -> None:
    production = side("production", dependencies=[present(DJANGO, "5.2.19", scope="direct")])
    patch = side("development", dependencies=[present(DJANGO, "5.2.18", scope="direct")])
    minor = side("development", dependencies=[present(DJANGO, "5.1.0", scope="direct")])
    assert found(patch, production) == []
    assert found(minor, production) == [(DJANGO, "version", "warning", 2)]


def test_transitive_dependencies_are_notes_and_patches_pass(side: MakeSide) -> None:
    production = side("production", dependencies=[present(DJANGO, "5.2.19", scope="transitive")])
    patch = side("staging", dependencies=[present(DJANGO, "5.2.18", scope="transitive")])
    major = side("staging", dependencies=[present(DJANGO, "4.2.1", scope="transitive")])
    assert found(patch, production) == []
    assert found(major, production) == [(DJANGO, "version", "note", 3)]


def test_direct_wins_where_the_sides_differ(side: MakeSide) -> None:
    staging = side("staging", dependencies=[present(DJANGO, "4.2.1", scope="transitive")])
    production = side("production", dependencies=[present(DJANGO, "5.2.19", scope="direct")])
    assert found(staging, production) == [(DJANGO, "version", "error", 3)]


def test_a_package_that_one_side_lacks_is_missing_in_both_directions(side: MakeSide) -> None:
    with_it = [present(DJANGO, "5.2.19", scope="direct")]
    assert found(side("staging", dependencies=with_it), side("production", dependencies=[])) == [
        (DJANGO, "missing", "error", 4)
    ]
    assert found(side("staging", dependencies=[]), side("production", dependencies=with_it)) == [
        (DJANGO, "missing", "error", 4)
    ]


def test_a_container_without_a_lock_file_of_npm_says_nothing_about_npm(side: MakeSide) -> None:
    staging = side("staging", covers={"dependencies": ("pkg:pypi/",)}, dependencies=[])
    production = side("production", dependencies=[present(NODE_TYPES, "22.1.0", scope="direct")])
    judged = judge(staging, production, default_policy())
    assert judged.findings == ()
    assert judged.unknown == {("dependencies", NODE_TYPES)}


def test_sets_of_versions_that_differ_are_a_patch_apart_at_least(side: MakeSide) -> None:
    production = side("production", dependencies=[present(NODE_TYPES, "20.11.0", "22.1.0", scope="direct")])
    staging = side("staging", dependencies=[present(NODE_TYPES, "22.1.0", scope="direct")])
    assert found(staging, production) == [(NODE_TYPES, "version", "error", 1)]


def test_unequal_and_not_orderable_is_a_major(side: MakeSide) -> None:
    name = "pkg:composer/acme/shop"
    staging = side("staging", covers={}, dependencies=[present(name, "dev-master", scope="direct")])
    production = side("production", covers={}, dependencies=[present(name, "1.2.0", scope="direct")])
    assert found(staging, production) == [(name, "version", "error", 3)]


def test_a_version_that_is_not_pinned_is_unknown_and_no_drift(side: MakeSide) -> None:
    staging = side("staging", dependencies=[unknown(DJANGO, "unpinned")])
    production = side("production", dependencies=[present(DJANGO, "5.2.19", scope="direct")])
    judged = judge(staging, production, default_policy())
    assert judged.findings == ()
    assert not judged.settles("dependencies", DJANGO, "version")


def test_development_groups_are_compared_within_one_tier_only(side: MakeSide) -> None:
    ruff = "pkg:pypi/ruff"
    old = [present(ruff, "0.1.0", scope="direct", groups=["development"])]
    new = [present(ruff, "0.9.0", scope="direct", groups=["lint"])]
    production = side("production", dependencies=new)
    assert compare(side("staging", dependencies=old), production) == ()
    assert compare(side("staging", dependencies=[]), production) == ()
    assert len(compare(side("eu", tier="production", dependencies=old), production)) == 1


def test_a_package_that_ships_on_one_side_is_compared_everywhere(side: MakeSide) -> None:
    ruff = "pkg:pypi/ruff"
    staging = side("staging", dependencies=[present(ruff, "0.1.0", scope="direct", groups=["development"])])
    production = side("production", dependencies=[present(ruff, "0.9.0", scope="direct")])
    assert found(staging, production) == [(ruff, "version", "error", 2)]


def test_packages_of_the_system_are_notes_between_servers_and_ignored_on_laptops(side: MakeSide) -> None:
    name = "pkg:deb/debian/libpq5"
    production = side("production", covers={}, dependencies=[present(name, "15.18-0+deb12u1")])
    staging = side("staging", covers={}, dependencies=[present(name, "13.1-1")])
    laptops = side("laptops", tier="development", kind="cohort", covers={}, dependencies=[present(name, "13.1-1")])
    assert found(staging, production) == [(name, "version", "note", 3)]
    assert found(laptops, production) == []


SYSTEM = [present(f"pkg:deb/debian/d{number}", f"{number}.1") for number in range(1, 301)]
UPGRADED = [present(f"pkg:deb/debian/d{number}", f"{number}.2") for number in range(1, 301)]
APP = [present(f"pkg:pypi/p{number}", "1.0", scope="direct") for number in range(20)]
PYTHON, DEBIAN = ("pkg:pypi/",), ("pkg:pypi/", "pkg:deb/debian/")


def test_a_side_whose_system_is_not_reported_costs_no_coverage_and_opens_nothing(side: MakeSide) -> None:
    """Packages of the system are reported of images: a host beside a container was never asked."""
    host = side("staging", covers={"dependencies": PYTHON}, dependencies=APP)
    container = side("production", covers={"dependencies": DEBIAN}, dependencies=[*APP, *SYSTEM])
    judged = judge(host, container, default_policy())
    assert (parity(judged.rows), judged.findings) == (Parity(1.0, 1.0), ())
    # What was open stays open: nobody looked.
    assert not judged.settles("dependencies", "pkg:deb/debian/d7", "version")


def test_the_system_does_not_drown_what_the_application_needs(side: MakeSide) -> None:
    lacking = side("staging", covers={"dependencies": DEBIAN}, dependencies=[*APP[1:], *SYSTEM])
    whole = side("production", covers={"dependencies": DEBIAN}, dependencies=[*APP, *SYSTEM])
    found = parity(judge(lacking, whole, default_policy()).rows).value
    assert found is not None
    assert found < 0.97


def test_another_release_of_the_system_is_one_drift_and_not_three_hundred(side: MakeSide) -> None:
    def image(slug: str, release: str, packages: list[Fact]) -> Side:
        return side(
            slug,
            covers={"dependencies": DEBIAN},
            dependencies=packages,
            runtime=[present("os", release, kind="debian")],
        )

    assert found(image("staging", "13", UPGRADED), image("production", "12", SYSTEM)) == [
        ("os", "version", "warning", 3)
    ]
    later = found(image("staging", "12", UPGRADED), image("production", "12", SYSTEM))
    assert {(rule, severity) for _name, rule, severity, _distance in later} == {("version", "note")}
    assert len(later) == 300


def test_another_release_of_the_system_settles_what_was_open_of_its_packages(side: MakeSide) -> None:
    def image(slug: str, kind: str, packages: list[Fact]) -> Side:
        return side(slug, covers={}, dependencies=packages, runtime=[present("os", "12", kind=kind)])

    judged = judge(image("staging", "alpine", []), image("production", "debian", SYSTEM), default_policy())
    assert [(one.name, one.rule) for one in judged.findings] == [("os", "kind")]
    assert judged.settles("dependencies", "pkg:deb/debian/d7", "version")


def test_a_section_that_failed_is_unknown_name_by_name(side: MakeSide) -> None:
    staging = side("staging", dependencies="parse-failed")
    production = side("production", dependencies=[present(DJANGO, "5.2.19")])
    rows = compare(staging, production)
    assert [(row.relation.value, row.reason, row.distance) for row in rows] == [("unknown", "parse-failed", None)]
