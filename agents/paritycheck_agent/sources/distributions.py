"""The distributions that are installed in folders of Python packages: names of folders, read without importlib.

What a folder held is kept in the state directory: to look into each of 400 distributions costs 20 ms of CPU. Whoever
installs, removes or replaces one adds or takes a name in the folder, so its times change.
"""

from __future__ import annotations

import hashlib
import json
import os
import time

from paritycheck_agent.context import regular
from paritycheck_agent.packages import Package, pep440
from paritycheck_agent.wire.purl import purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import Any


# Rises when this module says something else of the same folder.
_EDITION = 2
# A folder that changed so lately may change again within what its time can tell apart.
_SETTLED_S = 3
_INFO, _EGG = ".dist-info", ".egg-info"
_METADATA_BYTES = 64 * 1024
_URL_BYTES = 64 * 1024
SOURCE = "installed"


def installed(folders: list[str], *, only: Collection[str] = (), state_dir: str = "") -> list[Package]:
    """Return what is installed, the first folder winning where one shadows another; the origin of a project
    that is installed from its own tree is "local".

    `only`: the purls that are asked for, all where it is empty; of all that is there `state_dir` is where it is
    remembered. Raise OSError where a folder cannot be read.
    """
    found: dict[str, Package] = {}
    for folder in folders:
        kept = state_dir and not only
        for name, package in _remembered(folder, state_dir) if kept else _of_folder(folder, only):
            found.setdefault(name, package)
    return list(found.values())


def _remembered(folder: str, state_dir: str) -> list[tuple[str, Package]]:
    """Return what `_of_folder` says of a folder, from the state directory while the folder is as it was."""
    seen = os.stat(folder)
    key = [_EDITION, folder, seen.st_dev, seen.st_ino, seen.st_mtime_ns, seen.st_ctime_ns]
    name = hashlib.sha256(folder.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    place = os.path.join(state_dir, "installed", f"{name}.json")
    kept = _load(place, key)
    if kept is None:
        kept = list(_of_folder(folder, ()))
        if time.time() - max(seen.st_mtime, seen.st_ctime) > _SETTLED_S:
            rows = [(name, (package.version, package.origin)) for name, package in kept]
            _store(place, {"key": key, "rows": rows})
    return kept


def _load(place: str, key: list[Any]) -> list[tuple[str, Package]] | None:
    """Return what is kept under a key; None for anything else, whatever the file holds."""
    try:
        with open(place, encoding="utf-8") as stream:
            kept = json.load(stream)
        if kept["key"] != key:
            return None
        return [(name, _package(name, *told)) for name, told in kept["rows"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _package(name: str, version: str, origin: str) -> Package:
    if not all(isinstance(text, str) for text in (name, version, origin)):
        raise TypeError
    return Package(name, version, SOURCE, origin=origin)


def _store(place: str, kept: dict[str, Any]) -> None:
    """Keep it; a state directory that may not be written to costs time only."""
    new = f"{place}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(place), 0o700, exist_ok=True)
        with open(new, "w", encoding="utf-8", opener=_private) as stream:
            json.dump(kept, stream)
        os.replace(new, place)
    except (OSError, ValueError):
        return


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _of_folder(folder: str, only: Collection[str]) -> Iterator[tuple[str, Package]]:
    """Yield (purl, package) of each distribution in a folder."""
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
        yield key, Package(key, pep440(version), SOURCE, origin=origin)


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
            with open(candidate, encoding="utf-8", errors="replace", opener=regular) as stream:
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
        with open(os.path.join(path, "direct_url.json"), encoding="utf-8", errors="replace", opener=regular) as stream:
            text = stream.read(_URL_BYTES)
    except OSError:
        return "registry"
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
