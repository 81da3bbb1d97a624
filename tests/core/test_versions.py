from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from paritycheck.core.versions import gap, gap_between, highest

SERVICES = [
    ("postgresql", "16.9", "16.9", 0),
    ("postgresql", "16.8", "16.9", 2),
    ("postgresql", "16.9", "17.1", 3),
    ("postgresql", "9.6.1", "9.6.24", 2),
    ("postgresql", "9.5.1", "9.6.1", 3),
    ("postgresql", "9.6.24", "10.1", 3),
    ("postgresql", "17beta1", "17.0", 1),
    ("mysql", "8.0.36", "8.4.0", 3),
    ("mysql", "8.0.35", "8.0.36", 1),
    ("mysql", "5.7.44", "8.0.36", 3),
    ("mariadb", "10.6.16", "10.11.6", 3),
    ("redis", "7.2.4", "7.10.0", 2),
    ("redis", "7.2.4", "7.2.5", 1),
    ("redis", "6.2.14", "7.2.5", 3),
    ("rabbitmq", "3.12.1", "3.13.0", 2),
    ("python", "3.11.9", "3.12.4", 2),
    ("mysql", "8.0.36-28", "8.0.36-29", 1),
]


@pytest.mark.parametrize(("kind", "left", "right", "expected"), SERVICES)
def test_services_count_as_their_engine_counts(kind: str, left: str, right: str, expected: int) -> None:
    assert gap(kind, left, right) == expected
    assert gap(kind, right, left) == expected


@pytest.mark.parametrize(
    ("kind", "coarse", "fine", "expected"),
    [
        ("postgresql", "16", "16.9", 0),
        ("postgresql", "16", "17.1", 3),
        ("mysql", "8", "8.4.1", 0),
        ("mysql", "8.0", "8.4.1", 3),
        ("redis", "7.2", "7.2.4", 0),
        ("python", "3.12", "3.12.4", 0),
        ("python", "3.12", "3.13.1", 2),
        ("mysql", "8.0.36", "8.0.36-28", 0),
        ("redis", "7.2.4", "7.2.4-alpine", 0),
    ],
)
def test_the_coarser_side_sets_the_precision(kind: str, coarse: str, fine: str, expected: int) -> None:
    assert gap(kind, coarse, fine) == expected
    assert gap(kind, fine, coarse) == expected


PACKAGES = [
    ("pkg:pypi", "5.2", "5.2.19", 1),
    ("pkg:pypi", "5.1.9", "5.2.0", 2),
    ("pkg:pypi", "4.2", "5.2", 3),
    ("pkg:pypi", "1.0", "1.0.0", 0),
    ("pkg:pypi", "1!1.0", "1.0", 3),
    ("pkg:pypi", "1.0rc1", "1.0", 1),
    ("pkg:pypi", "2.0+cpu", "2.0+cu118", 1),
    ("pkg:npm", "1.2.3", "1.2.10", 1),
    ("pkg:npm", "1.9.0", "1.10.0", 2),
    ("pkg:npm", "1.2.3-rc.1", "1.2.3", 1),
    ("pkg:deb", "15.18-0+deb12u1", "15.18-0+deb12u2", 1),
    ("pkg:deb", "15.18-0+deb12u1", "15.19-0+deb12u1", 2),
    ("pkg:deb", "1:2.0-1", "2.0-1", 3),
    ("pkg:apk", "1.2.3-r4", "1.2.3-r5", 1),
    ("pkg:golang", "v1.2.3", "v1.3.0", 2),
    ("pkg:maven", "1.0", "1.0.0", 0),
    ("pkg:gem", "7.0.8", "7.1.0", 2),
    ("pkg:cargo", "0.2.0", "0.3.0", 2),
    ("pkg:conda", "1.2", "1.2.1", 1),
    ("pkg:golang", "v0.0.0-20231019121449-6e47f9306e03", "v0.0.0-20240101000000-1e47f9306e03", 1),
    ("pkg:golang", "v1.2.4-0.20231019121449-6e47f9306e03", "v1.2.4", 1),
    ("pkg:golang", "v1.2.4-0.20231019121449-6e47f9306e03", "v1.3.0", 2),
    ("pkg:golang", "v2.8.0+incompatible", "v3.0.1+incompatible", 3),
    ("pkg:composer", "v2.4.1", "2.4.1", 0),
    ("pkg:composer", "2.4", "2.4.0", 0),
    ("pkg:composer", "2.4.1", "v2.10.0", 2),
    ("pkg:composer", "1.0.0-beta2", "1.0.0-RC1", 1),
    ("pkg:composer", "5.0.3", "5.0.3.1", 1),
    ("pkg:maven", "4.1.93.Final", "4.1.100.Final", 1),
    ("pkg:maven", "33.0.0-jre", "33.4.8-jre", 2),
    ("pkg:nuget", "1.0.0", "1.0.0.0", 0),
    ("pkg:nuget", "4.0.0-dev-02174", "4.0.0", 1),
    ("pkg:gem", "4.0.0.rc1", "4.0.0", 1),
    ("pkg:hex", "1.4.1", "2.0.0-rc.0", 3),
    ("pkg:pub", "0.9.7+15", "0.9.7+16", 1),
    ("pkg:pub", "0.9.7", "0.9.7+1", 1),
    ("pkg:cargo", "1.0.0-rc.2+build.5", "1.0.0-rc.10", 1),
    ("pkg:cocoapods", "0.55.4.React", "0.56.0.React", 2),
    ("pkg:cocoapods", "2016.09.26.00", "2016.10.31.00", 2),
    ("pkg:cocoapods", "1.0.0-beta.2", "1.0.0", 1),
]


