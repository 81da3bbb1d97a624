"""Commits go to a server that lacks them, and what it asks for reaches git only as commits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.cli import main
from tests.agent.conftest import Wire, git

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def verbs(wire: Wire) -> list[str]:
    return [f"{method} {path.split('/')[3]}" for method, path in wire.calls]


@pytest.fixture
def repository(checkout: Path) -> Path:
    git(checkout, "init", "-q")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "Begin")
    git(checkout, "commit", "-q", "--allow-empty", "-m", "Go on")
    return checkout


def test_commits_are_sent_when_the_server_lacks_the_head(reporting: Wire, repository: Path) -> None:
    assert main(["report"]) == 0
    assert "POST commits" in verbs(reporting)
    head = git(repository, "rev-parse", "HEAD")
    assert reporting.reports[0]["head"] == head
    assert [commit["sha"] for commit in reporting.commits] == git(repository, "rev-list", "HEAD").split()


def test_only_commits_that_the_server_lacks_are_sent(reporting: Wire, repository: Path) -> None:
    main(["report"])
    reporting.commits.clear()
    git(repository, "commit", "-q", "--allow-empty", "-m", "More")
    assert main(["report"]) == 0
    assert [commit["subject"] for commit in reporting.commits] == ["More"]


def test_older_commits_that_an_answer_asks_for_are_sent_after_the_report(reporting: Wire, repository: Path) -> None:
    first = git(repository, "rev-list", "--max-parents=0", "HEAD")
    reporting.answers["reports"] = {"commits": {"tips": [first], "want": 5}}
    assert main(["report"]) == 0
    assert verbs(reporting)[-1] == "POST commits"
    assert reporting.commits[-1]["sha"] == first


HOSTILE_ANSWERS = [
    {"have": ["--output=/tmp/x", "-n", "HEAD"], "want": 500},
    {"have": "HEAD", "want": "all"},
    {"have": [None, 1, {}], "want": -1},
    {"have": ["0" * 40] * 1000, "want": 10**9},
    {"tips": ["--exec=x"], "want": True},
    ["have"],
    "HEAD",
]


@pytest.mark.parametrize("asked", HOSTILE_ANSWERS, ids=range(len(HOSTILE_ANSWERS)))
def test_what_a_hostile_server_asks_for_reaches_git_only_as_commits(
    reporting: Wire, repository: Path, asked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from paritycheck_agent.sources import git as sources

    seen: list[tuple[list[str], list[str], int]] = []
    real: Callable[..., bytes] = sources.commit_lines

    def spy(root: str, have: list[str], want: int, **options: Any) -> bytes:
        seen.append((have, options["tips"], want))
        return real(root, have, want, **options)

    monkeypatch.setattr(sources, "commit_lines", spy)
    head = git(repository, "rev-parse", "HEAD")
    body = json.dumps({"missing": ["commits"], "commits": asked}).encode()
    head_line = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    reporting.faults = [head_line + body]
    assert main(["report"]) == 0
    assert reporting.reports[0]["head"] == head
    for have, tips, want in seen:
        assert all(len(sha) == 40 and set(sha) <= set("0123456789abcdef") for sha in [*have, *tips])
        assert len(have) <= 20
        assert 1 <= want <= 500
