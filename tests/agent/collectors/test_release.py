"""Section release: from git, from the files of .git, or from the variables of CI services and platforms."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.collectors import release
from paritycheck_agent.context import Context, Unknown
from paritycheck_agent.redact import clean
from paritycheck_agent.wire.bodies import check_body
from paritycheck_agent.wire.canonical import split

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SHA, PUSHED = "3" * 40, "4" * 40
GIT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}
WHO = {f"GIT_{role}_{what}": "ann@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def collect(root: Path, environ: Mapping[str, str], settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The value (or None for absent, or the reason in brackets) by name; both bodies pass the server's check."""
    collected = release.collect(Context(str(root), environ, settings or {}, str(root)))
    facts, warnings = clean("release", collected.facts)
    assert warnings == []
    for body in split("release", collected.covers, facts, collected.warnings):
        check_body(body)
    assert [fact["name"] for fact in facts] == sorted(fact["name"] for fact in facts)
    return {fact["name"]: None if "absent" in fact else fact.get("value", [fact.get("unknown")]) for fact in facts}


def run(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, env={**GIT, **WHO}, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    root.mkdir()
    run(root, "init", "-q", "-b", "main")
    (root / "a.txt").write_text("one")
    run(root, "add", ".")
    run(root, "commit", "-q", "-m", "one")
    run(root, "remote", "add", "origin", "https://ann:c4n4ry@git.example.com/acme/shop.git")
    return root


def test_a_checkout_says_commit_branch_repository_and_dirt(shop: Path) -> None:
    head = run(shop, "rev-parse", "HEAD")
    expected = {
        "branch": "main", "commit": head, "dirty": "false", "merge-base": head, "tag": None,
        "repository": "git.example.com/acme/shop",
    }  # fmt: skip
    assert collect(shop, GIT) == expected
    (shop / "a.txt").write_text("two")
    run(shop, "tag", "v1")
    run(shop, "tag", "v1.0")
    run(shop, "checkout", "-q", "--detach")
    assert collect(shop, GIT) == {**expected, "branch": None, "dirty": "true", "tag": ["v1", "v1.0"]}


def test_a_branch_has_its_merge_base_with_the_default_branch(shop: Path) -> None:
    start = run(shop, "rev-parse", "HEAD")
    run(shop, "checkout", "-q", "-b", "topic")
    run(shop, "commit", "-q", "--allow-empty", "-m", "two")
    assert collect(shop, GIT)["merge-base"] == start
    run(shop, "branch", "-m", "main", "stable")
    assert "merge-base" not in collect(shop, GIT)
    assert collect(shop, GIT, {"release": {"default-branch": "stable"}})["merge-base"] == start


def test_a_sub_folder_of_a_repository_is_read_too(shop: Path) -> None:
    (shop / "api").mkdir()
    assert collect(shop / "api", GIT) == collect(shop, GIT)


def test_before_the_first_commit_there_is_no_commit(tmp_path: Path) -> None:
    run(tmp_path, "init", "-q", "-b", "main")
    assert collect(tmp_path, GIT) == {
        "branch": "main",
        "commit": None,
        "dirty": "false",
        "repository": None,
        "tag": None,
    }


def test_without_the_program_git_commit_branch_and_repository_are_known(shop: Path) -> None:
    run(shop, "tag", "v1")
    assert collect(shop, {"PATH": "/nonexistent"}) == {
        "branch": "main", "commit": run(shop, "rev-parse", "HEAD"), "dirty": ["tool-missing"],
        "merge-base": run(shop, "rev-parse", "HEAD"), "repository": "git.example.com/acme/shop",
        "tag": ["tool-missing"],
    }  # fmt: skip


def test_a_shallow_clone_says_that_its_merge_base_is_not_known(shop: Path, tmp_path: Path) -> None:
    run(shop, "commit", "-q", "--allow-empty", "-m", "two")
    run(shop, "clone", "-q", "--depth=1", f"file://{shop}", str(tmp_path / "clone"))
    run(tmp_path / "clone", "checkout", "-q", "-b", "topic")
    run(tmp_path / "clone", "commit", "-q", "--allow-empty", "-m", "three")
    assert collect(tmp_path / "clone", GIT)["merge-base"] == ["shallow"]


def test_a_repository_of_someone_else_says_all_but_dirt(shop: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder to another user")
    before = collect(shop, GIT)
    for path in (shop, *shop.rglob("*")):
        os.chown(path, 4242, 4242)
    assert collect(shop, GIT) == {**before, "dirty": ["no-permission"]}


def test_a_remote_that_is_a_folder_or_missing_names_no_repository(shop: Path) -> None:
    run(shop, "remote", "set-url", "origin", "/srv/git/c4n4ry")
    assert collect(shop, GIT)["repository"] is None
    run(shop, "remote", "rename", "origin", "upstream")
    run(shop, "remote", "set-url", "upstream", "git@git.example.com:acme/shop.git")
    assert collect(shop, GIT)["repository"] == "git.example.com/acme/shop"
    run(shop, "remote", "add", "fork", "git@git.example.com:ann/shop.git")
    assert collect(shop, GIT)["repository"] is None


def test_without_a_repository_and_variables_the_section_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(Unknown) as unknown:
        collect(tmp_path, {"PATH": os.environ["PATH"]})
    assert unknown.value.reason == "no-git"


GITHUB = {
    "GITHUB_ACTIONS": "true", "GITHUB_SHA": SHA, "GITHUB_REF": "refs/heads/main", "GITHUB_RUN_ID": "77",
    "GITHUB_RUN_ATTEMPT": "1", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_ACTOR": "ann", "GITHUB_TRIGGERING_ACTOR": "bo",
}  # fmt: skip
SHOP = {"commit": SHA, "repository": "git.example.com/acme/shop"}
SERVICES: list[tuple[dict[str, str], dict[str, Any]]] = [
    (GITHUB, {"commit": SHA, "branch": "main", "repository": "github.com/acme/shop", "pipeline": "77", "actor": "bo"}),
    (
        {**GITHUB, "GITHUB_REF": "refs/tags/v1", "GITHUB_RUN_ATTEMPT": "3"},
        {"commit": SHA, "tag": "v1", "repository": "github.com/acme/shop", "pipeline": "77.3", "actor": "bo"},
    ),
    (
        {
            "GITLAB_CI": "true", "CI_COMMIT_SHA": SHA, "CI_COMMIT_BRANCH": "main", "CI_PIPELINE_ID": "9",
            "CI_PROJECT_URL": "https://git.example.com/acme/shop", "GITLAB_USER_LOGIN": "ann",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": PUSHED, "CI_COMMIT_TAG": "",
        },
        {**SHOP, "branch": "main", "pipeline": "9", "actor": "ann", "merge-base": PUSHED},
    ),
    (
        {
            "BITBUCKET_BUILD_NUMBER": "5", "BITBUCKET_COMMIT": SHA, "BITBUCKET_BRANCH": "main",
            "BITBUCKET_GIT_HTTP_ORIGIN": "http://git.example.com/acme/shop",
        },
        {**SHOP, "branch": "main", "pipeline": "5"},
    ),
    (
        {
            "CIRCLECI": "true", "CIRCLE_SHA1": SHA, "CIRCLE_TAG": "v2", "CIRCLE_WORKFLOW_ID": "w",
            "CIRCLE_REPOSITORY_URL": "git@git.example.com:acme/shop.git", "CIRCLE_USERNAME": "ann",
        },
        {**SHOP, "tag": "v2", "pipeline": "w", "actor": "ann"},
    ),
    (
        {
            "JENKINS_URL": "https://ci", "GIT_COMMIT": SHA, "GIT_BRANCH": "origin/main", "BUILD_TAG": "jenkins-shop-3",
            "GIT_URL": "https://ann:c4n4ry@git.example.com/acme/shop.git",
        },
        {**SHOP, "branch": "main", "pipeline": "jenkins-shop-3"},
    ),
    (
        {
            "BUILDKITE": "true", "BUILDKITE_COMMIT": SHA, "BUILDKITE_BRANCH": "main", "BUILDKITE_BUILD_ID": "b",
            "BUILDKITE_REPO": "git@git.example.com:acme/shop.git",
        },
        {**SHOP, "branch": "main", "pipeline": "b"},
    ),
    (
        {
            "TF_BUILD": "True", "BUILD_SOURCEVERSION": SHA, "BUILD_SOURCEBRANCH": "refs/heads/feature/x",
            "BUILD_BUILDID": "12", "BUILD_REPOSITORY_URI": "https://acme@git.example.com/acme/shop",
        },
        {**SHOP, "branch": "feature/x", "pipeline": "12"},
    ),
    (
        {
            "DRONE": "true", "DRONE_COMMIT_SHA": SHA, "DRONE_BRANCH": "main", "DRONE_BUILD_NUMBER": "8",
            "DRONE_GIT_HTTP_URL": "https://git.example.com/acme/shop.git",
        },
        {**SHOP, "branch": "main", "pipeline": "8"},
    ),
    (
        {
            "HEROKU_SLUG_COMMIT": SHA, "HEROKU_RELEASE_VERSION": "v42",
            "HEROKU_RELEASE_CREATED_AT": "2026-11-20T10:00:00Z",
        },
        {"commit": SHA, "id": "v42", "deployed-at": "2026-11-20T10:00:00Z"},
    ),
    ({"RENDER_GIT_COMMIT": SHA, "RENDER_GIT_BRANCH": "main"}, {"commit": SHA, "branch": "main"}),
    (
        {"RAILWAY_GIT_COMMIT_SHA": SHA, "RAILWAY_GIT_BRANCH": "main", "RAILWAY_DEPLOYMENT_ID": "d"},
        {"commit": SHA, "branch": "main", "id": "d"},
    ),
    (
        {"VERCEL_GIT_COMMIT_SHA": SHA, "VERCEL_GIT_COMMIT_REF": "main", "VERCEL_DEPLOYMENT_ID": "dpl"},
        {"commit": SHA, "branch": "main", "id": "dpl"},
    ),
    ({"SOURCE_VERSION": SHA}, {"commit": SHA}),
    (
        {
            "OTEL_RESOURCE_ATTRIBUTES": f"service.name=shop,service.version=2026.11%2B3,vcs.ref.head.revision={SHA},"
            "vcs.repository.url.full=https://ann:c4n4ry@git.example.com/acme/shop,cicd.pipeline.run.id=5"
        },
        {**SHOP, "id": "2026.11+3", "pipeline": "5"},
    ),
    ({"FLY_IMAGE_REF": f"registry/shop@sha256:{'a' * 64}"}, {"artifact": f"sha256:{'a' * 64}", "commit": ["no-git"]}),
    ({"K_REVISION": "shop-00042"}, {"id": "shop-00042", "commit": ["no-git"]}),
]  # fmt: skip


@pytest.mark.parametrize(("environ", "expected"), SERVICES)
def test_where_there_is_no_repository_the_variables_tell(
    tmp_path: Path, environ: dict[str, str], expected: dict[str, Any]
) -> None:
    assert collect(tmp_path, environ) == expected


def test_a_variable_that_is_no_commit_is_none(tmp_path: Path) -> None:
    assert collect(tmp_path, {"BUILDKITE": "true", "BUILDKITE_COMMIT": "HEAD", "BUILDKITE_BRANCH": "main"}) == {
        "branch": "main"
    }


def test_a_value_that_looks_like_a_secret_is_not_sent(tmp_path: Path) -> None:
    token = "ghp_0123456789abcdefghijklmnopqrstuvwxyz"
    found = collect(tmp_path, {"SOURCE_VERSION": SHA, "K_REVISION": token})
    assert found == {"commit": SHA, "id": ["redacted"]}


def event(tmp_path: Path, document: object) -> dict[str, str]:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(document) if not isinstance(document, str) else document)
    return {"GITHUB_EVENT_PATH": str(path)}


def test_in_a_pull_request_the_pushed_commit_is_meant_not_the_merge_to_test_it(shop: Path, tmp_path: Path) -> None:
    tested = run(shop, "rev-parse", "HEAD")
    run(shop, "checkout", "-q", "--detach")
    document = {"pull_request": {"head": {"sha": PUSHED}}, "repository": {"default_branch": "main"}}
    request = {
        **GITHUB,
        **event(tmp_path, document),
        "GITHUB_SHA": tested,
        "GITHUB_HEAD_REF": "topic",
        "GITHUB_REF": "refs/pull/3/merge",
    }
    found = collect(shop, {**GIT, **request})
    assert (found["commit"], found["branch"], found["merge-base"]) == (PUSHED, "topic", tested)
    assert (found["pipeline"], found["actor"]) == ("77", "bo")


@pytest.mark.parametrize(
    "document", ["{", "[]", "[" * 100_000, {"pull_request": 3}, {"pull_request": {"head": {"sha": 5}}}]
)
def test_an_odd_event_says_nothing(tmp_path: Path, document: object) -> None:
    assert collect(tmp_path, {**GITHUB, **event(tmp_path, document)})["commit"] == SHA


def test_variables_of_another_checkout_s_pipeline_say_nothing_of_this_one(shop: Path) -> None:
    run(shop, "checkout", "-q", "--detach")
    found = collect(shop, {**GIT, **GITHUB, "GITHUB_REF": "refs/heads/other"})
    assert found["commit"] == run(shop, "rev-parse", "HEAD")
    assert (found["branch"], found["repository"]) == (None, "git.example.com/acme/shop")
    assert found["pipeline"] == "77"
