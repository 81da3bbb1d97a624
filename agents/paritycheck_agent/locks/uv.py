"""uv.lock, format version 1 (https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile)."""

from __future__ import annotations

from paritycheck_agent.documents import toml_of
from paritycheck_agent.packages import (
    DEVELOPMENT,
    OPTIONAL,
    PRODUCTION,
    Lock,
    Package,
    header_lines,
    pep440,
    reach,
    table,
    tables,
    text,
)
from paritycheck_agent.wire.purl import normalized, purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    Table = dict[str, Any]
    Node = tuple[Any, ...]

FILENAMES = ("uv.lock",)
ECOSYSTEM = "pypi"

_KNOWN_VERSION = 1
# Nine tenths of a lock are the files of each package: blanked, the rest parses ten times as fast.
_FILES = r"^(?:    \{ (?:url|path|filename) = .*|sdist = \{.*)$"
_LOCAL = ("virtual", "editable", "directory")
_ORIGINS = {"git": "vcs", "url": "url", "path": "path"}


def read(data: bytes, path: str, _sibling: Callable[[str], bytes | None]) -> Lock:
    """Return what a uv.lock says. One that is no TOML gives a lock without packages, not whole."""
    lock = Lock(path)
    told = toml_of(data, lock, _FILES)
    if told is None:
        return lock
    written, document = told
    _check_version(document, lock)
    _fill(lock, document, header_lines(written, "package"))
    return lock


def _check_version(document: Table, lock: Lock) -> None:
    version = document.get("version")
    if version != _KNOWN_VERSION:
        said = version if isinstance(version, int) else "unknown"
        lock.incomplete(f"format version {said} is not known (known: {_KNOWN_VERSION}), read as far as possible")
    if "distribution" in document:
        lock.incomplete("was written by a uv before 0.4, whose packages are not read; `uv lock` renews it")


def _fill(lock: Lock, document: Table, lines: list[int]) -> None:
    entries = tables(document.get("package"))
    graph = _Graph(entries, table(document.get("manifest")))
    lock.local = {purl(ECOSYSTEM, text(entry.get("name"))) for entry in entries if _is_local(entry)}
    numbered = lines if len(lines) == len(entries) else [-1] * len(entries)
    for index, entry in enumerate(entries):
        if _is_local(entry):
            continue
        name, version = text(entry.get("name")), text(entry.get("version"))
        if not name or not version:
            lock.incomplete("a package has no name or no version")
            continue
        source = lock.source(numbered[index] + 1)
        lock.add(Package(purl(ECOSYSTEM, name), pep440(version), source, **graph.members(index, entry)))


def _is_local(entry: Table) -> bool:
    return any(kind in table(entry.get("source")) for kind in _LOCAL)


def _origin(entry: Table) -> str:
    source = table(entry.get("source"))
    return next((_ORIGINS[kind] for kind in _ORIGINS if kind in source), "registry")


class _Graph:
    """Who asks for whom. A node is (index of the package, extra), the extra "" for the package itself, or what is
    asked for: name, version, source and extra, the middle two None where it says none. What is asked for leads to the
    packages that it means, so that a thousand who ask for a name of a thousand packages cost two thousand steps.
    """

    def __init__(self, entries: list[Table], manifest: Table) -> None:
        self.entries = entries
        self.meant: dict[Node, list[Node]] = {}
        for index, entry in enumerate(entries):
            self._take(index, entry)
        starts = self._starts(manifest)
        self.direct = {
            index for nodes in starts.values() for node in nodes for index, _extra in self.meant.get(node, ())
        }
        self.groups = {group: _indexes(reach(nodes, self._next)) for group, nodes in starts.items()}
        certain = self._starts(manifest, certain=True)[PRODUCTION]
        self.certain = _indexes(reach(certain, self._next_certain))

    def _take(self, index: int, entry: Table) -> None:
        """Note a package under everything that can mean it."""
        version, source = _said(entry, "version"), _said(entry, "source")
        for extra in ("", *table(entry.get("optional-dependencies"))):
            for asked in {(v, s) for v in (None, version) for s in (None, source)}:
                self.meant.setdefault((text(entry.get("name")), *asked, extra), []).append((index, extra))

    def members(self, index: int, entry: Table) -> dict[str, Any]:
        """Return what a package's place in the graph says of it, as `Package` takes it."""
        return {
            "direct": index in self.direct,
            "groups": [group for group, reached in self.groups.items() if index in reached],
            "origin": _origin(entry),
            "conditional": index not in self.certain or "resolution-markers" in entry,
        }

    def _starts(self, manifest: Table, *, certain: bool = False) -> dict[str, set[Node]]:
        """Return what the project and the members of its workspace ask for, by group."""
        starts: dict[str, set[Node]] = {PRODUCTION: set(), OPTIONAL: set(), DEVELOPMENT: set()}
        for root in self._roots(manifest):
            starts[PRODUCTION].update(_targets(root.get("dependencies"), certain=certain))
            for group, key in ((OPTIONAL, "optional-dependencies"), (DEVELOPMENT, "dev-dependencies")):
                for asked in table(root.get(key)).values():
                    starts[group].update(_targets(asked, certain=certain))
        starts[PRODUCTION].update(_targets(_asked(manifest.get("requirements")), certain=certain))
        for asked in table(manifest.get("dependency-groups")).values():
            starts[DEVELOPMENT].update(_targets(_asked(asked), certain=certain))
        return starts

    def _roots(self, manifest: Table) -> list[Table]:
        members = manifest.get("members")
        if isinstance(members, list) and members:
            named = {text(member) for member in members} - {""}
            return [entry for entry in self.entries if text(entry.get("name")) in named]
        return [entry for entry in self.entries if _is_root(table(entry.get("source")))]

    def _next(self, node: Node) -> Iterable[Node]:
        return self.meant[node] if node in self.meant else _targets(self._asked_by(node))

    def _next_certain(self, node: Node) -> Iterable[Node]:
        return self.meant[node] if node in self.meant else _targets(self._asked_by(node), certain=True)

    def _asked_by(self, node: Node) -> Any:
        if not isinstance(node[0], int):
            return None  # asked for, and not in the lock
        index, extra = node
        entry = self.entries[index]
        return table(entry.get("optional-dependencies")).get(extra) if extra else entry.get("dependencies")


def _targets(asked: Any, *, certain: bool = False) -> Iterator[Node]:
    """Yield what a list of dependencies asks for; with `certain` only what no marker guards."""
    for dependency in tables(asked):
        if certain and "marker" in dependency:
            continue
        name, version, source = text(dependency.get("name")), _said(dependency, "version"), _said(dependency, "source")
        yield name, version, source, ""
        yield from ((name, version, source, text(extra)) for extra in _extras(dependency))


def _said(entry: Table, key: str) -> str | None:
    """Return a version or a source as a text, equal where they are; None where there is none."""
    said = entry.get(key)
    return str(sorted(said.items())) if isinstance(said, dict) else None if said is None else str(said)


def _is_root(source: Table) -> bool:
    return "." in (source.get("virtual"), source.get("editable"))


def _extras(dependency: Table) -> list[Any]:
    extras = dependency.get("extra", dependency.get("extras"))
    return extras if isinstance(extras, list) else [extras] if extras else []


def _asked(requirements: Any) -> list[Table]:
    """Return requirements of the manifest as dependencies: their names are written as the project wrote them."""
    return [{**asked, "name": normalized(text(asked.get("name")))} for asked in tables(requirements)]


def _indexes(nodes: Iterable[Node]) -> set[int]:
    return {node[0] for node in nodes if isinstance(node[0], int)}
