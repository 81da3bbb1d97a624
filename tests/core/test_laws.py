"""Laws that hold for any two sides whatever they report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from paritycheck.core.comparison import Relation, compare
from paritycheck.core.expectations import Finding, inside, judge
from paritycheck.core.facts import Fact, Section, Side, State, absent, present, unknown
from paritycheck.core.lifecycle import Change, Known, Transition, advance, apply, drift_identity
from paritycheck.core.parity import parity
from paritycheck.core.policy import Policy, default_policy, read_policy
from paritycheck.core.verdicts import Outcome, decide

if TYPE_CHECKING:
    from collections.abc import Mapping

LAW = settings(max_examples=40)
"""Sides are large: 40 of them are a second."""
POLICIES = st.sampled_from(
    [
        default_policy(),
        read_policy('[tools.services]\n"*" = "same"\n[tools.config]\nsame = ["A"]\nignore = ["B"]\nabsent = ["C"]'),
        read_policy('[tools.dependencies]\ndirect = "same-major"\n"pkg:npm/a" = "must-differ"\nabsent = ["pkg:npm/b"]'),
    ]
)
VERSIONS = st.sampled_from(["1.0.0", "1.0.1", "1.2.0", "2.0.0", "latest", "1"])
FPS = st.lists(st.sampled_from([f"pc1:{key}:{code}" for key in "kl" for code in "xy"]), max_size=2)


def facts(name: str, kinds: list[str | None], members: st.SearchStrategy[Any]) -> st.SearchStrategy[Fact]:
    """Mostly present, now and then absent or unknown."""

    def fact(dice: int, version: str, kind: str | None, more: dict[str, Any]) -> Fact:
        if dice == 0:
            return unknown(name, "timeout" if len(version) == 1 else "skew", kind=kind)
        return absent(name) if dice == 1 else present(name, version, kind=kind, **more)

    return st.builds(fact, st.integers(0, 6), VERSIONS, st.sampled_from(kinds), members)


def section(name: str, strategies: Mapping[str, st.SearchStrategy[Fact]], covers: str) -> st.SearchStrategy[Section]:
    def made(dice: int, found: dict[str, Fact], left_out: set[str]) -> Section:
        if dice == 0:
            return Section(name, {}, (), "collector-failed")
        kept = {key: fact for key, fact in found.items() if key not in left_out}
        return Section(name, kept, () if dice == 1 else (covers,))

    left_out = st.sets(st.sampled_from(sorted(strategies)), max_size=1)
    return st.builds(made, st.integers(0, 8), st.fixed_dictionaries(dict(strategies)), left_out)


SERVICE = st.fixed_dictionaries({}, optional={"fps": FPS, "resource": st.sampled_from(["r1", "r2"])})
PACKAGE = st.fixed_dictionaries(
    {},
    optional={
        "scope": st.sampled_from(["direct", "transitive"]),
        "groups": st.sampled_from([["development"], ["production"]]),
        "locked": st.sampled_from(["1.0.0", "9.9.9"]),
    },
)
KEY = st.fixed_dictionaries(
    {},
    optional={"fps": FPS, "shape": st.sampled_from(["empty", "placeholder", "text"]), "plain": st.sampled_from("uv")},
)
CHAIN = st.fixed_dictionaries({}, optional={"chain": st.just(["1.0.0", "1.0.1", "1.2.0"])})
SECTIONS = st.fixed_dictionaries(
    {
        "services": section(
            "services",
            {
                name: facts(name, ["redis", "valkey"] if "." not in name else [None], SERVICE)
                for name in ("cache", "cache.setting.x", "queue", "cache.extension.y")
            },
            "",
        ),
        "dependencies": section(
            "dependencies", {f"pkg:npm/{name}": facts(f"pkg:npm/{name}", [None], PACKAGE) for name in "abc"}, "pkg:npm/"
        ),
        "config": section("config", {name: facts(name, [None], KEY) for name in ("A", "B", "C", "SECRET_KEY")}, "A"),
        "runtime": section(
            "runtime", {name: facts(name, [None, "debian"], KEY) for name in ("python", "os")}, "python"
        ),
        "migrations": section("migrations", {"django/shop": facts("django/shop", [None], CHAIN)}, "django/"),
    },
)
TIERS = st.sampled_from(["development", "staging", "production"])
SIDES = st.builds(
    lambda slug, tier, found: Side(slug, tier, "persistent", found), st.sampled_from("uv"), TIERS, SECTIONS
)
MIRROR = {
    Relation.ONLY_LEFT: Relation.ONLY_RIGHT,
    Relation.ONLY_RIGHT: Relation.ONLY_LEFT,
}


def identity(finding: Finding) -> str:
    return drift_identity("p", "u", "v", *finding.key)


@LAW
@given(SIDES)
def test_a_side_does_not_differ_from_itself(side: Side) -> None:
    assert {row.relation for row in compare(side, side)} <= {Relation.SAME, Relation.UNKNOWN}
    assert judge(side, side, default_policy()).findings == ()
    assert parity(compare(side, side)).value in {1.0, None}


@LAW
@given(SIDES, SIDES, POLICIES)
def test_unknown_never_makes_a_finding_unless_the_kinds_are_known_to_differ(
    left: Side, right: Side, policy: Policy
) -> None:
    for found in judge(left, right, policy).findings:
        if State.UNKNOWN in {found.left.state, found.right.state}:
            assert found.rule in {"kind", "shared-resource"}
            assert found.rule != "kind" or found.left.kind != found.right.kind


@LAW
@given(SIDES, SIDES, POLICIES)
def test_what_is_open_is_never_found_at_the_same_time(left: Side, right: Side, policy: Policy) -> None:
    judged = judge(left, right, policy)
    for found in judged.findings:
        assert (found.section, found.name, found.rule) not in judged.undecided
        assert (found.section, found.name) not in judged.unknown


@LAW
@given(SIDES, SIDES)
def test_a_comparison_read_from_the_other_side_says_the_same(left: Side, right: Side) -> None:
    there, back = compare(left, right), compare(right, left)
    assert sorted(row.distance or 0 for row in there if row.section != "migrations") == sorted(
        row.distance or 0 for row in back if row.section != "migrations"
    )
    ordinary = {"dependencies", "config", "runtime"}
    assert {
        (row.section, row.name, MIRROR.get(row.relation, row.relation)) for row in there if row.section in ordinary
    } == {(row.section, row.name, row.relation) for row in back if row.section in ordinary}


@LAW
@given(SIDES, SIDES)
def test_findings_of_symmetrical_sections_are_the_same_from_both_sides(left: Side, right: Side) -> None:
    def keys(one: Side, other: Side) -> set[tuple[str, str, str]]:
        found = judge(one, other, default_policy()).findings
        return {item.key for item in found if item.section in {"dependencies", "config", "runtime"}}

    assert keys(left, right) == keys(right, left)


@LAW
@given(SIDES, SIDES, POLICIES)
def test_rows_and_findings_are_sorted_and_each_name_and_rule_stands_once(
    left: Side, right: Side, policy: Policy
) -> None:
    judged = judge(left, right, policy)
    rows = [(row.section, row.name) for row in judged.rows]
    keys = [found.key for found in judged.findings]
    assert rows == sorted(set(rows))
    assert keys == sorted(set(keys))
    assert judged == judge(left, right, policy)


@LAW
@given(SIDES, SIDES)
def test_parity_and_coverage_are_shares(left: Side, right: Side) -> None:
    found = parity(judge(left, right, default_policy()).rows)
    assert found.value is None or 0 <= found.value <= 1
    assert 0 <= found.coverage <= 1


def step(known: Mapping[str, Known], left: Side, right: Side) -> tuple[Transition, ...]:
    return advance(known, judge(left, right, default_policy()), identity, initial=False)


@LAW
@given(st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=3))
def test_advancing_twice_with_the_same_judgement_does_nothing_the_second_time(pairs: list[tuple[Side, Side]]) -> None:
    known: dict[str, Known] = {}
    for left, right in pairs:
        known = apply(known, step(known, left, right))
        assert step(known, left, right) == ()


@LAW
@given(st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=3))
def test_live_drifts_are_what_was_found_and_what_could_not_be_settled(pairs: list[tuple[Side, Side]]) -> None:
    known: dict[str, Known] = {}
    for left, right in pairs:
        before = {key for key, drift in known.items() if drift.live}
        judged = judge(left, right, default_policy())
        known = apply(known, step(known, left, right))
        found = {identity(finding) for finding in judged.findings}
        open_ones = {key for key in before if not judged.settles(known[key].section, known[key].name, known[key].rule)}
        assert {key for key, drift in known.items() if drift.live} == found | open_ones


@LAW
@given(SIDES, SIDES, SIDES)
def test_silence_changes_nothing(left: Side, right: Side, silent: Side) -> None:
    known = apply({}, step({}, left, right))
    nothing = Side(silent.slug, silent.tier, silent.kind, {})
    assert step(known, nothing, nothing) == ()


@LAW
@given(SIDES, SIDES)
def test_a_change_that_changes_nothing_passes_the_gate(left: Side, right: Side) -> None:
    judged = judge(left, right, default_policy())
    verdict = decide(judged, judged, fail_on="note")
    assert (verdict.verdict, verdict.introduced, verdict.fixed) == (Outcome.PASS, (), ())
    assert verdict.remaining == judged.findings


@LAW
@given(SIDES)
def test_what_one_environment_contradicts_is_settled_by_what_it_knows(side: Side) -> None:
    judged = inside(side, default_policy())
    known = apply({}, advance({}, judged, identity, initial=False))
    assert advance(known, judged, identity, initial=False) == ()
    for found in judged.findings:
        assert side.look_up(found.section, found.name).state is not State.UNKNOWN


@LAW
@given(SIDES, SIDES)
def test_a_drift_that_resolves_can_only_reopen(left: Side, right: Side) -> None:
    known = apply({}, step({}, left, right))
    resolved = apply(known, step(known, right, right))
    gone = {key for key, drift in resolved.items() if not drift.live}
    for again in step(resolved, left, right):
        assert (again.kind is Change.REOPENED) == (again.identity in gone)