@pytest.mark.parametrize(("scheme", "left", "right", "expected"), PACKAGES)
def test_packages_go_by_their_ecosystem_and_are_exact(scheme: str, left: str, right: str, expected: int) -> None:
    assert gap(scheme, left, right) == expected
    assert gap(scheme, right, left) == expected


@pytest.mark.parametrize(
    ("scheme", "left", "right"),
    [
        ("pkg:pypi", "banana", "1.0"),
        ("pkg:composer", "dev-master", "1.0.0"),
        ("pkg:composer", "2.x-dev", "2.0.0"),
        ("pkg:composer", "dev-main#50dee1450dcc314812b14462323e2c6de1575eee", "dev-main"),
        ("pkg:hex", "6e47f9306e0344f0327bd785fd5b44b4874bc238", "1.0.0"),
        ("pkg:hex", "88ab3a0d790e6a47404cba02800a6b25d2afae50", "99ab3a0d790e6a47404cba02800a6b25d2afae50"),
        ("pkg:npm", "6e47f9306e0344f0327bd785fd5b44b4874bc238", "1.0.0"),
        ("pkg:conda", "6447f9306e0344f0327bd785fd5b44b4874bc238", "1.0.0"),
        ("pkg:maven", "Finchley.SR1", "Greenwich.SR1"),
        ("redis", "latest", "7.2"),
        ("redis", "7.2.4-foo", "7.2.4-bar"),
        ("postgresql", "", "16"),
    ],
)
def test_what_has_no_order_is_incomparable_and_never_guessed(scheme: str, left: str, right: str) -> None:
    assert gap(scheme, left, right) is None
    assert gap(scheme, right, left) is None


def test_several_versions_are_as_far_apart_as_their_highest_and_at_least_a_patch() -> None:
    assert gap_between("pkg:npm", ("1.0.0", "2.0.0"), ("2.0.0",)) == 1
    assert gap_between("pkg:npm", ("1.0.0", "2.0.0"), ("1.0.0", "3.0.0")) == 3
    assert gap_between("pkg:npm", ("9.0.0", "10.0.0"), ("10.1.0",)) == 2
    assert gap_between("pkg:npm", ("1.0.0", "2.0.0"), ("1.0.0", "2.0.0")) == 0
    assert gap_between("pkg:npm", ("not a version", "2.0.0"), ("2.0.0",)) is None


def test_the_highest_is_by_order_and_not_by_spelling() -> None:
    assert highest("pkg:pypi", ("1.10", "1.9", "1.9.post1")) == "1.10"
    assert highest("redis", ("7.2.4", "7.10.0")) == "7.10.0"
    assert highest("pkg:deb", ("1.0-1", "1:0.9-1")) == "1:0.9-1"
    assert highest("pkg:maven", ("33.4.8-jre", "33.10.0-jre")) == "33.10.0-jre"
    assert highest("pkg:nuget", ("12.0.3", "13.0.3", "9.0.1")) == "13.0.3"
    assert highest("pkg:cargo", ("0.3.1", "1.0.0-rc.2+build.5")) == "1.0.0-rc.2+build.5"
    assert highest("pkg:hex", ("88ab3a0d790e6a47404cba02800a6b25d2afae50", "1.0.0")) is None


