"""Several instances, one environment (api.md)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck.core.facts import Fact, Section, State, absent, present, unknown
from paritycheck.core.merge import Tally, merge, tallies


def section(
    *facts: Fact, name: str = "dependencies", covers: tuple[str, ...] = (), reason: str | None = None
) -> Section:
    return Section(name, {fact.name: fact for fact in facts}, covers, reason)


def merged(*parts: Section, cohort: bool = False, tie: Section | None = None) -> Section:
    return merge([(f"web-{number}", part) for number, part in enumerate(parts)], cohort=cohort, tie=tie)


def test_present_on_one_and_not_covered_on_another_is_present() -> None:
    assert merged(section(present("a", "1")), section()).look_up("a").values == ("1",)


def test_two_values_are_skew_and_so_is_present_against_covered_absence() -> None:
    two = merged(section(present("a", "1", kind="redis")), section(present("a", "2", kind="redis")))
    assert (two.look_up("a").state, two.look_up("a").reason, two.look_up("a").kind) == (State.UNKNOWN, "skew", "redis")
    gone = merged(section(present("a", "1")), section(covers=("a",)))
    assert gone.look_up("a").reason == "skew"


def test_an_instance_that_does_not_know_does_not_disagree() -> None:
    refused = section(unknown("a", "connection-refused"))
    assert merged(section(present("a", "1")), refused).look_up("a").values == ("1",)
    assert merged(section(), refused).look_up("a").reason == "connection-refused"
    failed = section(reason="collector-failed")
    assert merged(failed, section(present("a", "1"))).look_up("a").values == ("1",)
    assert merged(failed, section(reason="timeout")).reason == "collector-failed"


def test_what_any_instance_covers_is_covered() -> None:
    both = merged(section(covers=("pkg:npm/",)), section(present("x", "1"), covers=("pkg:pypi/",)))
    assert both.covers == ("pkg:npm/", "pkg:pypi/")


def test_configuration_disagrees_by_plain_value_fingerprint_and_emptiness_but_not_by_shape() -> None:
    def pair(one: dict[str, object], other: dict[str, object]) -> str | None:
        return merged(section(present("K", **one)), section(present("K", **other))).look_up("K").reason  # type: ignore[arg-type]

    assert pair({"plain": "a"}, {"plain": "b"}) == "skew"
    assert pair({"fps": ["pc1:a:x"]}, {"fps": ["pc1:a:y"]}) == "skew"
    assert pair({"shape": "empty"}, {"shape": "text"}) == "skew"
    assert pair({"shape": "int"}, {"shape": "text"}) is None
    assert pair({"fps": ["pc1:a:x"]}, {"fps": ["pc1:b:y"]}) is None


def test_fingerprints_under_the_keys_of_all_instances_are_kept() -> None:
    both = merged(section(present("K", fps=["pc1:b:y"])), section(present("K", fps=["pc1:a:x"])))
    assert both.look_up("K").words("fps") == ("pc1:a:x", "pc1:b:y")


def test_a_cohort_takes_the_most_frequent_state_and_has_no_skew() -> None:
    sixteen, thirteen = section(present("db", "16")), section(present("db", "13"))
    assert merged(sixteen, thirteen, sixteen, cohort=True).look_up("db").values == ("16",)
    nobody = section(covers=("db",))
    assert merged(nobody, sixteen, nobody, cohort=True).look_up("db").state is State.ABSENT
    silent = section(unknown("db", "timeout"))
    assert merged(silent, silent, thirteen, cohort=True).look_up("db").values == ("13",)


def test_a_draw_in_a_cohort_goes_to_the_baselines_value_else_to_the_first_in_order() -> None:
    sixteen, thirteen = section(present("db", "16")), section(present("db", "13"))
    assert merged(thirteen, sixteen, cohort=True, tie=sixteen).look_up("db").values == ("16",)
    assert merged(sixteen, thirteen, cohort=True).look_up("db").values == ("13",)
    assert merged(sixteen, thirteen, cohort=True, tie=section(present("db", "9"))).look_up("db").values == ("13",)


def test_who_reports_what_is_told_for_what_differs_only() -> None:
    parts = [
        ("b", section(present("db", "16"), present("same", "1"))),
        ("a", section(present("db", "13"), present("same", "1"))),
        ("c", section(present("db", "16"), present("same", "1"))),
    ]
    assert tallies(parts) == {
        "db": (
            Tally(State.PRESENT, None, ("16",), ("b", "c")),
            Tally(State.PRESENT, None, ("13",), ("a",)),
        )
    }


def test_no_instance_makes_no_section() -> None:
    with pytest.raises(ValueError, match="one instance"):
        merge([])


names = st.sampled_from("abc")
facts = st.one_of(
    st.builds(present, names, st.sampled_from("123")),
    st.builds(absent, names),
    st.builds(unknown, names, st.sampled_from(["timeout", "auth-required"])),
)
sections = st.builds(
    lambda found, covers: section(*found, covers=tuple(covers)), st.lists(facts, max_size=4), st.sets(names, max_size=2)
)


@given(sections, st.integers(1, 4), st.booleans())
def test_equal_parts_merge_to_themselves(part: Section, count: int, cohort: bool) -> None:  # noqa: FBT001 (hypothesis gives it by position)
    assert merged(*[part] * count, cohort=cohort) == part


@given(st.lists(sections, min_size=1, max_size=4), st.booleans(), st.randoms())
def test_the_order_in_which_instances_come_does_not_matter(parts: list[Section], cohort: bool, random: object) -> None:  # noqa: FBT001 (hypothesis gives it by position)
    named = [(f"web-{number}", part) for number, part in enumerate(parts)]
    shuffled = list(named)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert merge(shuffled, cohort=cohort) == merge(named, cohort=cohort)


@given(st.lists(sections, min_size=2, max_size=4))
def test_a_value_in_the_merged_section_is_one_that_an_instance_reported(parts: list[Section]) -> None:
    for fact in merged(*parts).facts.values():
        if fact.state is State.PRESENT:
            assert any(part.look_up(fact.name) == fact for part in parts)
