"""Pipelines of Bitbucket: the services that they define.

https://support.atlassian.com/bitbucket-cloud/docs/databases-and-service-containers/
"""

from __future__ import annotations

from paritycheck_agent.sources.declared_container import Container
from paritycheck_agent.sources.yaml_files import documents, entries, text_of
from paritycheck_agent.sources.yaml_nodes import Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from paritycheck_agent.context import Context

FILE = "bitbucket-pipelines.yml"


def read(context: Context, warnings: list[str]) -> list[Container]:
    """All services that are defined, for a gate's candidate: no variable tells which step it is that runs."""
    if not context.candidate or not context.exists(FILE):
        return []
    roots = documents(context, FILE, warnings)
    return [found for root in roots if isinstance(root, Mapping) for found in _services(root)]


def _services(root: Mapping) -> Iterator[Container]:
    definitions = root.child("definitions")
    for name, node in entries(definitions.get("services") if definitions else None):
        image = node.get("image") if isinstance(node, Mapping) else None
        named = image.get("name") if isinstance(image, Mapping) else image
        if named is not None and text_of(named):
            yield Container(name, text_of(named), (FILE, named.line))
