"""pnpm-lock.yaml, lock-file versions 5, 6 and 9 (https://github.com/pnpm/spec/tree/master/lockfile).

A package's key is `/name/1.0.0_peer` in version 5, `/name@1.0.0(peer)` in 6, and `name@1.0.0` in 9, which tells who
asks for whom apart, in `snapshots`. A first document may hold what pnpm itself needs for its work.
"""

from __future__ import annotations

from paritycheck_agent import block_yaml
from paritycheck_agent.block_yaml import Block
from paritycheck_agent.node_packages import ASKED, archived, groups_of, origin_of, split_name
from paritycheck_agent.packages import DEVELOPMENT, PRODUCTION, Lock, Package, table, text
from paritycheck_agent.wire.purl import purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Table = dict[str, Any]

FILENAMES = ("pnpm-lock.yaml",)
ECOSYSTEM = "npm"

_SLASHED, _AT, _NEWEST = 5, 6, 9
# What pnpm needs for its own work is no part of the project.
_ASKED = {**ASKED, "configDependencies": DEVELOPMENT, "packageManagerDependencies": DEVELOPMENT}
_PLATFORM = ("os", "cpu", "libc")


def read(data: bytes, path: str, _sibling: Callable[[str], bytes | None]) -> Lock:
    """Return what a pnpm-lock.yaml says. What is no YAML of pnpm is left out, and the lock is not whole."""
    lock = Lock(path)
    try:
        written = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        lock.incomplete("is not UTF-8")
        return lock
    documents, odd = block_yaml.documents(written)
    lock.odd_lines(odd)
    if not any(isinstance(document, Block) for document in documents):
        lock.incomplete("is no lock of pnpm")
    for document in documents:
        _Document(lock, table(document)).fill()
    return lock


