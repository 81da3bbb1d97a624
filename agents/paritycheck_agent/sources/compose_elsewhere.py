"""What a compose file has from other files: those it includes, and those whose services its own extend."""

from __future__ import annotations

import os

from paritycheck_agent.sources.interpolation import interpolated
from paritycheck_agent.sources.yaml import Mapping, Sequence, YamlError, documents
from paritycheck_agent.sources.yaml_files import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import abc

    from paritycheck_agent.sources.yaml_nodes import Node


class Include:
    """Files that another includes, laid over each other; `folder` is where their paths begin."""

    __slots__ = ("env_files", "folder", "paths")

    def __init__(self, paths: list[str], folder: str, env_files: list[str]) -> None:
        self.paths = paths
        self.folder = folder
        self.env_files = env_files


class Elsewhere:
    """Reads what a file at `path` names, whose own paths begin at `folder`. `unread` says why a file was not read;
    `complete` is False then.
    """

    def __init__(self, path: str, known: abc.Mapping[str, str], folder: str) -> None:
        self.path = path
        self.known = known
        self.folder = folder
        self.complete = True
        self.open_text: abc.Callable[[str], str | None] | None = None
        self.unread: dict[str, str] = {}

    def value(self, text: str | None) -> str | None:
        """A text with its variables replaced."""
        return None if text is None else interpolated(text, self.known)

    def where(self, path: str) -> str:
        """A path that the file names, relative to the checkout."""
        return os.path.normpath(os.path.join(self.folder, path))

    def include(self, node: Node) -> Include:
        """Of one include the files, the folder that their paths begin at, and the files of their variables."""
        paths = self._paths(node.get("path") if isinstance(node, Mapping) else node)
        folder = os.path.dirname(paths[0]) if paths else ""
        if not isinstance(node, Mapping):
            return Include(paths, folder, [])
        named = self.value(node.text("project_directory"))
        return Include(paths, self.where(named) if named else folder, self._paths(node.get("env_file")))

    def _paths(self, node: Node | None) -> list[str]:
        """The paths of a text or of a list of them."""
        given = [self.value(text_of(item)) for item in (node.items if isinstance(node, Sequence) else [node])]
        return [self.where(path) for path in given if path]

    def opened(self, path: str) -> Mapping | None:
        """The mapping that a file which a service extends holds; None, and `unread` says why, where there is none."""
        text = self.open_text(path) if self.open_text else None
        if text is None:
            self.unread[path] = "no such file, no permission, or larger than 32 MB"
            return None
        try:
            roots = documents(text)
        except YamlError as error:
            self.unread[path] = f"{error.reason} in line {error.line}"
            return None
        return roots[0] if roots and isinstance(roots[0], Mapping) else None
