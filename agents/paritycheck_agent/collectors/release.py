"""Section release: what is checked out or deployed, from git, from the files of .git, or from the variables of CI."""

from __future__ import annotations

from paritycheck_agent.context import Collected, Unknown
from paritycheck_agent.sources import ci
from paritycheck_agent.sources.git import Repository, address
from paritycheck_agent.sources.git_command import GitFault
from paritycheck_agent.sources.git_plain import is_sha
from paritycheck_agent.wire import limits
from paritycheck_agent.wire.secrets import suspected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from paritycheck_agent.context import Context

SECTION = "release"

_SHA1_CHARS = 40
_GIT, _CI, _DOCKER = ".git", "ci", "docker"
# What a pipeline says of the commit it was started for; the rest it says of itself.
_OF_THE_COMMIT = ("branch", "tag", "repository", "merge-base")
_OF_ITSELF = ("id", "artifact", "actor", "pipeline", "deployed-at")


def collect(context: Context) -> Collected:
    """Return the facts of the release; raise Unknown("no-git") where neither git nor a variable tells of one."""
    if context.kubernetes and not context.candidate:
        return _of_cluster(context)
    said = ci.read(context.environ, context.open_text)
    if "url" in said:
        said["repository"] = address(said["url"])
    facts = _Facts()
    try:
        repository = Repository(context.root, context.environ)
    except GitFault as fault:
        _without_repository(facts, said, fault.reason)
    else:
        _from_repository(facts, repository, said, _default_branch(context, said))
    for name in _OF_ITSELF:
        facts.value(name, said.get(name, ""), _CI)
    _from_containers(facts, context)
    if not facts.by_name:
        raise Unknown("no-git")
    return facts.collected()


def _of_cluster(context: Context) -> Collected:
    """Return what the application's workload says of its release: nothing of the checkout or the pipeline here, which
    are of whoever looks. An image is called by its commit where its label of a version, or its tag, is a whole one.
    """
    from paritycheck_agent.sources import cluster

    facts, reason = _Facts(), "not-collected"
    try:
        found = cluster.read(context)
        workload = cluster.application(context, found) if found else None
    except Unknown as unknown:
        found, workload, reason = None, None, unknown.reason
        facts.unknown("artifact", reason, cluster.SOURCE)
    containers = [one for _, other, one in cluster.applications(found) if other is workload] if found else []
    if workload is not None:
        facts.value("id", workload.version, cluster.SOURCE)
        facts.value("commit", _commit_in(workload.version), cluster.SOURCE)
    for container in containers[:1]:
        digests = container.digests or {cluster.digest_of(container.image)}
        facts.value("artifact", sorted(digests), cluster.SOURCE)
        tag = container.image.partition("@")[0].rpartition("/")[2].partition(":")[2]
        facts.value("commit", _commit_in(tag.removeprefix("sha-")), cluster.SOURCE)
    facts.unknown("commit", reason, cluster.SOURCE)
    return facts.collected()


def _commit_in(text: str) -> str:
    return text if is_sha(text) and len(text) == _SHA1_CHARS else ""


def _from_containers(facts: _Facts, context: Context) -> None:
    """Take what the images that run say of themselves, where nothing better does: git and pipelines know more."""
    settings = context.settings.get("docker")
    if context.elsewhere or not isinstance(settings, dict) or settings.get("enabled") is not True:
        return
    from paritycheck_agent.sources import docker_release

    said = docker_release.read(context)
    facts.value("artifact", said.artifacts, _DOCKER)
    if "value" not in facts.by_name.get("commit", {}) and said.commit:
        facts.by_name.pop("commit", None)
        facts.value("commit", said.commit, _DOCKER)
        facts.value("repository", address(said.repository) if said.repository else "", _DOCKER)


def _default_branch(context: Context, said: dict[str, str]) -> str:
    settings = context.settings.get(SECTION)
    named = settings.get("default-branch") if isinstance(settings, dict) else None
    return named if isinstance(named, str) else said.get("default-branch", "")


class _Facts:
    """The facts found so far: the first to be said of a name stands."""

    def __init__(self) -> None:
        self.by_name: dict[str, dict[str, Any]] = {}

    def collected(self) -> Collected:
        return Collected(sorted(self.by_name.values(), key=lambda fact: str(fact["name"])))

    def value(self, name: str, value: str | list[str], source: str) -> None:
        """Take a value; an empty one says nothing."""
        values = [value] if isinstance(value, str) else value
        fits = all(len(text) <= limits.STRING_CHARS and not suspected(text) for text in values)
        if values and all(values):
            members = {"value": values[0] if len(values) == 1 else sorted(values)} if fits else {"unknown": "redacted"}
            self._take(name, members, source)

    def absent(self, name: str, source: str) -> None:
        """Take that something was looked for and is not there."""
        self._take(name, {"absent": True}, source)

    def unknown(self, name: str, reason: str, source: str) -> None:
        """Take that something could not be found out."""
        self._take(name, {"unknown": reason}, source)

    def _take(self, name: str, members: dict[str, Any], source: str) -> None:
        self.by_name.setdefault(name, {"name": name, **members, "sources": [source]})

    def ask(self, name: str, question: Callable[[], str | list[str]], source: str = _GIT) -> None:
        """Take what git answers, absent where the answer is empty, unknown where it cannot."""
        try:
            answer = question()
        except GitFault as fault:
            self.unknown(name, fault.reason, source)
            return
        self.value(name, answer, source)
        self.absent(name, source)


def _without_repository(facts: _Facts, said: dict[str, str], reason: str) -> None:
    """Take what a pipeline or platform says: there is no repository here, as in most images."""
    for name in ("commit", *_OF_THE_COMMIT):
        facts.value(name, said.get(name, ""), _CI)
    if said.get("id") or said.get("artifact"):
        facts.unknown("commit", reason, _CI)


def _from_repository(facts: _Facts, repository: Repository, said: dict[str, str], default: str) -> None:
    try:
        commit = repository.commit()
    except GitFault as fault:
        facts.unknown("commit", fault.reason, _GIT)
        commit = ""
    meant = commit and commit in {said.get("commit"), said.get("tested")}
    if meant:
        # The merge that GitHub makes to test a pull request is nobody's commit: the one pushed is meant.
        facts.value("commit", said.get("commit", ""), _CI)
    facts.ask("commit", lambda: commit)
    facts.ask("dirty", lambda: "true" if repository.dirty() else "false")
    facts.value("branch", repository.plain.head()[1], _GIT)
    if meant:
        for name in _OF_THE_COMMIT:
            facts.value(name, said.get(name, ""), _CI)
    facts.absent("branch", _GIT)
    facts.ask("repository", lambda: _remote(repository))
    facts.ask("tag", repository.tags)
    reference = repository.default_branch(default)
    if commit and reference:
        facts.ask("merge-base", lambda: _merge_base(repository, commit, reference))


def _remote(repository: Repository) -> str:
    """Return `host/path` of the remote `origin`, or of the only one there is."""
    remotes = repository.remotes()
    url = remotes.get("origin", "") or (next(iter(remotes.values())) if len(remotes) == 1 else "")
    return address(url)


def _merge_base(repository: Repository, commit: str, reference: str) -> str:
    if repository.plain.ref(reference) == commit:
        return commit
    return repository.merge_base(commit, reference)
