"""Addresses of commits where people read them. What an agent says becomes a link to hosts of this list alone: any other
name is text, for whoever holds a token could send people anywhere.
"""

import re

from paritycheck.models import Environment
from paritycheck.selectors.states import section_of

HOSTS = {"github.com": "commit", "gitlab.com": "-/commit", "bitbucket.org": "commits", "codeberg.org": "commit"}
_REPOSITORY = re.compile(r"[a-z.]+/[\w.-]*[\w-](?:/[\w.-]*[\w-]){1,8}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def repository_of(environments: list[Environment]) -> str:
    """`github.com/acme/shop` as the release of the first that says so names it, else empty."""
    for environment in environments:
        entry = environment.latest.sections.get("release") if environment.latest is not None else None
        if entry:
            said = section_of(environment.project_id, "release", entry).look_up("repository").value
            if said and said.partition("/")[0] in HOSTS and _REPOSITORY.fullmatch(said):
                return said
    return ""


def commit_url(repository: str, sha: str) -> str:
    """Empty where no such host is known."""
    if not repository or not _COMMIT.fullmatch(sha):
        return ""
    return f"https://{repository}/{HOSTS[repository.partition('/')[0]]}/{sha}"
