"""composer.lock of Composer 1 and 2: https://getcomposer.org/doc/01-basic-usage.md#commit-your-composer-lock-file.

`packages` is what production installs, `packages-dev` the rest. Who is asked for directly stands in composer.json.
"""

from __future__ import annotations

from paritycheck_agent.documents import Lines, json_beside, json_of
from paritycheck_agent.packages import DEVELOPMENT, Lock, Package, table, tables, text
from paritycheck_agent.wire.purl import purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Table = dict[str, Any]

FILENAMES = ("composer.lock",)
ECOSYSTEM = "composer"

_SETS: dict[str, tuple[str, ...]] = {"packages": (), "packages-dev": (DEVELOPMENT,)}
_REFERENCE_CHARS = 64


def read(data: bytes, path: str, sibling: Callable[[str], bytes | None]) -> Lock:
    """Return what a composer.lock says. One that is no JSON gives a lock without packages, not whole."""
    lock = Lock(path)
    found = json_of(data, lock)
    if found is None:
        return lock
    written, document = found
    if not isinstance(document.get("packages"), list):
        lock.incomplete("is no lock of Composer")
        return lock
    direct, lines = _direct(sibling), Lines(written)
    for key, listed in document.items():
        if key in _SETS and listed is not None:
            if not isinstance(listed, list) or len(tables(listed)) < len(listed):
                lock.incomplete(f"{key} is no list of packages")
            lines.opening(key, "[")
            for entry in tables(listed):
                _take(entry, _SETS[key], direct, lines, lock)
    return lock


def _take(entry: Table, groups: tuple[str, ...], direct: set[str] | None, lines: Lines, lock: Lock) -> None:
    name, version = text(entry.get("name")), text(entry.get("version"))
    if not name or not version:
        lock.incomplete("a package has no name or no version")
        return
    line = lines.value("name", name)
    if table(entry.get("dist")).get("type") == "path":
        lock.local.add(purl(ECOSYSTEM, name))
        return
    branch = version.startswith("dev-") or version.endswith("-dev")
    lock.add(
        Package(
            purl(ECOSYSTEM, name),
            _commit(version, entry) if branch else version,
            lock.source(line),
            direct=None if direct is None else name.lower() in direct,
            groups=groups,
            origin=_origin(entry, branch=branch),
        )
    )


def _commit(branch: str, entry: Table) -> str:
    """Return a branch with the commit it stands at, as composer.json writes it: `dev-main#1a2b...`."""
    for source in ("source", "dist"):
        reference = text(table(entry.get(source)).get("reference"))
        if reference.isalnum() and reference.isascii() and len(reference) <= _REFERENCE_CHARS:
            return f"{branch}#{reference}"
    return branch


def _origin(entry: Table, *, branch: bool) -> str:
    """A branch, and what has no archive, comes out of a repository; all else out of a registry's archive."""
    return "vcs" if branch or ("dist" not in entry and "source" in entry) else "registry"


def _direct(sibling: Callable[[str], bytes | None]) -> set[str] | None:
    manifest = json_beside(sibling, "composer.json")
    if manifest is None:
        return None
    return {name.lower() for asked in ("require", "require-dev") for name in table(manifest.get(asked))}
