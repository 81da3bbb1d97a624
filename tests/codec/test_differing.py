"""Comparing bodies as bytes says what comparing every fact says, for whatever differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paritycheck.codec.comparing import Taken, compare_bodies, compare_whole
from paritycheck.codec.differing import differing, line_of, lines_with
from paritycheck.codec.facts import section_from
from paritycheck.core.comparison import Relation
from paritycheck_agent.wire.canonical import split

if TYPE_CHECKING:
    from collections.abc import Mapping

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
NAMES = st.sampled_from(["pkg:pypi/", "pkg:deb/debian/", "pkg:npm/%40é/"]).flatmap(
    lambda prefix: st.integers(0, 30).map(lambda number: f"{prefix}p{number}")
)
FACT = st.one_of(
    st.builds(lambda value: {"value": value}, st.sampled_from(["1", "2.0", '"unknown":', "x" * 300])),
    st.just({"absent": True}),
    st.just({"unknown": "unpinned"}),
    st.builds(
        lambda groups: {"value": "1", "groups": groups},
        st.lists(st.sampled_from(["dev", "production", "a]b"]), max_size=2),
    ),
)
FACTS = st.dictionaries(NAMES, FACT, max_size=40)
OS = st.sampled_from(["12", "13"])


def taken(facts: Mapping[str, Mapping[str, Any]], tier: str = "staging", system: str = "12") -> Taken:
    packages = [{"name": name, **said} for name, said in facts.items()]
    runtime = [{"name": "os", "kind": "debian", "value": system}]
    bodies = {
        "dependencies": split("dependencies", ["pkg:pypi/"], packages)[0],
        "runtime": split("runtime", [], runtime)[0],
    }
    return Taken("a", tier, "persistent", bodies, {"services": "timeout"})


@settings(max_examples=60)
@given(FACTS, FACTS, st.sampled_from(["staging", "production"]), OS)
def test_it_finds_what_comparing_every_fact_finds(
    left: dict[str, Any], changes: dict[str, Any], tier: str, system: str
) -> None:
    one, other = taken(left), taken({**left, **changes}, tier, system)
    for pair in ((one, other), (other, one)):
        whole, found = compare_whole(*pair), compare_bodies(*pair)
        assert list(found.rows) == [row for row in whole if row.relation is not Relation.SAME]
        for section in ("dependencies", "runtime", "services"):
            same = [row for row in whole if row.section == section and row.relation is Relation.SAME]
            assert found.same.get(section, 0) == len(same)


@settings(max_examples=60)
@given(FACTS, FACTS, st.sampled_from(["staging", "production"]), OS)
def test_what_is_left_unsaid_is_the_right_sides_own_fact_and_what_is_left_out_is_told(
    left: dict[str, Any], changes: dict[str, Any], tier: str, system: str
) -> None:
    one, other = taken(left), taken({**left, **changes}, tier, system)
    for pair in ((one, other), (other, one)):
        whole, found = compare_whole(*pair), compare_bodies(*pair)
        base = {
            (name, key): fact
            for name in pair[1].bodies
            for key, fact in section_from(pair[1].bodies[name]).facts.items()
        }
        said = {(row.section, row.name): row for row in (*found.rows, *found.alike)}
        assert {(row.section, row.name) for row in whole} == (base.keys() | said.keys()) - found.left_out
        for row in whole:
            kept = said.get((row.section, row.name))
            assert (row == kept) if kept else (row.left == row.right == base[row.section, row.name])


@pytest.mark.parametrize("every", [1, 2, 7, 500, 100_000])
def test_however_much_differs_each_line_is_told_once(every: int) -> None:
    facts = [{"name": f"pkg:pypi/p{number:05}", "value": "1"} for number in range(1500)]
    changed = [{**fact, "value": "2"} if at % every == 0 else fact for at, fact in enumerate(facts) if at % 11]
    left, right = (split("dependencies", [], side)[0] for side in (facts, changed))
    found = differing(left, right, lambda run: lines_with(run, b'"unknown":'))
    one, other = left.splitlines()[1:], right.splitlines()[1:]
    mine, theirs = set(one), set(other)
    assert found.left == [line for line in one if line not in theirs]
    assert found.right == [line for line in other if line not in mine]
    assert found.others == len(mine & theirs)


def test_a_line_is_found_by_its_name_and_only_by_it() -> None:
    names = [f"n{number}" for number in range(1000)]
    body = split("config", [], [{"name": name, "sources": [name]} for name in names])[1]
    for name in names:
        line = line_of(body, name)
        assert line is not None
        assert line["sources"] == [name]
    assert [line_of(body, name) for name in ("", "n", "n9999", "\U0001f600")] == [None] * 4
    assert line_of(split("config", [], [])[1], "n") is None
