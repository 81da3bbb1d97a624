"""Histories replayed as deploys: T1 is what `git rev-list` counts, T2 to T4 what git, PostgreSQL and `statistics` say;
of the whole repository, and of parts of it.

The histories: four public ones and this repository's own (`histories/README.md`), the demo shop's, and made-up ones
with merges of several parents and clocks that are wrong. Each is a real repository here, whose commits come through
the agent's own lines and ingest.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.services.conftest import Shop

pytestmark = [pytest.mark.django_db, pytest.mark.e2e]
KEPT = Path(__file__).parent / "histories"
WINDOW = timedelta(days=28)
# By name of the pack: the commit that main stands at.
PUBLIC = {
    "desk": "d2313db6e7ca7bac79b819d767b2a1449abb0a5d",
    "storable": "426503ae00f7d6ea45dd6b9d1a6a067767d3491d",
    "go-git": "e8788ad9165781196e917292d6055cba1d78664e",
    "spinnaker": "06ce06d0fc49646c4de733c45b7788aabad98a6f",
}


class Commit(NamedTuple):
    at: int
    name: str
    parents: list[str]


class Run(NamedTuple):
    at: datetime
    sha: str


class Git:
    """Answers of git itself. With `paths` only commits that touch them count."""

    def __init__(self, root: Path, *, wrong_clocks: bool = False, paths: tuple[str, ...] = ()) -> None:
        self.root = root
        self.paths = paths
        self.order: list[str] = []
        if wrong_clocks:
            # By dates git 2.39 stops too early where clocks are wrong, and counts too much; by generations it does not.
            self("commit-graph", "write", "--reachable")
            self.order = ["--topo-order"]
        self.reach = cache(self._reach)
        rows = [row.split() for row in self("log", "--all", "--format=%H %ct").splitlines()]
        self.committed = {sha: datetime.fromtimestamp(int(at), UTC) for sha, at in rows}

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(self.root), *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def _reach(self, sha: str) -> frozenset[str]:
        return frozenset(self("rev-list", "--no-merges", "--full-history", sha, "--", *self.paths).split())

    def count(self, upstream: str, downstream: str) -> int:
        options = ["--count", "--no-merges", "--full-history", *self.order]
        return int(self("rev-list", *options, f"{downstream}..{upstream}", "--", *self.paths))


def rebuilt(root: Path, commits: Iterable[Commit], *, wrong_clocks: bool = False) -> Git:
    """A real repository of these commits, which come after their parents; the last one is main."""
    marks: dict[str, int] = {}
    lines = []
    for number, commit in enumerate(commits, 1):
        marks[commit.name] = number
        lines += [
            "commit refs/heads/main", f"mark :{number}", f"committer Ann <ann@example.com> {commit.at} +0000",
            f"data {len(commit.name)}", commit.name,
            *(f"{'merge' if index else 'from'} :{marks[of]}" for index, of in enumerate(commit.parents)), "",
        ]  # fmt: skip
        if not commit.parents:
            lines.insert(-6, "reset refs/heads/main\n")
    root.mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main", str(root)], check=True)
    stream = "\n".join(lines) + "\n"
    subprocess.run(["git", "-C", str(root), "fast-import", "--quiet"], input=stream.encode(), check=True)
    return Git(root, wrong_clocks=wrong_clocks)


def own(root: Path) -> Git:
    rows = [row.split() for row in (KEPT / "paritycheck.txt").read_text().splitlines()]
    return rebuilt(root, [Commit(int(at), sha, list(parents)) for at, sha, *parents in rows])


def public(name: str, *paths: str) -> Callable[[Path], Git]:
    """A history as its project made it: the commit of the list, and all that it came from."""

    def build(root: Path) -> Git:
        subprocess.run(["git", "init", "-q", "-b", "main", str(root)], check=True)
        run = ["git", "-C", str(root)]
        pack = (KEPT / f"{name}.pack").read_bytes()
        subprocess.run([*run, "index-pack", "--stdin"], input=pack, check=True, capture_output=True)
        subprocess.run([*run, "update-ref", "refs/heads/main", PUBLIC[name]], check=True)
        return Git(root, paths=paths)

    return build


def shop_of_the_demo(root: Path) -> Git:
    from paritycheck.local import history

    history.replay(root)
    return Git(root)


def made_up(seed: int) -> Callable[[Path], Git]:
    """Branches off anywhere, merged again by twos and threes; one clock in ten is wrong by up to four days."""

    def build(root: Path) -> Git:
        dice = random.Random(seed)  # noqa: S311  the same history at every run
        now = 1_760_000_000
        commits = [Commit(now, "0", [])]
        tips = ["0"]
        for number in range(1, 240):
            now += dice.randrange(60, 20_000)
            skew = dice.randrange(-345_600, 345_600) if dice.random() < 0.1 else 0
            parents = [dice.choice(tips)]
            if len(tips) > 1 and dice.random() < 0.3:
                parents = dice.sample(tips, min(len(tips), dice.choice((2, 2, 3))))
            commits.append(Commit(now + skew, str(number), parents))
            tips = [tip for tip in tips if tip not in parents or dice.random() < 0.2]
            tips.append(str(number))
        if len(tips) > 1:
            commits.append(Commit(now + 60, "end", tips))
        return rebuilt(root, commits, wrong_clocks=True)

    return build


def plan(git: Git, seed: int) -> tuple[list[Run], list[Run]]:
    """What staging and production ran: staging every few commits of main, production every other of those, now and then
    one back again, or a commit of a branch that staging never had.
    """
    dice = random.Random(seed)  # noqa: S311  the same history at every run
    line = git("rev-list", "--first-parent", "--reverse", "main").split()
    branches = [row.split()[2] for row in git("rev-list", "--merges", "--parents", "main").splitlines()]
    start = git.committed[line[0]]
    staging: list[Run] = []
    production: list[Run] = []
    at = start
    for index in range(2, len(line), 3):
        at = max(at + timedelta(minutes=7), git.committed[line[index]] + timedelta(minutes=dice.randrange(600)))
        staging.append(Run(at, line[index]))
        if index % 2:
            sha = line[index]
            if production and dice.random() < 0.15:
                sha = production[-1].sha
            elif branches and dice.random() < 0.15:
                sha = dice.choice(branches)
            at += timedelta(minutes=dice.randrange(1, 300))
            if production and production[-1].sha == sha:
                at += timedelta(hours=2)
            production.append(Run(at, sha))
    return staging, production


def send_commits(shop: Shop, git: Git) -> None:
    """As the agent does: 500 at a time, then what lies behind the tips that the server asks for."""
    from paritycheck.services.commits import unknown_parents
    from paritycheck.services.ingest import take_commits
    from paritycheck_agent.sources.git import commit_lines
    from paritycheck_agent.wire.commits import check_commits

    tips: list[str] = []
    settings = {"scopes": {"part": list(git.paths), "other": "README.md"}} if git.paths else None
    for _round in range(10):
        header, commits = check_commits(commit_lines(str(git.root), [], 500, tips=tips, settings=settings))
        take_commits(token=shop.tokens["staging"], header=header, commits=commits)
        tips = unknown_parents(project=shop.project)
        if not tips:
            return
    pytest.fail("the graph is not complete")


def tell(shop: Shop, slug: str, runs: list[Run]) -> None:
    from paritycheck.services.deploys import Told, record_deploy

    environment = shop.environment(slug)
    for number, run in enumerate(runs):
        told = Told(commit=run.sha, deployed_at=run.at, source="api", external_id=str(number))
        assert record_deploy(environment=environment, told=told, now=shop.now)[1]


def changes(runs: list[Run]) -> int:
    """A deploy of what ran already changes nothing."""
    return 1 + sum(run.sha != before.sha for before, run in pairwise(runs))


def first_seen(git: Git, runs: list[Run], sha: str) -> datetime:
    at = next(run.at for run in runs if sha in git.reach(run.sha))
    return min(git.committed[sha], at) if sha in git.reach(runs[0].sha) else at


def age(git: Git, staging: list[Run], upstream: str, downstream: str, now: datetime) -> float:
    waits = git.reach(upstream) - git.reach(downstream)
    return max((max(0.0, (now - first_seen(git, staging, sha)).total_seconds()) for sha in waits), default=0.0)


def lead_times(git: Git, runs: list[Run], now: datetime) -> tuple[list[float], int, int]:
    """Lead times in the window, how many were older than the first deploy, and how many clocks were wrong."""
    spans, older, skewed = [], 0, 0
    for sha in git.committed:
        holding = [run.at for run in runs if sha in git.reach(run.sha)]
        if not holding or holding[0] == runs[0].at or not now - WINDOW < holding[0] <= now:
            continue
        if git.committed[sha] < runs[0].at:
            older += 1
            continue
        skewed += git.committed[sha] > holding[0]
        spans.append(max(0.0, (holding[0] - git.committed[sha]).total_seconds()))
    return spans, older, skewed


def percentiles(spans: list[float]) -> tuple[float | None, float | None]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY span) FROM unnest(%s::float[]) span",
            [spans],
        )
        (found,) = cursor.fetchone() or (None,)
    return (None, None) if found is None else (found[0], found[1])


HISTORIES: dict[str, Callable[[Path], Git]] = {
    **{name: public(name) for name in PUBLIC}, "own": own, "demo": shop_of_the_demo,
    **{f"made up {seed}": made_up(seed) for seed in (1, 2, 3)},
    "a part of desk": public("desk", "shell_plugins", "completions", "desk"),
    "a part of storable": public("storable", "template*", "base"),
    "a file of storable": public("storable", "store.go"),
}  # fmt: skip


@pytest.fixture(params=HISTORIES)
def replayed(request: pytest.FixtureRequest, shop: Shop, tmp_path: Path) -> tuple[Git, list[Run], list[Run], datetime]:
    git = HISTORIES[request.param](tmp_path / "repository")
    staging, production = plan(git, 7)
    send_commits(shop, git)
    shop.now = max(staging[-1].at, production[-1].at) + timedelta(hours=5)
    tell(shop, "staging", staging)
    tell(shop, "production", production)
    return git, staging, production, shop.now


def timeline(shop: Shop, git: Git, now: datetime) -> dict[str, Any]:
    from paritycheck.core.policy import read_policy
    from paritycheck.selectors import timeline as selector

    left, right = shop.environment("staging"), shop.environment("production")
    policy = read_policy(f"[scopes]\npart = {json.dumps(git.paths)}" if git.paths else "")
    return selector.timeline(
        left=left, right=right, policy=policy, now=now, scope="part" if git.paths else None,
        span=timedelta(days=4000), most=10_000,
    )  # fmt: skip


def test_lag_and_age_are_those_of_git_at_every_deploy(
    shop: Shop, replayed: tuple[Git, list[Run], list[Run], datetime]
) -> None:
    git, staging, production, now = replayed
    found = timeline(shop, git, now)
    ran: dict[str, str] = {}
    states = set()
    for point in found["series"]:
        ran[point["environment"]] = point["commit"]
        if len(ran) < 2:
            assert point["reason"] == "no deploy yet"
            continue
        u, v, at = ran["staging"], ran["production"], point["at"]
        assert (point["waiting"], point["missing"]) == (git.count(u, v), git.count(v, u))
        assert point["age_s"] == age(git, staging, u, v, at)
        states.add(point["state"])
    u, v = staging[-1].sha, production[-1].sha
    assert (found["now"]["waiting"], found["now"]["missing"]) == (git.count(u, v), git.count(v, u))
    assert found["now"]["age_s"] == age(git, staging, u, v, now)
    shown, waits = {row["sha"] for row in found["waiting"]}, git.reach(u) - git.reach(v)
    assert shown <= waits
    assert len(shown) == min(len(waits), 200)
    assert len(found["series"]) == changes(staging) + changes(production)
    assert {"behind", "in_sync"} <= states


def test_lead_time_and_interval_are_those_of_an_independent_calculation(
    shop: Shop, replayed: tuple[Git, list[Run], list[Run], datetime]
) -> None:
    git, staging, production, end = replayed
    whole = end - staging[0].at
    for now in (end, end - whole / 4, end - whole / 2):
        told = {row["environment"]: row for row in timeline(shop, git, now)["environments"]}
        for slug, runs in (("staging", staging), ("production", production)):
            agree(git, told[slug], [run for run in runs if run.at <= now], now)


def agree(git: Git, told: dict[str, Any], runs: list[Run], now: datetime) -> None:
    spans, older, skewed = lead_times(git, runs, now)
    lead = told["lead_time"]
    assert told["deploys"] == len(runs)
    if len(runs) < 5:
        assert (lead["p50_s"], lead["reason"]) == (None, "insufficient data")
        return
    assert (lead["commits"], lead["older"], lead["skewed"], lead["undecided"]) == (len(spans), older, skewed, 0)
    assert (lead["p50_s"], lead["p90_s"]) == pytest.approx(percentiles(spans))
    assert [bar["commits"] for bar in lead["bars"]] == bars(spans)
    gaps = [(later.at - run.at).total_seconds() for run, later in pairwise(runs)]
    assert told["interval"]["median_s"] == pytest.approx(statistics.median(gaps))
    assert told["since_last_s"] == (now - runs[-1].at).total_seconds()


def bars(spans: list[float]) -> list[int]:
    """Below an hour, four, a day, three days, a week, and the rest."""
    ends = [0, 3600, 4 * 3600, 86400, 3 * 86400, 7 * 86400, float("inf")]
    return [sum(low <= span < high for span in spans) for low, high in pairwise(ends)]
