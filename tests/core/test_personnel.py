"""The personnel gap as gaps.md defines it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck.core.bands import Band, Unknown
from paritycheck.core.graph import CommitGraph
from paritycheck.core.personnel import Actor, Shipment, band_of, count, personnel_gap, unreviewed, window_of, writers
from paritycheck.core.policy import PolicyError, default_policy, read_policy
from paritycheck.core.shipping import change_sets
from tests.core.shipping import NOW, TEAM, History, Release, actors, history, shapes

if TYPE_CHECKING:
    from paritycheck.core.personnel import PersonnelGap


def judged(found: History, mode: str = "involve") -> PersonnelGap:
    return personnel_gap(found.shipments, found.authors, mode=mode)


@pytest.mark.parametrize("shape", shapes())
def test_the_four_shapes_come_out_as_they_should(shape: str) -> None:
    found, band = shapes()[shape]
    assert judged(found).band.value == band


def test_a_rotating_team_has_no_gap_and_a_captain_has_nothing_else() -> None:
    assert judged(shapes()["rotating team"][0]).value == 0
    assert judged(shapes()["release captain"][0]).value == 1


def test_unresolved_automation_says_how_much_is_known() -> None:
    gap = judged(shapes()["unresolved automation"][0])
    assert gap.value == Unknown("somebody is known for 0 of 9 deploys, 4 of 5 needed")
    assert gap.coverage == 0


def test_p1_is_the_share_of_commits_by_people_who_take_part_in_no_deploy() -> None:
    found = history(*(Release(["ann", "bo", "cy", "cy"], "trigger:ann watcher:bo") for _ in range(6)))
    gap = judged(found)
    assert (gap.counts.commits, gap.counts.shipped, gap.counts.never) == (20, 10, 10)
    assert (gap.value, gap.band) == (0.5, Band.WARNING)


@pytest.mark.parametrize(
    ("value", "band"), [(0.0, "ok"), (2 / 5, "ok"), (0.401, "warning"), (4 / 5, "warning"), (0.801, "error")]
)
def test_bands(value: float, band: str) -> None:
    assert band_of(value).value == band


def test_what_the_first_deploy_carried_is_unknown_but_who_took_part_in_it_counts() -> None:
    rest = [Release(["ann", "bo", "cy"], "trigger:bo") for _ in range(5)]
    gap = judged(history(Release(["zoe", "zoe"], "trigger:ann"), *rest))
    assert (gap.counts.commits, gap.counts.never) == (15, 5)
    assert (gap.counts.deploys, gap.counts.attributed, gap.counts.opaque, gap.counts.judged) == (6, 6, 0, 5)


@pytest.mark.parametrize(
    ("text", "deployer", "involved"),
    [
        ("trigger:ann merger:bo", "ann", {"ann"}),
        ("trigger:ci! approver:bo merger:cy", "bo", {"bo"}),
        ("trigger:ci! merger:cy watcher:di", "cy", {"cy", "di"}),
        ("trigger:ann approver:bo watcher:ci!", "ann", {"ann", "bo"}),
        ("merger:cy trigger:ann", "ann", {"ann"}),
        ("watcher:di", None, {"di"}),
        ("trigger:?", None, set()),
        ("", None, set()),
    ],
)
def test_the_deployer_is_the_first_human_of_trigger_approver_merger(
    text: str, deployer: str | None, involved: set[str]
) -> None:
    found = Shipment(NOW, None, actors(text))
    assert (found.deployer, set(found.involved)) == (deployer, involved)


def test_a_commit_counts_as_shipped_if_any_of_its_authors_is_involved() -> None:
    gap = judged(
        history(*(Release(["cy+ann", "bo+di", "renovate!+ann", "renovate!"], "trigger:ann") for _ in range(6)))
    )
    assert (gap.counts.commits, gap.counts.shipped, gap.counts.bots) == (15, 10, 5)


def test_uninvolved_deploys_leave_out_those_nobody_is_known_for_and_those_of_bots() -> None:
    found = history(
        Release([], "trigger:ann"), Release(["bo", "cy"], "trigger:ann"), Release(["ann", "di"], "trigger:ann"),
        Release(["bo"], "trigger:ci!"), Release(["renovate!"], "trigger:ann"), Release(["di"], "trigger:bo"),
    )  # fmt: skip
    counts = count(found.shipments, found.authors)
    assert (counts.judged, counts.uninvolved, counts.uninvolved_share) == (3, 2, 2 / 3)
    assert (counts.top, counts.attributed, counts.top_share) == (4, 5, 4 / 5)


@pytest.mark.parametrize(
    ("releases", "reason"),
    [
        ([], "no deploy yet"),
        ([Release(list(TEAM), "trigger:ann")] * 4, "4 deploys so far, 5 needed"),
        ([Release(["ann", "bo"], "trigger:ann")] * 6, "2 authors, 3 needed"),
        ([Release([], "trigger:ann")] * 6, "0 authors, 3 needed"),
    ],
)
def test_too_little_is_unknown_and_says_what_is_missing(releases: list[Release], reason: str) -> None:
    gap = judged(history(*releases))
    assert (gap.value, gap.band) == (Unknown(reason), Band.UNKNOWN)


def test_four_of_five_known_are_enough_and_one_less_is_not() -> None:
    known, unknown = Release(list(TEAM), "trigger:ann"), Release(list(TEAM), "trigger:ci!")
    assert judged(history(*[known] * 4, unknown)).band is not Band.UNKNOWN
    assert judged(history(*[known] * 7, unknown, unknown)).band is Band.UNKNOWN


def test_shares_that_would_speak_of_one_person_are_not_told() -> None:
    found = history(*[Release(["ann", "bo"], "trigger:ann")] * 6)
    counts = count(found.shipments, found.authors)
    assert (counts.uninvolved_share, counts.top_share) == (None, None)


def test_deploys_whose_commits_are_not_known_are_left_out_and_too_many_make_it_unknown() -> None:
    found = history(*[Release(list(TEAM), "trigger:ann")] * 10)
    for opaque, told in ((2, True), (3, False)):
        shipments = [
            replace(one, carried=None) if 3 <= at < 3 + opaque else one for at, one in enumerate(found.shipments)
        ]
        gap = personnel_gap(shipments, found.authors)
        assert (gap.counts.opaque, isinstance(gap.value, float)) == (opaque, told)


def test_off_is_not_judged_and_segregate_is_judged_on_involvement() -> None:
    found = shapes()["rotating team"][0]
    assert judged(found, "off").value == Unknown("switched off")
    assert judged(found, "off").band is Band.UNKNOWN
    assert judged(found, "segregate") == judged(found)


@pytest.mark.parametrize(
    ("commits", "who", "finding"),
    [
        (["ann", "ann"], "trigger:ann", True),
        (["ann"], "trigger:ci! merger:ann", True),
        (["ann"], "trigger:ann approver:ann", True),
        (["ann"], "trigger:ann approver:bo", False),
        (["ann"], "trigger:ann merger:bo", False),
        (["ann", "bo"], "trigger:ann", False),
        (["ann+bo"], "trigger:ann", False),
        (["bo"], "trigger:ann", False),
        (["ann"], "trigger:ci!", False),
        (["renovate!"], "trigger:ann", False),
    ],
)
def test_segregate_finds_deploys_that_one_person_wrote_and_shipped_alone(
    commits: list[str], who: str, *, finding: bool
) -> None:
    found = history(Release([], "trigger:ann"), Release(commits, who))
    assert (found.shipments[1] in unreviewed(found.shipments, found.authors)) is finding


def test_the_window_ends_now_and_leaves_out_what_is_exactly_its_length_old() -> None:
    found = [Shipment(NOW - timedelta(days=days), None) for days in (90, 89, 0, -1)]
    assert window_of(found, NOW, 90 * 86_400) == found[1:3]
    assert window_of(found, NOW, 10**15) == found[:3]


def test_a_mode_of_an_environment_goes_before_that_of_its_tier_and_the_project() -> None:
    policy = read_policy('[personnel]\nmode = { eu = "off", production = "segregate" }\nwindow = "28d"')
    assert [policy.personnel_mode(*one) for one in (("eu", "production"), ("us", "production"), ("qa", "testing"))] == [
        "off", "segregate", "involve",
    ]  # fmt: skip
    assert read_policy('[personnel]\nmode = "off"').personnel_mode("eu", "production") == "off"
    assert default_policy().personnel_mode("eu", "production") == "involve"
    with pytest.raises(PolicyError, match="is no mode"):
        read_policy('[personnel]\nmode = { eu = "never" }')


# What a deploy carried.

LINE = {"a": (), "b": ("a",), "c": ("b",), "d": ("c",), "x": ("b",), "m": ("d", "x")}


def test_a_deploy_carries_what_the_one_before_did_not_reach_merges_left_out() -> None:
    found = change_sets(CommitGraph(LINE), ["b", "d", "d", "m", "x", "m"])
    assert found == [None, {"c", "d"}, set(), {"x"}, set(), {"c", "d"}]


def test_two_that_parted_carry_what_the_other_lacks() -> None:
    assert change_sets(CommitGraph(LINE), ["x", "d"]) == [None, {"c", "d"}]


def test_a_commit_that_nobody_sent_makes_its_deploy_and_the_next_unknown() -> None:
    assert change_sets(CommitGraph(LINE), ["a", "missing", "c", "d"]) == [None, None, None, {"d"}]
    assert change_sets(CommitGraph(LINE), ["a", "", "c", "d"]) == [None, None, None, {"d"}]


def test_a_history_cut_off_in_one_place_tells_all_that_came_after() -> None:
    cut = CommitGraph({"b": ("a",), "c": ("b",), "d": ("c",), "e": ("d", "elsewhere")})
    assert change_sets(cut, ["b", "d", "e"]) == [None, {"c", "d"}, None]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[CommitGraph, list[str]]:
    """Up to a dozen commits, some with two parents, some sent without their parents; and what was deployed."""
    size = draw(st.integers(1, 12))
    parents: dict[str, tuple[str, ...]] = {}
    for number in range(size):
        of = draw(st.lists(st.integers(0, number - 1), max_size=2, unique=True)) if number else []
        parents[str(number)] = tuple(map(str, of))
    for gone in draw(st.lists(st.sampled_from(sorted(parents)), max_size=2)):
        parents.pop(gone, None)
    return CommitGraph(parents), draw(st.lists(st.sampled_from([str(one) for one in range(size)]), max_size=6))


@given(graphs())
def test_each_change_set_is_the_difference_of_the_two_reaches(case: tuple[CommitGraph, list[str]]) -> None:
    graph, commits = case
    found = change_sets(graph, commits)
    assert found[:1] in ([], [None])
    for before, commit, carried in zip(commits, commits[1:], found[1:], strict=False):
        (mine, my_edge), (theirs, their_edge) = graph.reach(commit), graph.reach(before)
        expected = {sha for sha in mine - theirs if graph.counts(sha)} if my_edge == their_edge else None
        assert carried == expected


# Laws.

NAMES = st.sampled_from(["ann", "bo", "cy", "di", "eve", "ci!"])
RELEASES = st.lists(
    st.builds(
        Release,
        st.lists(st.lists(NAMES, min_size=1, max_size=2).map("+".join), max_size=4),
        st.lists(st.tuples(st.sampled_from(["trigger", "approver", "merger", "watcher"]), NAMES), max_size=3).map(
            lambda found: " ".join(f"{role}:{name}" for role, name in found)
        ),
    ),
    max_size=12,
)


@given(RELEASES)
def test_it_is_the_formula(releases: list[Release]) -> None:
    """1 - shipped / all, counted another way, of what can be told."""
    found = history(*releases)
    taking_part = {person for one in found.shipments for person in one.involved}
    carried = {sha for one in found.shipments for sha in one.carried or () if found.authors[sha]}
    told = {sha for one in found.shipments if one.deployer for sha in one.carried or () if found.authors[sha]}
    shipped = {sha for sha in carried if taking_part & set(found.authors[sha])}
    gap = judged(found)
    assert gap.counts.commits == len(carried)
    assert gap.counts.commits == gap.counts.shipped + gap.counts.never + gap.counts.undecided
    if isinstance(gap.value, float):
        assert gap.value == pytest.approx(1 - len(shipped) / len(shipped | told))
        assert 0 <= gap.value <= 1


@given(RELEASES, st.lists(st.sampled_from(TEAM), max_size=4))
def test_automation_that_cannot_be_resolved_lowers_coverage_and_never_raises_the_gap(
    releases: list[Release], commits: list[str]
) -> None:
    before = judged(history(*releases))
    after = judged(history(*releases, Release(commits, "trigger:ci!")))
    if isinstance(before.coverage, float) and isinstance(after.coverage, float):
        assert after.coverage <= before.coverage
    if isinstance(before.value, float) and isinstance(after.value, float):
        assert after.value <= before.value


@given(RELEASES, st.sampled_from(TEAM))
def test_taking_part_never_widens_the_gap(releases: list[Release], who: str) -> None:
    found = history(*releases)
    before = judged(found)
    watched = [replace(one, actors=(*one.actors, Actor("watcher", who))) for one in found.shipments]
    after = personnel_gap(watched, found.authors)
    if isinstance(before.value, float) and isinstance(after.value, float):
        assert after.value <= before.value
    assert all(
        writers(one, found.authors) == writers(two, found.authors)
        for one, two in zip(found.shipments, watched, strict=True)
    )