RISING = {
    "composer": [
        "1.0.0-dev", "1.0.0-alpha", "1.0.0-alpha1", "1.0.0a2", "1.0.0-beta1", "1.0.0-beta2", "v1.0.0-beta10",
        "1.0.0-RC1", "1.0.0", "1.0.0-p1", "1.0.0.1", "1.0.1", "1.2.0", "1.10.0", "2.0.0-beta", "2.0", "10.0",
    ],
    "golang": [
        "v0.0.0-20191109021931-daa7c04131f5", "v0.0.0-20231019121449-6e47f9306e03", "v1.2.3",
        "v1.2.4-0.20231019121449-6e47f9306e03", "v1.2.4-rc.2", "v1.2.4-rc.10", "v1.2.4", "v1.10.0",
        "v2.0.0+incompatible",
    ],
    "maven": ["1.0-alpha-1", "1.0-beta-1", "1.0-rc1", "1.0-SNAPSHOT", "1.0", "1.0.1", "1.2", "1.10"],
    "nuget": ["1.0.0-alpha", "1.0.0-beta.2", "1.0.0-beta.10", "1.0.0", "1.0.0.1", "1.0.1", "1.10.0"],
    "gem": ["1.0.0.a", "1.0.0.beta2", "1.0.0.rc2", "1.0.0.rc10", "1.0.0", "1.0.1", "1.2", "1.10"],
    "cocoapods": ["1.0.0-beta.2", "1.0.0", "1.2.0", "1.10.0"],
    "hex": ["1.0.0-dev", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0", "1.2.0", "1.10.0"],
    "cargo": ["1.0.0-alpha", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0", "1.2.0", "1.10.0"],
    "pub": ["1.0.0-dev.1", "1.0.0-dev.1+2", "1.0.0-dev.10", "1.0.0", "1.0.0+1", "1.0.0+2", "1.0.0+10", "1.2.0"],
}  # fmt: skip


@pytest.mark.parametrize("ecosystem", RISING)
def test_each_ecosystem_has_its_own_order(ecosystem: str) -> None:
    rising = RISING[ecosystem]
    for at, newer in enumerate(rising):
        for older in rising[:at]:
            assert highest(f"pkg:{ecosystem}", (newer, older)) == newer
            assert highest(f"pkg:{ecosystem}", (older, newer)) == newer
            assert gap(f"pkg:{ecosystem}", older, newer) in {1, 2, 3}


numbers = st.lists(st.integers(0, 40), min_size=1, max_size=4)
suffixes = st.sampled_from(["", "a1", "rc2", ".post1", ".dev3"])
releases = st.builds(lambda parts, suffix: ".".join(map(str, parts)) + suffix, numbers, suffixes)


@given(releases, releases)
def test_two_releases_are_at_distance_0_exactly_where_packaging_calls_them_equal(left: str, right: str) -> None:
    assert (gap("pkg:pypi", left, right) == 0) == (Version(left) == Version(right))


@given(st.lists(releases, min_size=1, max_size=6))
def test_the_highest_is_packagings_maximum(versions: list[str]) -> None:
    found = highest("pkg:pypi", versions)
    assert found is not None
    assert Version(found) == max(map(Version, versions))


@given(releases, releases, releases)
def test_between_two_versions_nothing_is_farther_than_the_ends(one: str, two: str, three: str) -> None:
    low, middle, high = sorted((one, two, three), key=Version)
    ends = gap("pkg:pypi", low, high)
    inner = (gap("pkg:pypi", low, middle), gap("pkg:pypi", middle, high))
    assert ends is not None
    assert all(step is not None and step <= ends for step in inner)


PACKAGE_SCHEMES = [
    "alpm",
    "apk",
    "cocoapods",
    "composer",
    "conan",
    "conda",
    "deb",
    "ebuild",
    "gem",
    "golang",
    "maven",
    "npm",
    "nuget",
    "pypi",
    "rpm",
]
schemes = st.sampled_from([f"pkg:{name}" for name in PACKAGE_SCHEMES] + ["postgresql", "mysql", "redis", "python"])
texts = st.text(st.sampled_from("0123456789.-+~:abrcvpost^_ é"), max_size=12)


@given(schemes, texts, texts)
def test_any_two_texts_have_a_symmetrical_distance_or_none(scheme: str, left: str, right: str) -> None:
    found = gap(scheme, left, right)
    assert found in {None, 0, 1, 2, 3}
    assert gap(scheme, right, left) == found
    assert gap(scheme, left, left) == 0


@given(schemes, st.lists(texts, min_size=1, max_size=4))
def test_the_highest_of_any_texts_is_one_of_them_or_none(scheme: str, versions: list[str]) -> None:
    assert highest(scheme, versions) in {None, *versions}


def test_univers_is_imported_by_the_first_package_that_needs_it_and_not_before() -> None:
    program = """
import sys
from paritycheck.core import expectations, versions
for scheme, left, right in ("pkg:pypi", "1", "2"), ("pkg:npm", "1.0.0", "1.0.0"), ("redis", "6", "7"):
    versions.gap(scheme, left, right)
assert "univers" not in sys.modules
versions.gap("pkg:npm", "1.0.0", "1.0.1")
assert "univers" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
