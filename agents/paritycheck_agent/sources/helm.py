"""Values of Helm charts in a checkout: the images that they name. What charts from elsewhere take is not guessed."""

from __future__ import annotations

import os

from paritycheck_agent.sources import yaml_files
from paritycheck_agent.sources.declared_container import Container
from paritycheck_agent.sources.yaml_nodes import Mapping, Scalar, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from paritycheck_agent.context import Context
    from paritycheck_agent.sources.yaml_nodes import Node

# Where charts lie: the checkout itself, and below the usual folders.
FOLDERS = ("helm", "chart", "charts", "deploy", "deployment", "k8s", "kubernetes", "infra")
VALUES = "values.yaml"
NODES = 20_000


def read(context: Context, warnings: list[str]) -> list[Container]:
    """The images of a gate's candidate. `values-production.yaml` and its like are each one environment's: not read."""
    found: list[Container] = []
    for folder in _charts(context, warnings) if context.candidate else ():
        path = os.path.join(folder, VALUES)
        if context.exists(path):
            for root in yaml_files.documents(context, path, warnings)[:1]:
                found += _images(root, path, os.path.basename(folder) or "chart")
    return found


def _charts(context: Context, warnings: list[str]) -> list[str]:
    paths = [path for folder in FOLDERS for path in yaml_files.listed(context, folder, warnings)]
    paths += [name for name in ("Chart.yaml",) if context.exists(name)]
    return list(dict.fromkeys(os.path.dirname(path) for path in paths if os.path.basename(path) == "Chart.yaml"))


def _images(root: Node, path: str, chart: str) -> Iterator[Container]:
    """Every `image` below the values, called as what it stands in. Each node once, however many aliases name it."""
    waiting, seen = [(root, chart)], {id(root)}
    while waiting and len(seen) < NODES:
        node, name = waiting.pop()
        below = list(node.entries.items()) if isinstance(node, Mapping) else []
        below += [(name, item) for item in node.items] if isinstance(node, Sequence) else []
        for key, child in reversed(below):
            found = _reference(child) if key == "image" else None
            if found is not None:
                yield Container(name, found[0], (path, found[1]))
            elif id(child) not in seen and not isinstance(child, Scalar):
                seen.add(id(child))
                waiting.append((child, name if key in ("primary", "master", "server", "main") else key))


def _reference(node: Node) -> tuple[str, int] | None:
    """`name:tag` with its line, from a text or from repository and tag. Without a tag the chart decides: not said."""
    if not isinstance(node, Mapping):
        text = yaml_files.text_of(node)
        return (text, node.line) if text and "{{" not in text else None
    registry, repository, tag = (node.text(member) or "" for member in ("registry", "repository", "tag"))
    if not repository or "{{" in repository + tag:
        return None
    name = f"{registry}/{repository}" if registry else repository
    line = node.keys["tag"].line if tag else node.keys["repository"].line
    digest = node.text("digest") or ""
    return (f"{name}:{tag}" if tag else name) + (f"@{digest}" if digest else ""), line
