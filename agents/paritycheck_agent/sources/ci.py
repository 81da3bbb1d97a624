"""What the variables of CI services and platforms say of a release (collecting.md, release)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

_HEX = frozenset("0123456789abcdef")
_SHORTEST, _LONGEST = 7, 64
_EVENT_CHARS = 4 * 1024 * 1024

# A service: the variable that shows it, and of each fact the variables that may hold it, the first set one winning.
# `ref` is a whole reference (refs/heads/main), `url` one of a repository, `host` and `path` its parts.
_SERVICES: tuple[tuple[str, dict[str, tuple[str, ...]]], ...] = (
    ("GITHUB_ACTIONS", {
        "commit": ("GITHUB_SHA",), "branch": ("GITHUB_HEAD_REF",), "ref": ("GITHUB_REF",),
        "host": ("GITHUB_SERVER_URL",), "path": ("GITHUB_REPOSITORY",), "pipeline": ("GITHUB_RUN_ID",),
        "attempt": ("GITHUB_RUN_ATTEMPT",), "actor": ("GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR"),
        "event": ("GITHUB_EVENT_PATH",),
    }),
    ("GITLAB_CI", {
        "commit": ("CI_COMMIT_SHA",), "branch": ("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_COMMIT_BRANCH"),
        "tag": ("CI_COMMIT_TAG",), "url": ("CI_PROJECT_URL",), "pipeline": ("CI_PIPELINE_ID",),
        "actor": ("GITLAB_USER_LOGIN",), "default-branch": ("CI_DEFAULT_BRANCH",),
        "merge-base": ("CI_MERGE_REQUEST_DIFF_BASE_SHA",),
    }),
    ("BITBUCKET_BUILD_NUMBER", {
        "commit": ("BITBUCKET_COMMIT",), "branch": ("BITBUCKET_BRANCH",), "tag": ("BITBUCKET_TAG",),
        "url": ("BITBUCKET_GIT_HTTP_ORIGIN",), "pipeline": ("BITBUCKET_PIPELINE_UUID", "BITBUCKET_BUILD_NUMBER"),
        "actor": ("BITBUCKET_STEP_TRIGGERER_UUID",),
    }),
    ("CIRCLECI", {
        "commit": ("CIRCLE_SHA1",), "branch": ("CIRCLE_BRANCH",), "tag": ("CIRCLE_TAG",),
        "url": ("CIRCLE_REPOSITORY_URL",), "pipeline": ("CIRCLE_WORKFLOW_ID", "CIRCLE_BUILD_NUM"),
        "actor": ("CIRCLE_USERNAME",),
    }),
    ("JENKINS_URL", {
        "commit": ("GIT_COMMIT",), "branch": ("CHANGE_BRANCH", "BRANCH_NAME", "GIT_LOCAL_BRANCH", "GIT_BRANCH"),
        "tag": ("TAG_NAME",), "url": ("GIT_URL",), "pipeline": ("BUILD_TAG", "BUILD_ID"),
        "actor": ("BUILD_USER_ID", "CHANGE_AUTHOR"),
    }),
    ("BUILDKITE", {
        "commit": ("BUILDKITE_COMMIT",), "branch": ("BUILDKITE_BRANCH",), "tag": ("BUILDKITE_TAG",),
        "url": ("BUILDKITE_REPO",), "pipeline": ("BUILDKITE_BUILD_ID",), "actor": ("BUILDKITE_BUILD_CREATOR",),
        "default-branch": ("BUILDKITE_PIPELINE_DEFAULT_BRANCH",),
    }),
    ("TF_BUILD", {
        "commit": ("BUILD_SOURCEVERSION",), "ref": ("SYSTEM_PULLREQUEST_SOURCEBRANCH", "BUILD_SOURCEBRANCH"),
        "url": ("BUILD_REPOSITORY_URI",), "pipeline": ("BUILD_BUILDID",), "actor": ("BUILD_REQUESTEDFOR",),
    }),
    ("DRONE", {
        "commit": ("DRONE_COMMIT_SHA",), "branch": ("DRONE_SOURCE_BRANCH", "DRONE_BRANCH"), "tag": ("DRONE_TAG",),
        "url": ("DRONE_GIT_HTTP_URL",), "pipeline": ("DRONE_BUILD_NUMBER",), "actor": ("DRONE_BUILD_TRIGGER",),
        "default-branch": ("DRONE_REPO_BRANCH",),
    }),
    ("HEROKU_SLUG_COMMIT", {
        "commit": ("HEROKU_SLUG_COMMIT",), "id": ("HEROKU_RELEASE_VERSION",),
        "deployed-at": ("HEROKU_RELEASE_CREATED_AT",),
    }),
    ("HEROKU_BUILD_COMMIT", {
        "commit": ("HEROKU_BUILD_COMMIT",), "id": ("HEROKU_RELEASE_VERSION",),
        "deployed-at": ("HEROKU_RELEASE_CREATED_AT",),
    }),
    ("RENDER_GIT_COMMIT", {
        "commit": ("RENDER_GIT_COMMIT",), "branch": ("RENDER_GIT_BRANCH",), "id": ("RENDER_DEPLOY_ID",),
    }),
    ("RAILWAY_GIT_COMMIT_SHA", {
        "commit": ("RAILWAY_GIT_COMMIT_SHA",), "branch": ("RAILWAY_GIT_BRANCH",), "id": ("RAILWAY_DEPLOYMENT_ID",),
        "actor": ("RAILWAY_GIT_AUTHOR",),
    }),
    ("VERCEL_GIT_COMMIT_SHA", {
        "commit": ("VERCEL_GIT_COMMIT_SHA",), "branch": ("VERCEL_GIT_COMMIT_REF",), "id": ("VERCEL_DEPLOYMENT_ID",),
        "actor": ("VERCEL_GIT_COMMIT_AUTHOR_LOGIN",),
    }),
    ("SOURCE_VERSION", {"commit": ("SOURCE_VERSION",)}),
)  # fmt: skip
# https://opentelemetry.io/docs/specs/semconv/resource/ and .../attributes-registry/vcs/
_ATTRIBUTES = {
    "service.version": "id",
    "vcs.ref.head.revision": "commit",
    "vcs.ref.head.name": "branch",
    "vcs.repository.url.full": "url",
    "vcs.repository.ref.revision": "commit",
    "vcs.repository.ref.name": "branch",
    "cicd.pipeline.run.id": "pipeline",
}


def read(environ: Mapping[str, str], open_text: Callable[[str], str | None]) -> dict[str, str]:
    """Return what the variables say, by the name of the fact; also `url` and `default-branch` where they do.

    In a pull request of GitHub `commit` is the one that was pushed, and `tested` the merge made to test it.
    """
    said: dict[str, str] = {}
    for shown, names in _SERVICES:
        if environ.get(shown):
            said = {fact: value for fact, listed in names.items() if (value := _first(environ, listed))}
            break
    if not _is_commit(said.get("commit", "")):
        said.pop("commit", None)
    _split_reference(said)
    if said.get("host"):
        said["url"] = f"{said.pop('host').rstrip('/')}/{said.pop('path', '')}"
    if said.get("event"):
        _read_event(said, open_text(said.pop("event")) or "")
    if said.get("pipeline") and said.pop("attempt", "1") != "1":
        said["pipeline"] += "." + environ["GITHUB_RUN_ATTEMPT"]
    for name, value in _attributes(environ.get("OTEL_RESOURCE_ATTRIBUTES", "")).items():
        said.setdefault(name, value)
    if "@sha256:" in environ.get("FLY_IMAGE_REF", ""):
        said.setdefault("artifact", "sha256:" + environ["FLY_IMAGE_REF"].rpartition("@sha256:")[2])
    if environ.get("K_REVISION"):
        said.setdefault("id", environ["K_REVISION"])
    return said


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environ[name].strip() for name in names if environ.get(name, "").strip()), "")


def _is_commit(text: str) -> bool:
    return _SHORTEST <= len(text) <= _LONGEST and _HEX.issuperset(text)


def _split_reference(said: dict[str, str]) -> None:
    """Turn a whole reference into a branch or a tag; `origin/main`, as Jenkins has it, into `main`."""
    reference = said.pop("ref", "")
    if reference.startswith("refs/heads/"):
        said.setdefault("branch", reference.removeprefix("refs/heads/"))
    elif reference.startswith("refs/tags/"):
        said.setdefault("tag", reference.removeprefix("refs/tags/"))
    if said.get("branch", "").startswith("origin/"):
        said["branch"] = said["branch"].removeprefix("origin/")


def _read_event(said: dict[str, str], text: str) -> None:
    """Take from the event of a workflow of GitHub what its variables do not say."""
    import json

    try:
        event = json.loads(text) if len(text) <= _EVENT_CHARS else None
    except (ValueError, RecursionError):
        return
    default = _at(event, "repository", "default_branch")
    if default:
        said["default-branch"] = default
    pushed = _at(event, "pull_request", "head", "sha")
    if pushed:
        said["tested"] = said.get("commit", "")
        said["commit"] = pushed


def _at(value: Any, *keys: str) -> str:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def _attributes(text: str) -> dict[str, str]:
    """Return the facts in OTEL_RESOURCE_ATTRIBUTES: `key=value` pairs with commas between, values percent-encoded."""
    found: dict[str, str] = {}
    for pair in text.split(","):
        key, _equals, value = pair.partition("=")
        fact = _ATTRIBUTES.get(key.strip())
        if fact and value.strip():
            found.setdefault(fact, _decoded(value.strip()))
    return found


def _decoded(value: str) -> str:
    if "%" not in value:
        return value
    from urllib.parse import unquote

    return unquote(value)
