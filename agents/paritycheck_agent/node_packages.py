"""What the locks of JavaScript's package managers have in common: where a package comes from, who needs it."""

from __future__ import annotations

from paritycheck_agent.packages import DEVELOPMENT, OPTIONAL, PRODUCTION, reach, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping
    from typing import Any, TypeVar

    Node = TypeVar("Node", bound=Hashable)

# The members of package.json that ask for packages, and the group of each.
ASKED = {
    "dependencies": PRODUCTION,
    "devDependencies": DEVELOPMENT,
    "optionalDependencies": OPTIONAL,
    "peerDependencies": PRODUCTION,
}
_GIT = ("git+", "git:", "git@", "ssh:", "github:", "gitlab:", "bitbucket:", "gist:")
_WEB = ("http:", "https:")
_PATHS = ("file:", "link:", "portal:", "./", "../", "/", "~/")
_FORGES = ("github.com", "codeload.github.com", "gitlab.com", "bitbucket.org", "gist.github.com")
_ARCHIVES = (".tgz", ".tar.gz", ".tar")
_ARCHIVE = r"-(\d{1,9}\.\d{1,9}\.\d{1,9}[0-9A-Za-z.+-]{0,100})\.(?:tgz|tar\.gz)$"


def origin_of(asked: str) -> str:
    """Return where a range, URL or path leads: "registry", "vcs", "url", "path", or "local" for a folder."""
    asked = asked.strip()
    if asked.startswith(_GIT):
        return "vcs"
    if asked.startswith(_WEB):
        bare = asked.partition("#")[0].rstrip("/")
        host = bare.split("/")[2] if bare.count("/") > 1 else ""
        return "vcs" if bare.endswith(".git") or host.rpartition("@")[2] in _FORGES else "url"
    if asked.startswith(_PATHS) or is_archive(asked):
        return "path" if is_archive(asked) and not asked.startswith(("link:", "portal:")) else "local"
    if "/" in asked and not asked.startswith(("@", "npm:", "workspace:", "patch:")) and ":" not in asked:
        return "vcs"  # owner/repository, at GitHub
    return "registry"


def is_archive(path: str) -> bool:
    """Whether a URL or path leads to an archive."""
    return path.partition("#")[0].partition("?")[0].partition("::")[0].endswith(_ARCHIVES)


def archived(url: str) -> str | None:
    """Return the version in an archive's file name, as npm writes it."""
    import re

    match = re.search(_ARCHIVE, url.partition("#")[0].partition("?")[0][-256:])
    return match.group(1) if match else None


def split_name(written: str) -> tuple[str, str]:
    """Return name and the rest of `name@rest`, whose name may begin with the `@` of a scope."""
    at = written.find("@", 1)
    return (written, "") if at < 0 else (written[:at], written[at + 1 :])


def groups_of(
    starts: Mapping[str, Iterable[Node]],
    required: Callable[[Node], Iterable[Node]],
    every: Callable[[Node], Iterable[Node]],
) -> dict[Node, set[str]]:
    """Return the groups of each node that can be reached.

    `starts` is what the project asks for, by group; `required` leads from a package to what it cannot do without,
    `every` to what it asks for at all. What production reaches over something optional is optional.
    """
    production = reach(starts.get(PRODUCTION, ()), required)
    reached = {
        PRODUCTION: production,
        OPTIONAL: reach({*starts.get(OPTIONAL, ()), *production}, every) - production,
        DEVELOPMENT: reach(starts.get(DEVELOPMENT, ()), every),
    }
    groups: dict[Node, set[str]] = {}
    for group, nodes in reached.items():
        for node in nodes:
            groups.setdefault(node, set()).add(group)
    return groups


def manifest(data: bytes | None) -> dict[str, Any] | None:
    """Return a package.json, None where there is none that can be read."""
    import json

    try:
        return None if data is None else table(json.loads(data))
    except (ValueError, RecursionError):
        return None
