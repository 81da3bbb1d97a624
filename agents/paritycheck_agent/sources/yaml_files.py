"""Files of YAML in a checkout: which there are below a folder, and their documents. Bounded in number and size."""

from __future__ import annotations

import os
from itertools import islice

from paritycheck_agent.sources.yaml_nodes import Mapping, Scalar, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from paritycheck_agent.context import Context
    from paritycheck_agent.sources.yaml_nodes import Node

ENDS = (".yaml", ".yml")
FILES = 100
# Aliases can make a small file hold very many entries; nobody has so many jobs, or services in one of them.
ENTRIES = 300
FOLDERS = 200
DEPTH = 6
SKIPPED = frozenset({"node_modules", "vendor", "__pycache__", "target", "dist", "venv"})


def listed(context: Context, folder: str, warnings: list[str], *, deep: bool = True) -> list[str]:
    """The files of YAML in a folder of the checkout, and below it where `deep`; in order, and of hidden folders none.

    No link to a folder is followed: it could lead round in circles, or out of the checkout.
    """
    found = list(islice(_walk(context.root, folder, deep=deep), FILES + 1))
    if len(found) > FILES:
        warnings.append(f"{folder}: more than {FILES} files of YAML; the rest is not read")
    return found[:FILES]


def _walk(root: str, folder: str, *, deep: bool) -> Iterator[str]:
    waiting = [folder]
    for _ in range(FOLDERS):
        if not waiting:
            return
        here = waiting.pop()
        below = []
        for entry in _entries(os.path.join(root, here)):
            path = os.path.join(here, entry.name) if here else entry.name
            if entry.name.endswith(ENDS):
                yield path
            elif deep and path.count(os.sep) < DEPTH and _is_folder(entry):
                below.append(path)
        waiting += reversed(below)


def _entries(path: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as found:
            return sorted(found, key=lambda entry: entry.name)
    except (OSError, ValueError):
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    hidden = entry.name.startswith(".") or entry.name in SKIPPED
    try:
        return not hidden and entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def documents(context: Context, path: str, warnings: list[str]) -> list[Node]:
    """The documents of a file; none, and a warning, where it is not read. A candidate reads nothing from outside."""
    from paritycheck_agent.sources import compose_files, yaml

    stranger = context.candidate and not compose_files.inside(context, path)
    text = None if stranger else context.open_text(path)
    if text is None:
        warnings.append(f"{path} is not read: no such file, no permission, or larger than 32 MB")
        return []
    try:
        return yaml.documents(text)
    except yaml.YamlError as error:
        warnings.append(f"{path} is not read: {error.reason} in line {error.line}")
        return []


def items(node: Node | None) -> list[Node]:
    """The first items of a sequence, none of anything else."""
    return node.items[:ENTRIES] if isinstance(node, Sequence) else []


def entries(node: Node | None) -> list[tuple[str, Node]]:
    """The first entries of a mapping, none of anything else."""
    return list(islice(node.entries.items(), ENTRIES)) if isinstance(node, Mapping) else []


def text_of(node: Node | None) -> str:
    """The text of a scalar, empty for anything else."""
    return node.text if isinstance(node, Scalar) and not node.null else ""
