"""Workflows of GitHub Actions: the service containers of their jobs.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax, jobs.<job_id>.services
"""

from __future__ import annotations

import re

from paritycheck_agent.sources.declared_container import UNTOLD, Container, port_pair
from paritycheck_agent.sources.interpolation import replaced
from paritycheck_agent.sources.yaml_files import documents, entries, items, listed, text_of
from paritycheck_agent.sources.yaml_nodes import Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from paritycheck_agent.context import Context
    from paritycheck_agent.sources.yaml_nodes import Node

FOLDER = ".github/workflows"
# The length bounds what a text without an end can cost.
EXPRESSION = re.compile(r"\$\{\{([^{}]{0,200})\}\}")
MATRIX = re.compile(r"\s*matrix\.([A-Za-z_][A-Za-z0-9_-]*)\s*")


def read(context: Context, warnings: list[str]) -> list[Container]:
    """The services of all jobs for a gate's candidate; of the job that runs this very agent for a report."""
    path, job = ("", "") if context.candidate else _own_job(context)
    if not context.candidate and not (path and job):
        return []
    paths = [path] if path else listed(context, FOLDER, warnings, deep=False)
    return [found for one in paths for found in _file(context, one, job, warnings)]


def _own_job(context: Context) -> tuple[str, str]:
    """Where GITHUB_WORKFLOW_REF (`owner/name/.github/workflows/x.yml@ref`) says the workflow lies, and the job."""
    environ = context.environ
    name = environ.get("GITHUB_WORKFLOW_REF", "").partition("@")[0].partition(f"/{FOLDER}/")[2]
    # A workflow of another repository is called by this one's: its file is not here, and is not looked for.
    known = name and "/" not in name and context.exists(f"{FOLDER}/{name}")
    return (f"{FOLDER}/{name}", environ.get("GITHUB_JOB", "")) if known else ("", "")


def _file(context: Context, path: str, job: str, warnings: list[str]) -> Iterator[Container]:
    for root in documents(context, path, warnings):
        for name, node in entries(root.child("jobs") if isinstance(root, Mapping) else None):
            if isinstance(node, Mapping) and job in ("", name):
                yield from _services(node, path)


def _services(job: Mapping, path: str) -> Iterator[Container]:
    for name, node in entries(job.get("services")):
        image = node.get("image") if isinstance(node, Mapping) else node
        text = _resolved(text_of(image), job)
        if text and image is not None:
            yield Container(name, text, (path, image.line), ports=_ports(node))


def _ports(node: Node) -> dict[int, int]:
    found = items(node.get("ports")) if isinstance(node, Mapping) else []
    pairs = (port_pair(text_of(item)) for item in found)
    return {inner: outer for outer, inner in filter(None, pairs)}


def _resolved(text: str, job: Mapping) -> str:
    """The image with what its matrix says in place of an expression, where that is one literal value."""
    found = replaced(EXPRESSION, text, lambda match: _value(match[1], job))
    return UNTOLD if found is None else found


def _value(expression: str, job: Mapping) -> str:
    """A matrix of several values runs them all, which pins none; nor does any other expression."""
    match = MATRIX.fullmatch(expression)
    strategy = job.child("strategy")
    matrix = strategy.child("matrix") if strategy and match else None
    if matrix is None or match is None:
        return UNTOLD
    given = [*items(matrix.get(match[1])), *_included(matrix, match[1])]
    said = {text_of(item) for item in given}
    return said.pop() if len(said) == 1 and not any("${{" in one for one in said) else UNTOLD


def _included(matrix: Mapping, name: str) -> list[Node]:
    rows = (row for row in items(matrix.get("include")) if isinstance(row, Mapping))
    return [node for node in (row.get(name) for row in rows) if node is not None]
