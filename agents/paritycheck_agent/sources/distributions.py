"""The distributions that are installed in folders of Python packages: names of folders, read without importlib."""

from __future__ import annotations

import os

from paritycheck_agent.packages import Package, pep440
from paritycheck_agent.wire.purl import purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_INFO, _EGG = ".dist-info", ".egg-info"
_METADATA_BYTES = 64 * 1024
_URL_BYTES = 64 * 1024
SOURCE = "installed"


def installed(folders: list[str], only: Collection[str] = ()) -> list[Package]:
    """Return what is installed, the first folder winning where one shadows another; local projects are left out.

    `only`: the purls that are asked for, all where it is empty. Raise OSError where a folder cannot be read.
    """
    found: dict[str, Package | None] = {}
    for folder in folders:
        for name, package in _of_folder(folder, only):
            found.setdefault(name, package)
    return [package for package in found.values() if package is not None]


def _of_folder(folder: str, only: Collection[str]) -> Iterator[tuple[str, Package | None]]:
    """Yield (purl, package) of each distribution in a folder, None for a project installed from its own tree."""
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if entry.name.endswith((_INFO, _EGG)))
    for file_name in names:
        if only and "-" in file_name and purl("pypi", file_name.partition("-")[0]) not in only:
            continue
        path = os.path.join(folder, file_name)
        name, version = _stated(path, file_name)
        if not name or not version or (only and purl("pypi", name) not in only):
            continue
        origin = _origin(path) if file_name.endswith(_INFO) else "registry"
        key = purl("pypi", name)
        yield key, None if origin == "local" else Package(key, pep440(version), SOURCE, origin=origin)


def _stated(path: str, file_name: str) -> tuple[str, str]:
    """Return name and version: in a folder's name where it is `name-version`, else in its metadata."""
    stem = file_name[: -len(_INFO)] if file_name.endswith(_INFO) else file_name[: -len(_EGG)]
    name, dash, version = stem.partition("-")
    if file_name.endswith(_EGG):
        version = version.partition("-py")[0]
    if dash and version[:1].isdigit() and "-" not in version:
        # A folder without metadata is what an interrupted removal leaves behind: nothing is installed there.
        whole = not file_name.endswith(_INFO) or os.path.exists(os.path.join(path, "METADATA"))
        return (name, version.replace("_", "-")) if whole else ("", "")
    return _metadata(path)


def _metadata(path: str) -> tuple[str, str]:
    for candidate in (os.path.join(path, "METADATA"), os.path.join(path, "PKG-INFO"), path):
        try:
            with open(candidate, encoding="utf-8", errors="replace") as stream:
                rows = stream.read(_METADATA_BYTES).partition("\n\n")[0].split("\n")
        except OSError:
            continue
        headers = dict(row.split(":", 1) for row in reversed(rows) if ":" in row and not row.startswith(" "))
        lowered = {key.lower(): value.strip() for key, value in headers.items()}
        return lowered.get("name", ""), lowered.get("version", "")
    return "", ""


def _origin(path: str) -> str:
    """Return where a distribution came from (PEP 610): "local" for a folder, else as facts.md says."""
    try:
        with open(os.path.join(path, "direct_url.json"), encoding="utf-8", errors="replace") as stream:
            text = stream.read(_URL_BYTES)
    except OSError:
        return "registry"
    import json

    try:
        stated = json.loads(text)
    except (ValueError, RecursionError):
        return "registry"
    if not isinstance(stated, dict):
        return "registry"
    if "vcs_info" in stated:
        return "vcs"
    if "dir_info" in stated:
        return "local"
    return "path" if str(stated.get("url", "")).startswith("file:") else "url"
