"""packages.lock.json of NuGet, versions 1 and 2: https://learn.microsoft.com/nuget/consume-packages/package-references-in-project-files#locking-dependencies.

`dependencies` lists the packages of each target framework, and with `framework/runtime` what a runtime adds.
"""

from __future__ import annotations

from paritycheck_agent.documents import Lines, json_of
from paritycheck_agent.packages import Lock, Package, table, text
from paritycheck_agent.wire.purl import purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Table = dict[str, Any]

FILENAMES = ("packages.lock.json",)
ECOSYSTEM = "nuget"

_NEWEST = 2
_LOCAL = "project"
_DIRECT = {"direct": True, "transitive": False, "centraltransitive": False}


def read(data: bytes, path: str, sibling: Callable[[str], bytes | None]) -> Lock:  # noqa: ARG001 - the form of all readers
    """Return what a packages.lock.json says. One that is no JSON gives a lock without packages, not whole."""
    lock = Lock(path)
    found = json_of(data, lock)
    if found is None:
        return lock
    written, document = found
    frameworks = document.get("dependencies")
    if not isinstance(frameworks, dict):
        lock.incomplete("is no lock of NuGet")
        return lock
    version = document.get("version")
    if version not in range(1, _NEWEST + 1):
        said = version if isinstance(version, int) and 0 < version < _NEWEST**9 else "unknown"
        lock.incomplete(f"lock-file version {said} is not known (known: 1 to {_NEWEST}), read as far as possible")
    _fill(lock, frameworks, Lines(written))
    return lock


def _fill(lock: Lock, frameworks: Table, lines: Lines) -> None:
    """Tell the packages. Names ignore case: of several spellings one counts, whatever the order of the frameworks."""
    spelled: dict[str, str] = {}
    for listed in frameworks.values():
        for name in table(listed):
            spelled[name.lower()] = min(name, spelled.get(name.lower(), name))
    lines.opening("dependencies")
    for framework, listed in frameworks.items():
        if not isinstance(listed, dict):
            lock.incomplete("a framework has no list of packages")
            continue
        lines.opening(framework)
        for name, value in listed.items():
            _take(spelled[name.lower()], table(value), lock.source(lines.opening(name)), lock)


def _take(name: str, entry: Table, source: str, lock: Lock) -> None:
    kind, version = text(entry.get("type")).lower(), text(entry.get("resolved"))
    if kind == _LOCAL and name:
        lock.local.add(purl(ECOSYSTEM, name))
    elif not name or not version:
        lock.incomplete("a package has no name or no version")
    else:
        lock.add(Package(purl(ECOSYSTEM, name), version, source, direct=_DIRECT.get(kind)))
