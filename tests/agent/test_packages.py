"""Packages of several places become one fact each; Python versions get their normal form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import parse_sdist_filename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from paritycheck_agent.packages import Package, archived, fact_of, facts_of, header_lines, pep440, reach

NAME = "pkg:pypi/a"
# The grammar of PEP 440 with every spelling that it reads.
WRITTEN = st.from_regex(
    r"v?([0-9]{1,2}!)?[0-9]{1,4}(\.[0-9]{1,4}){0,4}"
    r"([-_.]?(a|b|c|rc|alpha|beta|pre|preview)([-_.]?[0-9]{0,3}))?"
    r"(-[0-9]{1,3}|[-_.]?(post|rev|r)[-_.]?[0-9]{0,3})?([-_.]?dev[-_.]?[0-9]{0,3})?"
    r"(\+[A-Za-z0-9]{1,4}([-_.][A-Za-z0-9]{1,4}){0,2})?",
    fullmatch=True,
)


@given(WRITTEN, st.sampled_from(["", " ", "\n"]), st.booleans())
def test_the_normal_form_is_the_one_of_packaging(written: str, blank: str, upper: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    written = blank + (written.upper() if upper else written) + blank
    assert pep440(written) == str(Version(written))


@given(st.text(max_size=30))
def test_what_is_no_version_stays_as_written(text: str) -> None:
    try:
        expected = str(Version(text))
    except InvalidVersion:
        expected = text.strip()
    assert pep440(text) == expected


def test_a_version_of_a_million_digits_costs_nothing() -> None:
    assert pep440("1" * 1_000_000) == "1" * 1_000_000


@pytest.mark.parametrize(
    "name",
    [
        "a_b-1.0-py3-none-any.whl",
        "a.b-1.0+cpu-1-cp311-cp311-manylinux_2_17_x86_64.whl",
        "x-2!1.0rc1-py2.py3-none-any.whl",
    ],
)
def test_the_name_of_a_wheel_tells_name_and_version(name: str) -> None:
    wheel, version, *_ = parse_wheel_filename(name)
    found, said = archived(f"https://example.com/x/{name}?a=b")
    assert (found.lower().replace("_", "-").replace(".", "-"), said) == (wheel, str(version))


@pytest.mark.parametrize("name", ["a-b-1.0.tar.gz", "a_b-1.0.post2.zip"])
def test_the_name_of_a_source_archive_tells_name_and_version(name: str) -> None:
    sdist, version = parse_sdist_filename(name)
    found, said = archived(name)
    assert (found.replace("_", "-"), said) == (sdist, str(version))


def test_what_is_no_archive_tells_nothing() -> None:
    assert archived("https://example.com/a.git") == ("", None)


def test_production_wins_over_development_and_direct_over_transitive() -> None:
    places = [
        Package(NAME, "1.0", "x:1", direct=False, groups=["development"]),
        Package(NAME, "1.0", "x:2", direct=True, groups=["development"]),
        Package(NAME, "1.0", "x:3", direct=False, groups=["production"]),
    ]
    assert fact_of(NAME, places) == {"name": NAME, "value": "1.0", "scope": "direct", "sources": ["x:1", "x:2", "x:3"]}
    assert fact_of(NAME, places[:2])["groups"] == ["development"]


def test_scope_is_left_out_where_no_place_tells() -> None:
    assert "scope" not in fact_of(NAME, [Package(NAME, "1.0", "x:1")])
    assert (
        fact_of(NAME, [Package(NAME, "1.0", "x:1"), Package(NAME, "1.0", "x:2", direct=False)])["scope"] == "transitive"
    )


def test_versions_are_a_sorted_set_and_a_pin_wins_over_an_open_place() -> None:
    places = [Package(NAME, version, f"x:{line}") for line, version in enumerate(["2.0", None, "1.0", "2.0"])]
    assert fact_of(NAME, places)["value"] == ["1.0", "2.0"]
    assert fact_of(NAME, places[1:2]) == {"name": NAME, "unknown": "unpinned", "sources": ["x:1"]}


def test_at_most_eight_sources_are_named_once_each() -> None:
    places = [Package(NAME, "1.0", f"x:{line // 2}") for line in range(40)]
    assert fact_of(NAME, places)["sources"] == [f"x:{line}" for line in range(8)]


def test_facts_are_sorted_by_name() -> None:
    facts = facts_of([Package(f"pkg:pypi/{name}", "1", "x") for name in "bca"])
    assert [fact["name"] for fact in facts] == ["pkg:pypi/a", "pkg:pypi/b", "pkg:pypi/c"]


@given(st.dictionaries(st.integers(0, 9), st.lists(st.integers(0, 9))), st.sets(st.integers(0, 9)))
def test_reach_is_closed_and_holds_nothing_that_is_not_reached(edges: dict[int, list[int]], starts: set[int]) -> None:
    found = reach(starts, lambda node: edges.get(node, []))
    assert starts <= found
    assert all(target in found for node in found for target in edges.get(node, []))
    for node in found - starts:
        assert any(node in edges.get(other, []) for other in found)


def test_header_lines_are_those_of_the_headers_alone() -> None:
    text = '[[package]]\nname = "[[package]]"\n\n[[package]]  # x\r\n [[package]]\n[[packages]]\n[[package]]'
    assert header_lines(text, "package") == [1, 4, 7]
