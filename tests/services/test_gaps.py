"""The time gap as it is stored with a pair."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from paritycheck.models import Project

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, 14, tzinfo=UTC)


@pytest.fixture
def project() -> Project:
    """Commits a, b, c in a row, an hour apart, the newest a day old; m merges a side branch into c."""
    from paritycheck.models import Commit, Project

    found = Project.objects.create(slug="shop")
    parents = {"a": [], "b": ["a"], "c": ["b"], "x": ["b"], "m": ["c", "x"]}
    for at, (sha, of) in enumerate(parents.items()):
        moment = NOW - timedelta(days=1, hours=10 - at)
        Commit.objects.create(project=found, sha=sha, parents=of, authored_at=moment, committed_at=moment)
    return found


def deploys(project: Project, slug: str, tier: str, *commits: tuple[str, int]) -> Any:
    """An environment that ran these commits, each since so many hours ago; its last snapshot."""
    environment = project.environments.create(slug=slug, tier=tier)
    snapshots = [
        environment.snapshots.create(
            project=project, number=number, commit=commit, opened_at=NOW - timedelta(hours=hours), confirmed_at=NOW
        )
        for number, (commit, hours) in enumerate(commits, 1)
    ]
    return snapshots[-1]


def gap(upstream: Any, downstream: Any) -> dict[str, Any]:
    from paritycheck.core.policy import default_policy
    from paritycheck.services.gaps import time_gap

    return time_gap(upstream=upstream, downstream=downstream, policy=default_policy(), now=NOW)


def test_the_age_counts_from_when_upstream_first_ran_the_oldest_commit_that_waits(project: Project) -> None:
    staging = deploys(project, "staging", "staging", ("a", 90), ("b", 30), ("m", 2))
    found = gap(staging, deploys(project, "production", "production", ("a", 80)))
    assert (found["state"], found["waiting"], found["missing"]) == ("behind", 3, 0)
    assert (found["value"], found["band"], found["oldest"]) == (30 * 3600, "warning", "b")
    assert (found["coverage"], found["by_commit_date"]) == (1.0, False)


def test_what_the_first_report_held_counts_from_its_commit_date(project: Project) -> None:
    staging = deploys(project, "staging", "staging", ("c", 1))
    found = gap(staging, deploys(project, "production", "production", ("a", 80)))
    assert (found["value"], found["by_commit_date"]) == (33 * 3600, True)


def test_nothing_waits_where_both_run_the_same(project: Project) -> None:
    staging = deploys(project, "staging", "staging", ("c", 5))
    found = gap(staging, deploys(project, "production", "production", ("c", 4)))
    assert (found["value"], found["waiting"], found["band"], found["state"]) == (0.0, 0, "ok", "in_sync")


def test_two_that_parted_are_diverged(project: Project) -> None:
    staging = deploys(project, "staging", "staging", ("x", 5))
    found = gap(staging, deploys(project, "production", "production", ("c", 4)))
    assert (found["state"], found["waiting"], found["missing"]) == ("diverged", 1, 1)


def test_a_commit_the_server_does_not_know_makes_it_unknown(project: Project) -> None:
    staging = deploys(project, "staging", "staging", ("f", 5))
    found = gap(staging, deploys(project, "production", "production", ("c", 4)))
    assert (found["value"], found["band"], found["reason"]) == (None, "unknown", "not-collected")


def test_before_the_first_deploy_it_is_unknown(project: Project) -> None:
    staging = deploys(project, "staging", "staging", ("", 5))
    found = gap(staging, deploys(project, "production", "production", ("c", 4)))
    assert (found["value"], found["reason"]) == (None, "no deploy yet")


def test_a_pair_keeps_how_its_gap_went_day_by_day_and_counts_it_again_when_a_side_moves(project: Project) -> None:
    from paritycheck.models import Pair
    from paritycheck.services.courses import note_courses

    left = deploys(project, "staging", "staging", ("a", 90), ("b", 30), ("m", 2))
    right = deploys(project, "production", "production", ("a", 80))
    pair = Pair(project=project, left=left.environment, right=right.environment, left_snapshot=left)
    pair.right_snapshot, pair.evaluated_at = right, NOW
    note_courses(pair=pair, now=NOW)
    assert pair.courses["time"] == [0, 0, 6 * 3600, 30 * 3600]
    assert pair.courses["personnel"] == []
    kept = pair.courses
    note_courses(pair=pair, now=NOW + timedelta(minutes=40))
    assert pair.courses is kept
    right.commit = "b"
    note_courses(pair=pair, now=NOW + timedelta(minutes=40))
    assert pair.courses is not kept
