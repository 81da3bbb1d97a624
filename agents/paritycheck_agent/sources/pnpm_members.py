"""The folders of a workspace of pnpm: each has a node_modules of its own (https://pnpm.io/pnpm-workspace_yaml)."""

from __future__ import annotations

import os

from paritycheck_agent.context import without_waiting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = "pnpm-workspace.yaml"
_FILE_BYTES = 256 * 1024
_FOLDERS = 1000


def members(top: str) -> list[str] | None:
    """Return the folders of the members relative to `top`, none without a workspace; None where it cannot be told.

    What a pattern with `!` takes away is looked at all the same: where nothing is installed nothing is found.
    """
    try:
        with open(os.path.join(top, FILE), encoding="utf-8", errors="replace", opener=without_waiting) as stream:
            text = stream.read(_FILE_BYTES + 1)
    except FileNotFoundError:
        return []
    except OSError:
        return None
    patterns = _patterns(text) if len(text) <= _FILE_BYTES else None
    if patterns is None or any("**" in pattern or ".." in pattern.split("/") for pattern in patterns):
        return None
    found = sorted({folder for pattern in patterns for folder in _matching(top, pattern)})
    return found if len(found) <= _FOLDERS else None


def _patterns(text: str) -> list[str] | None:
    if "packages" not in text:
        # The same file holds the settings of projects that are no workspace.
        return []
    from paritycheck_agent.sources import yaml

    try:
        roots = yaml.documents(text)
    except yaml.YamlError:
        return None
    if len(roots) != 1 or not isinstance(roots[0], yaml.Mapping):
        return None
    listed = roots[0].get("packages")
    if listed is None:
        return []
    if not isinstance(listed, yaml.Sequence) or not all(isinstance(item, yaml.Scalar) for item in listed.items):
        return None
    written = [item.text for item in listed.items if isinstance(item, yaml.Scalar)]
    return [pattern.removeprefix("./").strip("/") for pattern in written if not pattern.startswith("!")]


def _matching(top: str, pattern: str) -> list[str]:
    """Return the folders with a package.json that a pattern names, one part of the path after the other."""
    from fnmatch import fnmatchcase

    found = [""]
    for part in pattern.split("/"):
        if part in {"", "."}:
            continue
        if "*" in part or "?" in part or "[" in part:
            found = [_joined(at, name) for at in found for name in _folders(top, at) if fnmatchcase(name, part)]
        else:
            found = [_joined(at, part) for at in found]
        found = found[: _FOLDERS + 1]
    return [folder for folder in found if folder and os.path.isfile(os.path.join(top, folder, "package.json"))]


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _folders(top: str, folder: str) -> Iterable[str]:
    try:
        with os.scandir(os.path.join(top, folder)) as entries:
            return sorted(entry.name for entry in entries if entry.name != "node_modules" and entry.is_dir())
    except (OSError, ValueError):
        return []