class _Document:
    """One document of a lock. A node of the graph is a key of `snapshots`, before version 9 of `packages`."""

    def __init__(self, lock: Lock, document: Table) -> None:
        self.lock = lock
        self.document = document
        self.version = self._version()
        packages = document.get("packages", "")
        self.packages = packages if isinstance(packages, Block) else Block()
        if not isinstance(packages, Block) and packages:
            lock.incomplete("its packages are no mapping")
        self.nodes = table(document.get("snapshots")) if self.version >= _NEWEST else self.packages
        self.importers = table(document.get("importers")) or {".": document}

    def _version(self) -> int:
        said = text(self.document.get("lockfileVersion"))
        major = said.partition(".")[0]
        number = int(major) if major.isascii() and major.isdigit() and len(major) < len("9999") else 0
        if number not in {_SLASHED, _AT, _NEWEST}:
            known = f"{_SLASHED}, {_AT}, {_NEWEST}"
            self.lock.incomplete(
                f"lock-file version {number or 'unknown'} is not known (known: {known}), read as far as possible"
            )
        return number or _NEWEST

    def fill(self) -> None:
        starts = self._starts()
        direct = {self._package_of(node) for nodes in starts.values() for node in nodes}
        urls = set(self._by_url())
        groups: dict[str, set[str]] = {}
        for node, own in groups_of(starts, self._required, self._every).items():
            groups.setdefault(self._package_of(node), set()).update(own)
        for key, value in self.packages.items():
            entry, line = table(value), self.packages.lines[key]
            name, version, origin = self._meaning(key, entry)
            if table(entry.get("resolution")).get("type") == "directory" or origin == "local":
                self.lock.local.update({purl(ECOSYSTEM, name)} if name else ())
            elif not name or not version:
                self.lock.incomplete("a package has no name or no version")
            else:
                self.lock.add(
                    Package(
                        purl(ECOSYSTEM, name),
                        version,
                        self.lock.source(line),
                        direct=key in direct,
                        groups=groups.get(key, ()),
                        origin="url" if origin == "registry" and key in urls else origin,
                        conditional=PRODUCTION not in groups.get(key, ()) or any(entry.get(by) for by in _PLATFORM),
                    )
                )

    def _starts(self) -> dict[str, set[str]]:
        """Return what the project and its workspaces ask for, by group; note the members they link to."""
        starts: dict[str, set[str]] = {}
        for asked, name, wanted in self._wanted():
            reference = text(wanted.get("version"))
            if reference.startswith(("link:", "workspace:")):
                self.lock.local.add(purl(ECOSYSTEM, name))
            starts.setdefault(_ASKED[asked], set()).update(self._nodes_of(name, reference))
        return starts

    def _wanted(self) -> Iterator[tuple[str, str, Table]]:
        """Yield member, name, and `specifier` and `version` of all that an importer asks for."""
        for importer in map(table, self.importers.values()):
            specifiers = table(importer.get("specifiers"))
            for asked in _ASKED:
                for name, wanted in table(importer.get(asked)).items():
                    plain = {"specifier": specifiers.get(name), "version": wanted}
                    yield asked, name, wanted if isinstance(wanted, dict) else plain

    def _by_url(self) -> Iterator[str]:
        """Yield the keys of what an importer asks for by a URL that leads to its registry."""
        for _asked, name, wanted in self._wanted():
            if origin_of(text(wanted.get("specifier"))) == "url":
                for node in self._nodes_of(name, text(wanted.get("version"))):
                    yield self._package_of(node)

    def _nodes_of(self, name: str, reference: str) -> Iterator[str]:
        """Yield the node that a reference means: a version of the name, or a key of its own for an alias or a URL."""
        mark, between = ("", "@") if self.version >= _NEWEST else ("/", "@" if self.version >= _AT else "/")
        for node in (f"{mark}{name}{between}{reference}", reference):
            if node in self.nodes or node in self.packages:
                yield node
                return

    def _required(self, node: str) -> Iterator[str]:
        return self._edges(node, "dependencies")

    def _every(self, node: str) -> Iterator[str]:
        yield from self._edges(node, "dependencies")
        yield from self._edges(node, "optionalDependencies")

    def _edges(self, node: str, asked: str) -> Iterator[str]:
        for name, reference in table(table(self.nodes.get(node)).get(asked)).items():
            yield from self._nodes_of(name, text(reference))

    def _package_of(self, node: str) -> str:
        """Return the key in `packages` of a node: version 9 writes peers and patches in `snapshots` only."""
        return node if node in self.packages else node.partition("(")[0]

    def _meaning(self, key: str, entry: Table) -> tuple[str, str, str]:
        """Return name, version and origin of a package."""
        if self.version >= _NEWEST:
            name, written = split_name(key)
            origin = "registry" if written[:1].isdigit() else _origin(written, entry)
        else:
            name, written = _old_key(key, slashed=self.version < _AT)
            origin = _origin(key, entry) if "name" in entry else "registry"
        version = text(entry.get("version")) or (written if written[:1].isdigit() else archived(written) or "")
        version = version or text(table(entry.get("resolution")).get("commit"))
        return text(entry.get("name")) or name, version.partition("(")[0], origin


def _old_key(key: str, *, slashed: bool) -> tuple[str, str]:
    """Return name and version of a key of version 5 or 6; before its first slash may stand a registry."""
    bare = key.partition("/")[2].partition("(")[0]
    if not slashed:
        return split_name(bare)
    parts = bare.split("/")
    names = 2 if bare.startswith("@") else 1
    version = parts[names] if len(parts) > names else ""
    return "/".join(parts[:names]), version.partition("_")[0]


def _origin(written: str, entry: Table) -> str:
    """Return the origin of what came from no registry."""
    resolution = table(entry.get("resolution"))
    if "commit" in resolution or "repo" in resolution or resolution.get("gitHosted") == "true":
        return "vcs"
    found = origin_of(text(resolution.get("tarball")) or written)
    return "url" if found == "registry" else found
