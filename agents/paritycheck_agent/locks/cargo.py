"""Cargo.lock, versions 1 to 4: https://doc.rust-lang.org/cargo/reference/resolver.html.

Version 1 ends in `[metadata]` with the checksums, version 2 has no version key. A package without `source` is one of
the checkout. Who is asked for, and for what, stands in the Cargo.toml of the project and of its workspace.
"""

from __future__ import annotations

from paritycheck_agent import toml
from paritycheck_agent.documents import decoded, text_beside
from paritycheck_agent.packages import (
    DEVELOPMENT,
    OPTIONAL,
    PRODUCTION,
    Lock,
    Package,
    header_lines,
    reach,
    table,
    tables,
    text,
)
from paritycheck_agent.wire.purl import purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Table = dict[str, Any]

FILENAMES = ("Cargo.lock",)
ECOSYSTEM = "cargo"

_NEWEST = 4
_ORIGINS = {"git": "vcs", "registry": "registry", "sparse": "registry", "directory": "path", "path": "path"}
_MANIFEST = "Cargo.toml"
# A build script shapes the program that it builds: what it needs counts as production.
_SETS = (
    ("dependencies", PRODUCTION), ("build-dependencies", PRODUCTION), ("build_dependencies", PRODUCTION),
    ("dev-dependencies", DEVELOPMENT), ("dev_dependencies", DEVELOPMENT),
)  # fmt: skip
# Each member is one look-up of a file.
_MEMBERS = 200


def read(data: bytes, path: str, sibling: Callable[[str], bytes | None]) -> Lock:
    """Return what a Cargo.lock says. One that is no TOML gives a lock without packages, not whole."""
    lock = Lock(path)
    written = decoded(data, lock)
    if written is None:
        return lock
    try:
        document = toml.load(written)
    except toml.TomlError as error:
        lock.incomplete(f"is no TOML, line {error.line}" if error.line else error.detail)
        return lock
    version = document.get("version", 1)
    if version not in range(1, _NEWEST + 1):
        said = version if isinstance(version, int) and 0 < version < _NEWEST**9 else "unknown"
        lock.incomplete(f"lock-file version {said} is not known (known: 1 to {_NEWEST}), read as far as possible")
    listed = document.get("package", [])
    entries = tables(listed)
    if not isinstance(listed, list) or len(entries) < len(listed):
        lock.incomplete("holds packages that are no tables")
    _Graph(lock, entries).fill(_asked(sibling, lock, entries), header_lines(written, "package"))
    return lock


class _Graph:
    """The packages of a lock, and who brings whom."""

    def __init__(self, lock: Lock, entries: list[Table]) -> None:
        self.lock = lock
        self.entries = entries
        # An entry is named by as much as tells it from the others: `name`, `name version`, `name version (source)`.
        self.known: dict[str, int] = {}
        self.own: dict[str, int] = {}
        for index, entry in enumerate(entries):
            name, version, source = (text(entry.get(key)) for key in ("name", "version", "source"))
            for reference in (name, f"{name} {version}", f"{name} {version} ({source})"):
                self.known.setdefault(reference, index)
            if not source:
                self.own.setdefault(name, index)

    def fill(self, asked: dict[str, list[tuple[str, str]]] | None, lines: list[int]) -> None:
        numbered = lines if len(lines) == len(self.entries) else [-1] * len(self.entries)
        starts = self._starts(asked) if asked is not None else {}
        reached = {group: reach(indices, self._brings) for group, indices in starts.items()}
        for index, entry in enumerate(self.entries):
            name, version, source = (text(entry.get(key)) for key in ("name", "version", "source"))
            if not name or not version:
                self.lock.incomplete("a package has no name or no version")
            elif not source:
                self.lock.local.add(purl(ECOSYSTEM, name))
            else:
                self.lock.add(
                    Package(
                        purl(ECOSYSTEM, name),
                        version,
                        self.lock.source(numbered[index] + 1),
                        direct=None if asked is None else any(index in found for found in starts.values()),
                        groups={group for group, found in reached.items() if index in found},
                        origin=_ORIGINS.get(source.partition("+")[0], "registry"),
                    )
                )

    def _starts(self, asked: dict[str, list[tuple[str, str]]]) -> dict[str, set[int]]:
        """Return what the packages of the checkout ask for, by group: of several versions the one that they bring."""
        starts: dict[str, set[int]] = {PRODUCTION: set(), DEVELOPMENT: set(), OPTIONAL: set()}
        for owner, wanted in asked.items():
            brought: dict[str, list[int]] = {}
            for index in self._refers(self.own[owner]) if owner in self.own else ():
                brought.setdefault(text(self.entries[index].get("name")), []).append(index)
            for group, name in set(wanted):
                starts[group].update(brought.get(name, ()))
        return starts

    def _brings(self, index: int) -> Iterator[int]:
        """Yield the packages that one brings; what one of the checkout brings is told by its own manifest."""
        return self._refers(index) if self.entries[index].get("source") else iter(())

    def _refers(self, index: int) -> Iterator[int]:
        """Yield the packages that an entry names."""
        listed = self.entries[index].get("dependencies")
        for reference in listed if isinstance(listed, list) else ():
            if text(reference) in self.known:
                yield self.known[reference]


