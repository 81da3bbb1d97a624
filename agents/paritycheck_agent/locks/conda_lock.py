"""conda-lock.yml, version 1 (https://conda.github.io/conda-lock/): packages of conda and of pip, for each platform.

Which packages are direct stands in the environment.yml that it was made from.
"""

from __future__ import annotations

from paritycheck_agent import block_yaml
from paritycheck_agent.node_packages import origin_of
from paritycheck_agent.packages import DEVELOPMENT, OPTIONAL, PRODUCTION, Lock, Package, pep440, table, tables, text
from paritycheck_agent.wire.purl import purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Table = dict[str, Any]

FILENAMES = ("conda-lock.yml", "conda-lock.yaml")
ECOSYSTEM = "conda"

_KNOWN_VERSION = "1"
_MANAGERS = {"conda": "conda", "pip": "pypi"}
_GROUPS = {"main": PRODUCTION, "dev": DEVELOPMENT}


def read(data: bytes, path: str, _sibling: Callable[[str], bytes | None]) -> Lock:
    """Return what a conda-lock.yml says. Lines that are no YAML of a lock are left out, and the lock is not whole."""
    lock = Lock(path)
    try:
        documents, odd = block_yaml.documents(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        lock.incomplete("is not UTF-8")
        return lock
    lock.odd_lines(odd)
    document = table(documents[0]) if documents else {}
    listed = document.get("package")
    if not isinstance(listed, list) or len(documents) > 1:
        lock.incomplete("is no lock of conda")
    if text(document.get("version")) != _KNOWN_VERSION:
        lock.incomplete(f"its version is not known (known: {_KNOWN_VERSION}), read as far as possible")
    entries = tables(listed)
    if isinstance(listed, list) and len(entries) < len(listed):
        lock.incomplete("a package is no mapping")
    _fill(lock, entries)
    return lock


def _fill(lock: Lock, entries: list[Table]) -> None:
    platforms: dict[tuple[str, str], set[str]] = {}
    for entry in entries:
        known = (text(entry.get("manager")), text(entry.get("name")))
        platforms.setdefault(known, set()).add(text(entry.get("platform")))
    everywhere = set().union(*platforms.values())
    for entry in entries:
        manager, name, version = (text(entry.get(key)) for key in ("manager", "name", "version"))
        kind = _MANAGERS.get(manager)
        if not name or not version or kind is None:
            lock.incomplete("a package has no name, no version or no manager that is known")
            continue
        groups = _groups(entry)
        package = Package(
            purl(kind, name),
            pep440(version) if kind == "pypi" else version,
            lock.source(_line(entry)),
            groups=groups,
            origin=_origin(entry) if kind == "pypi" else "registry",
            conditional=PRODUCTION not in groups or platforms[manager, name] != everywhere,
        )
        lock.add(package)


def _line(entry: Table) -> int:
    return min(entry.lines.values(), default=0) if isinstance(entry, block_yaml.Block) else 0


def _groups(entry: Table) -> set[str]:
    """Return what a package is for: its category, of which newer locks may list several."""
    listed = entry.get("categories", [entry.get("category", "main")])
    return {_GROUPS.get(text(name), OPTIONAL) for name in (listed if isinstance(listed, list) else [listed])}


def _origin(entry: Table) -> str:
    """A package of pip has the address of its file: what came from an index looks the same as any other archive."""
    return "vcs" if origin_of(text(entry.get("url"))) == "vcs" else "registry"
