"""One `parity deploy`: what the command line, git and the variables of CI say of a deploy, sent to the server."""

from __future__ import annotations

from paritycheck_agent.config import ConfigError
from paritycheck_agent.runner.keyless import sign_in
from paritycheck_agent.runner.session import is_loopback
from paritycheck_agent.transport.connection import Unreachable
from paritycheck_agent.wire.fields import is_sha

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from paritycheck_agent.config import Config

# Variables that hold the address of the running job, the first set one winning.
_JOB_URLS = ("CI_JOB_URL", "CIRCLE_BUILD_URL", "BUILD_URL", "BUILDKITE_BUILD_URL", "DRONE_BUILD_LINK")
_GITHUB_RUN = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")


def tell_deploy(config: Config, options: Any, project: str) -> dict[str, Any]:
    """Return the server's answer; raise ConfigError, Refused, Unreachable."""
    document = document_of(config, options)
    answer = _post(config, project, document)
    if answer.get("commit") != document["commit"] or not isinstance(answer.get("id"), str):
        raise Unreachable("the answer is not about this deploy")
    return answer


def document_of(config: Config, options: Any) -> dict[str, Any]:
    """Return what is sent; raise ConfigError where no commit is known."""
    said = _release(config)
    commit = options.commit or said.get("commit", "")
    if not is_sha(commit):
        hint = "name all 40 digits: --commit $(git rev-parse HEAD)"
        raise ConfigError("--commit", "no full commit is known here", hint)
    document = {
        "environment": options.environment,
        "commit": commit,
        "status": options.status,
        "source": "cli",
        "release": options.release or said.get("id", "") or _tag(said),
        "artifact": options.artifact or said.get("artifact", ""),
        "url": options.url or _job_url(config.environ),
        "external_id": options.id or _identity(options.environment, said, commit),
        "actors": _actors(config, options, said),
    }
    return {name: value for name, value in document.items() if value}


def _release(config: Config) -> dict[str, str]:
    """Return the facts of the release here that are one word each; nothing where neither git nor CI tells."""
    from paritycheck_agent.collectors import release
    from paritycheck_agent.context import Context, Unknown

    context = Context(config.root, config.public_environ(), config.settings, config.state_home, candidate=True)
    try:
        facts = release.collect(context).facts
    except Unknown:
        return {}
    return {str(fact["name"]): fact["value"] for fact in facts if isinstance(fact.get("value"), str)}


def _tag(said: Mapping[str, str]) -> str:
    return said.get("tag", "").removeprefix("refs/tags/")


def _job_url(environ: Mapping[str, str]) -> str:
    """Return the address of the CI job that runs this."""
    found = next((environ[name] for name in _JOB_URLS if environ.get(name)), "")
    if not found and all(environ.get(name) for name in _GITHUB_RUN):
        server, repository, run = (environ[name] for name in _GITHUB_RUN)
        found = f"{server}/{repository}/actions/runs/{run}"
    return found if found.startswith(("http://", "https://")) and "@" not in found else ""


def _identity(environment: str, said: Mapping[str, str], commit: str) -> str:
    """Return a name of this deploy that a job tried again has too; nothing outside a pipeline."""
    pipeline = said.get("pipeline", "")
    return f"{pipeline} {environment} {commit[:12]}" if pipeline else ""


def _actors(config: Config, options: Any, said: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return who deployed and who approved: those named, else who started the pipeline, else git's user."""
    found = options.actor or [said.get("actor", "") or _git_user(config)]
    triggers = [actor for actor in found if actor]
    provider = "gitlab" if config.environ.get("GITLAB_CI") else "github"
    return [_actor("trigger", name, provider) for name in triggers] + [
        _actor("approver", name, provider) for name in options.approver
    ]


def _actor(role: str, said: str, provider: str) -> dict[str, str]:
    """Return a person by address, `Name <address>`, or login; the server keeps of an address a key only."""
    name, found, rest = said.partition("<")
    if found and rest.endswith(">"):
        shown = {"name": name.strip()} if name.strip() else {}
        return {"role": role, **shown, "email": rest[:-1].strip()}
    if "@" in said:
        return {"role": role, "email": said.strip()}
    return {"role": role, "login": said.strip(), "provider": provider}


def _git_user(config: Config) -> str:
    """Return `Name <address>` of whoever commits here, where no pipeline runs: it is they who deploy."""
    from paritycheck_agent.sources.git_command import GitFault, run

    if config.environ.get("CI"):
        return ""
    words: list[str] = []
    for key in ("user.name", "user.email"):
        try:
            printed = run(config.root, ["config", "--get", key], environ=config.public_environ())
        except GitFault:
            return ""
        words.append(printed.decode("utf-8", "replace").strip())
    return f"{words[0]} <{words[1]}>" if "@" in words[1] else ""


def _post(config: Config, project: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Imports ssl: 10 ms that only sending pays."""
    from paritycheck_agent.transport.client import Client
    from paritycheck_agent.transport.connection import Connection

    url, token = config.url(), sign_in(config, project).token
    if url.startswith("http://") and not is_loopback(url):
        config.warnings.append("PARITY_URL is http: the token travels readable; use https")
    connection = Connection(url, token=token, ca_file=config.ca_file, environ=config.environ)
    try:
        return Client(connection).post_deploy(project, document)
    finally:
        connection.close()
