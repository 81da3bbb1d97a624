"""Who writes and who ships by team, and that no small group can be told from it."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from paritycheck.core.teams import LEAST, NO_TEAM, SMALLER, Table, groups_of, table_of
from tests.core.shipping import History, Release, history

TEAMS = {
    **dict.fromkeys(("p1", "p2", "p3"), "Platform"), **dict.fromkeys(("s1", "s2", "s3"), "Storefront"),
    **dict.fromkeys(("d1", "d2"), "Data"), "q1": "Quality",
}  # fmt: skip
PEOPLE = sorted([*TEAMS, "x1", "x2"])


def table(found: History) -> Table | None:
    return table_of(found.shipments, found.authors, TEAMS)


def test_commits_of_a_team_stand_by_the_team_that_deployed_them() -> None:
    first = Release([], "trigger:p1")
    found = table(
        history(
            first,
            Release(["p1", "p2", "p3", "s1"], "trigger:p1"),
            Release(["s2", "s3", "s1"], "trigger:p2"),
            Release(["d1", "d2", "q1"], "trigger:p3"),
            Release(["s1", "s2"], "trigger:ci!"),
        )
    )
    assert found is not None
    assert [(one.name, one.people, one.teams) for one in found.columns] == [("Platform", 3, 1)]
    assert [(row.group.name, row.group.people, row.commits, row.cells, row.unknown) for row in found.rows] == [
        ("Platform", 3, 3, (3,), 0), ("Storefront", 3, 6, (4,), 2), (SMALLER, 3, 3, (3,), 0),
    ]  # fmt: skip
    assert found.unknown_deploys == 1


def test_a_small_group_takes_the_smallest_team_with_it_until_three_stand_in_it() -> None:
    people = frozenset({"p1", "p2", "p3", "s1", "s2", "s3", "q1"})
    assert [(one.name, one.people) for one in groups_of(people, TEAMS)] == [("Storefront", 3), (SMALLER, 4)]


def test_fewer_than_three_people_are_not_told_apart_from_anything() -> None:
    assert groups_of(frozenset({"p1", "q1"}), TEAMS) == ()
    assert table(history(Release([], ""), Release(["p1", "q1"], "trigger:p1"))) is None


def test_who_ships_is_not_told_where_fewer_than_three_do() -> None:
    found = table(history(Release([], "trigger:p1"), Release(["p1", "p2", "p3"], "trigger:p1"), Release(["s1"], "")))
    assert found is not None
    assert found.columns == ()
    assert [(row.cells, row.unknown) for row in found.rows] == [((), 0)]


def test_people_of_no_team_are_a_group_of_their_own_when_they_are_three() -> None:
    found = groups_of(frozenset({"p1", "p2", "p3", "y1", "y2", "y3"}), TEAMS)
    assert [one.name for one in found] == ["Platform", NO_TEAM]


CROWDS = st.frozensets(st.sampled_from(PEOPLE))


@given(CROWDS)
def test_groups_are_a_partition_in_blocks_of_three_or_more(people: frozenset[str]) -> None:
    """So every sum and difference of groups is a union of blocks: nothing smaller than three can come of it."""
    found = groups_of(people, TEAMS)
    if len(people) < LEAST:
        assert found == ()
        return
    assert all(one.people >= LEAST for one in found)
    assert frozenset().union(*(one.members for one in found)) == people
    assert all(not one.members & two.members for one, two in combinations(found, 2))
    of_team = {TEAMS.get(person, NO_TEAM): one.name for one in found for person in one.members}
    assert all(of_team[TEAMS.get(person, NO_TEAM)] == one.name for one in found for person in one.members)


@st.composite
def histories(draw: st.DrawFn) -> list[Release]:
    names = st.sampled_from(PEOPLE)
    releases = st.builds(
        Release, st.lists(names, max_size=5), st.one_of(st.just("trigger:ci!"), names.map("trigger:{}".format))
    )
    return draw(st.lists(releases, min_size=2, max_size=8))


def published(found: Table | None) -> object:
    """All that the API and the page say of the table."""
    if found is None:
        return None
    columns = [(one.name, one.people, one.teams) for one in found.columns]
    rows = [
        (row.group.name, row.group.people, row.group.teams, row.commits, row.cells, row.unknown) for row in found.rows
    ]
    return (columns, rows, found.unknown_deploys)


@given(histories(), st.data())
def test_whoever_swaps_two_people_of_a_group_changes_nothing_that_is_published(
    releases: list[Release], data: st.DataObject
) -> None:
    """Two histories that differ only in which member of a group wrote are told alike, so a hidden cell cannot be
    found from what is told, by subtraction or otherwise.
    """
    before = history(*releases)
    found = table(before)
    if found is None:
        return
    group = data.draw(st.sampled_from(found.rows)).group
    one, two = sorted(data.draw(st.lists(st.sampled_from(sorted(group.members)), min_size=2, max_size=2, unique=True)))
    swap = {one: two, two: one}
    authors = {sha: tuple(swap.get(name, name) for name in names) for sha, names in before.authors.items()}
    swapped = table_of(before.shipments, authors, TEAMS)
    if TEAMS.get(one) == TEAMS.get(two) or group.name == SMALLER:
        assert published(swapped) == published(found)


@given(histories())
def test_rows_and_columns_add_up(releases: list[Release]) -> None:
    before = history(*releases)
    found = table(before)
    if found is None:
        return
    carried = {sha for one in before.shipments for sha in one.carried or () if before.authors[sha]}
    assert sum(row.commits for row in found.rows) == len(carried)
    for row in found.rows:
        assert row.commits == sum(row.cells) + row.unknown if found.columns else not row.cells