def _asked(
    sibling: Callable[[str], bytes | None], lock: Lock, entries: list[Table]
) -> dict[str, list[tuple[str, str]]] | None:
    """Return (group, name) of what each package of the checkout asks for; None where a manifest is not known."""
    top = _manifest(sibling, _MANIFEST, lock)
    if top is None:
        return None
    manifests = [top]
    local = {text(entry.get("name")) for entry in entries if not entry.get("source")}
    for folder in _folders(top, local):
        found = _manifest(sibling, f"{folder}/{_MANIFEST}", lock)
        manifests += [found] if found is not None else []
    shared = table(table(top.get("workspace")).get("dependencies"))
    asked = {text(table(each.get("package")).get("name")): list(_wanted(each, shared)) for each in manifests}
    # What a member asks for would look transitive where its manifest is not found.
    return asked if local <= asked.keys() else None


def _manifest(sibling: Callable[[str], bytes | None], path: str, lock: Lock) -> Table | None:
    written = text_beside(sibling, path)
    if written is None:
        return None
    try:
        return toml.load(written)
    except toml.TomlError:
        lock.warn("a Cargo.toml beside it is no TOML: which packages are direct is not known")
        return None


def _folders(top: Table, local: set[str]) -> list[str]:
    """Return the folders of the workspace's members and of the packages that the project names by path.

    Of a pattern (`crates/*`) those that are called like the packages of the checkout: no folder is listed.
    """
    from itertools import islice

    members = table(top.get("workspace")).get("members")
    named = [text(item) for item in members] if isinstance(members, list) else []
    sets = [table(top.get(key)) for key, _group in _SETS] + [table(table(top.get("workspace")).get("dependencies"))]
    named += [text(table(wanted).get("path")) for listed in sets for wanted in listed.values()]
    names = sorted(local)
    folders = (item.replace("*", name) for item in named for name in (names if "*" in item else [""]))
    return [folder for folder in dict.fromkeys(islice(folders, _MEMBERS)) if folder and folder != "."]


def _wanted(manifest: Table, shared: Table) -> Iterator[tuple[str, str]]:
    """Yield (group, real name) of all that a manifest asks for, for any target."""
    for place in [manifest, *(table(each) for each in table(manifest.get("target")).values())]:
        for key, group in _SETS:
            for name, wanted in table(place.get(key)).items():
                said = shared.get(name) if table(wanted).get("workspace") is True else wanted
                optional = table(wanted).get("optional") is True and group == PRODUCTION
                yield OPTIONAL if optional else group, text(table(said).get("package")) or name
