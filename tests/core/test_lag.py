"""T1: the same numbers as `git rev-list --count --no-merges`, on a real repository."""

from __future__ import annotations

import itertools
import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck.core.bands import Unknown
from paritycheck.core.graph import CommitGraph, Lag, Lags, LagState, lag

if TYPE_CHECKING:
    from pathlib import Path

IDENTITY = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Ann"), ("EMAIL", "ann@example.com"))
}
ENVIRONMENT = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, **IDENTITY}


class Repository:
    def __init__(self, root: Path) -> None:
        self.root = root
        self._seconds = 1_760_000_000
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        self._seconds += 60
        dates = {f"GIT_{role}_DATE": f"{self._seconds} +0000" for role in ("AUTHOR", "COMMITTER")}
        ran = subprocess.run(
            ["git", *arguments], cwd=self.root, env={**ENVIRONMENT, **dates}, check=True, capture_output=True, text=True
        )
        return ran.stdout.strip()

    def commit(self, path: str) -> str:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(self._seconds))
        self.git("add", path)
        self.git("commit", "-q", "-m", path)
        return self.git("rev-parse", "HEAD")

    def merge(self, branch: str) -> str:
        self.git("merge", "-q", "--no-ff", "-m", "merge", branch)
        return self.git("rev-parse", "HEAD")

    def branch(self, name: str, at: str) -> None:
        self.git("checkout", "-q", "-B", name, at)

    def graph(self, scope: str | None = None, limit: int | None = None) -> CommitGraph:
        arguments = ["rev-list", "--parents", "--all", *([f"--max-count={limit}"] if limit else [])]
        rows = [line.split() for line in self.git(*arguments).splitlines()]
        touching = None
        if scope is not None:
            touching = frozenset(self.git("log", "--all", "--full-history", "--format=%H", "--", scope).split())
        return CommitGraph({row[0]: tuple(row[1:]) for row in rows}, touching)

    def count(self, upstream: str, downstream: str, *path: str) -> int:
        arguments = ["--count", "--no-merges", "--full-history", f"{downstream}..{upstream}", "--", *path]
        return int(self.git("rev-list", *arguments))


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, list[str]]:
    """Two long branches with merges both ways, a hotfix, two roots; the commits worth comparing."""
    repository = Repository(tmp_path_factory.mktemp("shop"))
    tips = [repository.commit("api/a"), repository.commit("web/b")]
    repository.branch("feature", tips[0])
    tips += [repository.commit("api/c"), repository.commit("web/d")]
    repository.git("checkout", "-q", "main")
    tips += [repository.commit("api/e"), repository.merge("feature")]
    repository.branch("hotfix", tips[1])
    tips.append(repository.commit("api/f"))
    repository.git("checkout", "-q", "main")
    tips.append(repository.commit("docs/g"))
    repository.git("checkout", "-q", "feature")
    tips += [repository.merge("main"), repository.commit("web/h")]
    repository.git("checkout", "-q", "--orphan", "other")
    tips.append(repository.commit("web/i"))
    return (repository, tips)


@pytest.mark.parametrize("scope", [None, "api", "web", "docs"])
def test_the_numbers_are_gits_for_every_pair_of_commits(
    history: tuple[Repository, list[str]], scope: str | None
) -> None:
    repository, tips = history
    graph = repository.graph(scope)
    for upstream, downstream in itertools.product(tips, tips):
        found = lag(graph, upstream, downstream)
        assert isinstance(found, Lag)
        paths = () if scope is None else (scope,)
        expected = (repository.count(upstream, downstream, *paths), repository.count(downstream, upstream, *paths))
        assert (len(found.waiting), len(found.missing)) == expected


def test_states_are_named_by_who_has_what(history: tuple[Repository, list[str]]) -> None:
    repository, tips = history
    graph = repository.graph()
    first, hotfix, last = tips[0], tips[6], tips[7]

    def state(upstream: str, downstream: str) -> LagState:
        found = lag(graph, upstream, downstream)
        assert isinstance(found, Lag)
        return found.state

    assert state(last, last) is LagState.IN_SYNC
    assert state(last, first) is LagState.BEHIND
    assert state(first, last) is LagState.AHEAD
    assert state(last, hotfix) is LagState.DIVERGED


