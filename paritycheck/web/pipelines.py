"""The examples of the manual's page "Pipelines": files that tests parse and run, shown as they are."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

STAND_IN: Final = "https://parity.example"
"""The server that the files name; a page shows its own."""


class Example(NamedTuple):
    """`keyless`: the job signs in with the id token that its CI gives it."""

    slug: str
    title: str
    file: str
    keyless: bool


EXAMPLES: Final = (
    Example("github", "GitHub Actions", "github.yml", keyless=True),
    Example("gitlab", "GitLab CI", "gitlab.yml", keyless=True),
    Example("jenkins", "Jenkins", "Jenkinsfile", keyless=False),
    Example("circleci", "CircleCI", "circleci.yml", keyless=False),
    Example("azure", "Azure Pipelines", "azure.yml", keyless=False),
    Example("buildkite", "Buildkite", "buildkite.yml", keyless=False),
    Example("precommit", "pre-commit", "pre-commit.yaml", keyless=False),
)


def folder() -> Path:
    """Where the files are: beside the manual's pages."""
    return Path(settings.TEMPLATES[0]["DIRS"][0]) / "docs" / "pipelines"


def shown() -> dict[str, dict[str, object]]:
    """What the page shows of each, by its slug, for this server."""
    return {one.slug: {"example": one, "lines": list(_lines(one))} for one in EXAMPLES}


def _lines(example: Example) -> Iterator[str]:
    """The lines of a file; an empty one is a blank that takes up its line."""
    for line in _text(example.file).replace(STAND_IN, settings.PUBLIC_URL.rstrip("/")).rstrip("\n").split("\n"):
        yield line or "\N{NO-BREAK SPACE}"


@cache
def _text(file: str) -> str:
    return (folder() / file).read_text(encoding="utf-8")
