"""pylock.toml, lock version 1 (https://packaging.python.org/en/latest/specifications/pylock-toml/).

Groups and extras stand in markers. Who asked for what stands nowhere: what is direct is in pyproject.toml beside it.
"""

from __future__ import annotations

from paritycheck_agent import pyproject, toml
from paritycheck_agent.documents import check_version, toml_of
from paritycheck_agent.packages import (
    DEVELOPMENT,
    OPTIONAL,
    PRODUCTION,
    Lock,
    Package,
    archived,
    header_lines,
    pep440,
    table,
    tables,
    text,
)
from paritycheck_agent.wire.purl import normalized, purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Table = dict[str, Any]

FILENAMES = ("pylock.toml",)
ECOSYSTEM = "pypi"

_VERSION = (1, 0)
# The files of each package are most of a lock; blanked, the rest parses many times as fast.
_FILES = r'^(?:    \{ ?(?:url = |path = |name = "[^"\n]{1,200}\.(?:whl|gz|zip)").*|sdist = \{.*\}|wheels = \[\{.*\}\])$'
_MEMBER = r"""["']([^"']+)["'] in (extras|dependency_groups)"""


def read(data: bytes, path: str, sibling: Callable[[str], bytes | None]) -> Lock:
    """Return what a pylock.toml says. One that is no TOML gives a lock without packages, not whole."""
    lock = Lock(path)
    told = toml_of(data, lock, _FILES)
    if told is None:
        return lock
    written, document = told
    check_version(text(document.get("lock-version")), lock, _VERSION, _VERSION)
    _fill(lock, document, _direct(sibling, lock), header_lines(written, "packages"))
    return lock


def _direct(sibling: Callable[[str], bytes | None], lock: Lock) -> set[str] | None:
    """Return the names that pyproject.toml asks for, None where it asks for nothing: it is not what was locked."""
    data = sibling("pyproject.toml")
    try:
        groups = {} if data is None else pyproject.groups(data)
    except toml.TomlError:
        lock.warn("pyproject.toml beside it is no TOML: which packages are direct is not known")
        return None
    return {asked.name for group in groups.values() for asked in group.requirements} or None


def _fill(lock: Lock, document: Table, direct: set[str] | None, lines: list[int]) -> None:
    entries = tables(document.get("packages"))
    numbered = lines if len(lines) == len(entries) else [-1] * len(entries)
    listed = document.get("default-groups")
    default = {text(name) for name in listed} if isinstance(listed, list) else set()
    for index, entry in enumerate(entries):
        # Files of real projects hold names that are not normalised, though the specification asks for it.
        name, marker = normalized(text(entry.get("name"))), text(entry.get("marker"))
        version, origin = _meaning(entry)
        groups, conditional = _groups(marker, default)
        if origin == "local":
            lock.local.update({purl(ECOSYSTEM, name)} if name else ())
        elif not name or (version is None and origin == "registry"):
            lock.incomplete("a package has no name or no version")
        else:
            package = Package(
                purl(ECOSYSTEM, name),
                version,
                lock.source(numbered[index] + 1),
                direct=None if direct is None else name in direct,
                groups=groups,
                origin=origin,
                conditional=conditional,
            )
            lock.add(package)


def _meaning(entry: Table) -> tuple[str | None, str]:
    """Return version and origin; the version None where neither the lock nor the name of its archive says one."""
    version = pep440(text(entry.get("version"))) or None
    if "directory" in entry:
        return version, "local"
    if "vcs" in entry:
        return version or text(table(entry["vcs"]).get("commit-id")) or None, "vcs"
    if "archive" in entry:
        archive = table(entry["archive"])
        url = text(archive.get("url"))
        place = text(archive.get("path")) or url
        is_path = "path" in archive or url.startswith("file:")
        return version or archived(place.partition("#")[0])[1], "path" if is_path else "url"
    return version, "registry"


def _groups(marker: str, default: set[str]) -> tuple[set[str], bool]:
    """Return the groups that a marker lets a package in for, and whether more than the choice of groups decides."""
    import re

    groups = set()
    for part in marker.split(" or "):
        found = [
            OPTIONAL if kind == "extras" else PRODUCTION if name in default else DEVELOPMENT
            for name, kind in re.findall(_MEMBER, part)
        ]
        groups.update(found or [PRODUCTION])
    alone = re.fullmatch(_MEMBER, marker.strip())
    return groups, PRODUCTION not in groups or bool(marker and not alone)
