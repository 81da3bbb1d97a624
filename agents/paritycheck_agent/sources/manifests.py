"""Manifests of Kubernetes in a checkout: the containers that they declare, with the images of kustomizations.

A checkout may hold several environments (overlays): where they give one image several tags, none is the one declared.
"""

from __future__ import annotations

import os

from paritycheck_agent.sources import yaml_files
from paritycheck_agent.sources.declared_container import Container
from paritycheck_agent.sources.kubernetes import PASSING, unlisted, workloads
from paritycheck_agent.sources.yaml_nodes import Mapping, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from paritycheck_agent.context import Context
    from paritycheck_agent.sources.yaml_nodes import Node

FOLDERS = (
    "k8s", ".k8s", "kubernetes", "manifests", "deploy", "deployment", "deployments", "kustomize", "base", "overlays",
)  # fmt: skip
CONTAINERS, CHANGES = 500, 100
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml")


class Text(str):
    """A scalar with its line."""

    __slots__ = ("line",)

    line: int


def read(context: Context, warnings: list[str]) -> list[Container]:
    """The containers of a gate's candidate. A cluster that runs is asked itself: what it runs may be no manifest's."""
    if not context.candidate:
        return []
    found: list[Container] = []
    changes: list[tuple[str, Any]] = []
    for path in _paths(context, warnings):
        plains = [plain(root, {}) for root in yaml_files.documents(context, path, warnings)]
        if os.path.basename(path) in KUSTOMIZATIONS:
            changes += [(path, image) for one in plains for image in _images(one)]
        else:
            found += _file(path, plains)
        if len(found) > CONTAINERS:
            warnings.append(f"manifests: more than {CONTAINERS} containers; the rest is not read")
            break
    return found + [other for path, image in changes[:CHANGES] for other in _changed(found, path, image)]


def _paths(context: Context, warnings: list[str]) -> Iterator[str]:
    """Files below the usual folders, or those that `[kubernetes] manifests` names; charts and their templates apart."""
    table = context.settings.get("kubernetes", {})
    named = table.get("manifests") if isinstance(table, dict) else None
    folders = [str(name) for name in named] if isinstance(named, list) else list(FOLDERS)
    charts: set[str] = set()
    for folder in folders:
        for path in yaml_files.listed(context, folder, warnings):
            here = os.path.dirname(path)
            if os.path.basename(path) == "Chart.yaml":
                charts.add(here)
            elif not any(here == chart or here.startswith(chart + os.sep) for chart in charts):
                yield path


def plain(node: Node, made: dict[int, Any]) -> Any:
    """A node as the API would give it, but that every scalar is a text with its line.

    The reader bounds the depth. `made` is what has become of nodes: one that aliases name often is made once.
    """
    if id(node) not in made:
        made[id(node)] = _made(node, made)
    return made[id(node)]


def _made(node: Node, made: dict[int, Any]) -> Any:
    if isinstance(node, Mapping):
        return {key: plain(value, made) for key, value in node.entries.items()}
    if isinstance(node, Sequence):
        return [plain(item, made) for item in node.items]
    if node.null:
        return None
    text = Text(node.text)
    text.line = node.line
    return text


def _file(path: str, plains: list[Any]) -> Iterator[Container]:
    for thing in unlisted(plains):
        for workload in workloads(thing):
            for container in workload.containers if workload.kind not in PASSING else ():
                # A service in front of a workload is mostly called as the workload is.
                names = [workload.name, container.name]
                name = workload.name if len(workload.containers) == 1 else container.name
                if container.image:
                    yield Container(name, container.image, (path, container.line), names=names)


def _images(document: Any) -> list[dict[str, Any]]:
    """The entries of `images` that name one by text and give it another name, tag or digest."""
    found = document.get("images") if isinstance(document, dict) else None
    rows = [image for image in found if isinstance(image, dict)] if isinstance(found, list) else []
    return [image for image in rows if isinstance(image.get("name"), str) and _new(image)]


def _new(image: dict[str, Any]) -> Any:
    """What a kustomization changes of an image: the text of its tag, digest or name."""
    given = (image.get(member) for member in ("newTag", "digest", "newName"))
    return next((text for text in given if isinstance(text, str) and text), None)


def _changed(found: list[Container], path: str, image: dict[str, Any]) -> list[Container]:
    """Give the containers of a kustomization's own folder its image. For others it is an overlay's: one more each."""
    more = []
    for container in found:
        name, tag = _split(container.image)
        if name != image["name"]:
            continue
        end = f"@{image['digest']}" if image.get("digest") else f":{image.get('newTag') or tag}"
        changed = Container(container.name, f"{image.get('newName') or name}{end}", (path, _new(image).line))
        if container.path.startswith(os.path.join(os.path.dirname(path), "")):
            container.image, container.path, container.line = changed.image, changed.path, changed.line
        else:
            changed.names = container.names
            more.append(changed)
    return more


def _split(reference: str) -> tuple[str, str]:
    """An image's name with its registry, and its tag."""
    folder, slash, last = reference.partition("@")[0].rpartition("/")
    name, _, tag = last.partition(":")
    return folder + slash + name, tag