def test_a_stretch_that_is_cut_where_it_matters_is_unknown_and_elsewhere_is_exact(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    commits = [repository.commit(f"f{number}") for number in range(12)]
    cut = repository.graph(limit=6)
    found = lag(cut, commits[-1], commits[-4])
    assert isinstance(found, Lag)
    assert found.waiting == tuple(sorted(commits[-3:]))
    assert lag(cut, commits[-1], commits[2]) == Unknown("not-collected")
    assert lag(cut, commits[-1], commits[2], shallow=True) == Unknown("shallow")


def test_a_side_branch_that_leads_out_of_the_known_stretch_is_unknown(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    commits = [repository.commit(f"f{number}") for number in range(6)]
    repository.branch("old", commits[0])
    repository.commit("side")
    repository.git("checkout", "-q", "main")
    tip = repository.merge("old")
    whole, cut = repository.graph(), repository.graph(limit=4)
    assert lag(cut, tip, commits[-1]) == Unknown("not-collected")
    found = lag(whole, tip, commits[-1])
    assert isinstance(found, Lag)
    assert len(found.waiting) == repository.count(tip, commits[-1]) == 1


def test_before_one_sides_first_deploy_there_is_no_lag() -> None:
    graph = CommitGraph({"a": ()})
    assert lag(graph, None, "a") == lag(graph, "a", None) == Unknown("no deploy yet")


def test_an_unknown_commit_is_no_number() -> None:
    assert lag(CommitGraph({"a": ()}), "a", "b") == Unknown("not-collected")


@st.composite
def graphs(draw: st.DrawFn) -> CommitGraph:
    """Up to 12 commits of up to three parents; some are not known, of some nobody said what they touch."""
    shas = [f"{number:x}" for number in range(draw(st.integers(2, 12)))]
    parents: dict[str, tuple[str, ...]] = {}
    for index, sha in enumerate(shas):
        above = draw(st.lists(st.sampled_from(shas[:index]), max_size=3, unique=True)) if index else []
        if draw(st.integers(0, 5)):
            parents[sha] = tuple(above)
    scoped = draw(st.booleans())
    touching = frozenset(draw(st.lists(st.sampled_from(shas)))) if scoped else None
    unread = frozenset(draw(st.lists(st.sampled_from(shas), max_size=2))) if scoped else frozenset()
    return CommitGraph(parents, touching, unread)


@given(graphs(), st.data())
def test_a_walk_between_two_commits_finds_what_whole_walks_find(graph: CommitGraph, data: st.DataObject) -> None:
    names = st.sampled_from([f"{number:x}" for number in range(12)])
    upstream, downstream = data.draw(names), data.draw(names)
    found = Lags(graph).between(upstream, downstream)
    (mine, my_edge), (theirs, their_edge) = graph.reach(upstream), graph.reach(downstream)
    if upstream != downstream and (my_edge != their_edge or any(map(graph.undecided, mine ^ theirs))):
        assert found == Unknown("not-collected")
        return
    assert isinstance(found, Lag)
    assert set(found.waiting) == {sha for sha in mine - theirs if graph.counts(sha)}
    assert set(found.missing) == {sha for sha in theirs - mine if graph.counts(sha)}


def test_parents_that_lead_round_in_a_circle_end() -> None:
    """Git has none; whoever holds a token can send them."""
    graph = CommitGraph({"a": ("c", "x"), "b": ("a",), "c": ("b",), "d": ("c", "a"), "e": ()})
    lags = Lags(graph)
    for upstream, downstream in itertools.product("abcdex", repeat=2):
        assert isinstance(lags.between(upstream, downstream), Lag | Unknown)


def test_a_commit_of_which_nobody_said_what_it_touches_decides_only_where_it_lies_between() -> None:
    graph = CommitGraph({"a": (), "b": ("a",), "c": ("b",)}, touching=frozenset("bc"), unread=frozenset("a"))
    found = lag(graph, "c", "a")
    assert isinstance(found, Lag)
    assert found.waiting == ("b", "c")
    unread = CommitGraph({"a": (), "b": ("a",), "c": ("b",)}, touching=frozenset("c"), unread=frozenset("b"))
    assert lag(unread, "c", "a") == Unknown("not-collected")
    assert isinstance(lag(unread, "c", "b"), Lag)
