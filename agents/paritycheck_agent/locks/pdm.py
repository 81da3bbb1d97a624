"""pdm.lock, lock versions 3 and 4 (https://pdm-project.org/en/latest/usage/lockfile/).

A package that is asked for with extras stands there again, with those extras. From 4.4.1 on each has the groups that
need it; before, and for which groups are development and which optional, pyproject.toml beside it is asked.
"""

from __future__ import annotations

from paritycheck_agent import pyproject, toml
from paritycheck_agent.documents import check_version, toml_of
from paritycheck_agent.packages import (
    ARCHIVES,
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
    from typing import Any, Union

    from paritycheck_agent.pyproject import Group, Requirement

    Asked = tuple[str, frozenset[str]]
    Node = Union[int, Asked]

    Table = dict[str, Any]

FILENAMES = ("pdm.lock",)
ECOSYSTEM = "pypi"

_OLDEST, _NEWEST = (3, 0), (4, 5)
_DEFAULT = "default"
_NO_EXTRAS: frozenset[str] = frozenset()
# The files and hashes of each package are most of a lock; blanked, the rest parses many times as fast.
_FILES = r"^    \{(?:file|url) = .*$"


def read(data: bytes, path: str, sibling: Callable[[str], bytes | None]) -> Lock:
    """Return what a pdm.lock says. One that is no TOML gives a lock without packages, not whole."""
    lock = Lock(path)
    told = toml_of(data, lock, _FILES)
    if told is None:
        return lock
    written, document = told
    metadata = table(document.get("metadata"))
    check_version(text(metadata.get("lock_version")), lock, _OLDEST, _NEWEST)
    _Rows(tables(document.get("package")), _asked_for(sibling, lock)).fill(lock, header_lines(written, "package"))
    return lock


def _asked_for(sibling: Callable[[str], bytes | None], lock: Lock) -> dict[str, Group] | None:
    data = sibling("pyproject.toml")
    try:
        return None if data is None else pyproject.groups(data)
    except toml.TomlError:
        lock.warn("pyproject.toml beside it is no TOML: which packages are direct is not known")
        return None


class _Rows:
    """The packages of a lock. A node of their graph is the index of a row, or what is asked for, which has rows."""

    def __init__(self, rows: list[Table], asked: dict[str, Group] | None) -> None:
        self.rows = rows
        self.asked = asked
        self.needs: dict[int, list[Requirement]] = {}
        self.by_asked: dict[Asked, list[int]] = {}
        for index, row in enumerate(rows):
            extras = row.get("extras")
            named = frozenset(normalized(text(extra)) for extra in extras) if isinstance(extras, list) else _NO_EXTRAS
            self.by_asked.setdefault((normalized(text(row.get("name"))), named), []).append(index)
        starts = {name: set(_asked(group.requirements)) for name, group in (asked or {}).items()}
        self.direct = {index for nodes in starts.values() for node in nodes for index in self._next(node)}
        self.reached = {name: reach(nodes, self._next) for name, nodes in starts.items()}
        certain = asked[_DEFAULT].requirements if asked and _DEFAULT in asked else []
        self.certain = reach(set(_asked(certain, certain=True)), self._next_certain)

    def fill(self, lock: Lock, lines: list[int]) -> None:
        numbered = lines if len(lines) == len(self.rows) else [-1] * len(self.rows)
        for index, row in enumerate(self.rows):
            name, version = normalized(text(row.get("name"))), text(row.get("version"))
            origin = _origin(row)
            if not name or not version:
                lock.incomplete("a package has no name or no version")
            elif origin == "local":
                lock.local.add(purl(ECOSYSTEM, name))
            else:
                package = Package(
                    purl(ECOSYSTEM, name),
                    pep440(version),
                    lock.source(numbered[index] + 1),
                    direct=None if self.asked is None else index in self.direct,
                    groups=self._groups(index, row),
                    origin=origin,
                    conditional=index not in self.certain or "marker" in row,
                )
                lock.add(package)

    def _groups(self, index: int, row: Table) -> set[str]:
        """Return the groups of a row: as it is written there, else those of pyproject.toml from which it is reached."""
        written = row.get("groups")
        if isinstance(written, list):
            names = {text(name) for name in written}
        else:
            names = {name for name, reached in self.reached.items() if index in reached}
        return {self._kind(name) for name in names}

    def _kind(self, name: str) -> str:
        """Return what a group is for, its own name where pyproject.toml does not say it."""
        if name == _DEFAULT:
            return PRODUCTION
        group = (self.asked or {}).get(normalized(name))
        return name if group is None else group.kind

    def _next(self, node: Node) -> Iterable[Node]:
        if isinstance(node, tuple):
            return self.by_asked.get(node, ())
        return _asked(self._needs(node))

    def _next_certain(self, node: Node) -> Iterable[Node]:
        if isinstance(node, tuple):
            return self.by_asked.get(node, ())
        return _asked(self._needs(node), certain=True)

    def _needs(self, index: int) -> list[Requirement]:
        if index not in self.needs:
            self.needs[index] = list(pyproject.requirements(self.rows[index].get("dependencies")))
        return self.needs[index]


def _asked(requirements: Iterable[Requirement], *, certain: bool = False) -> Iterator[Node]:
    """Yield what requirements mean: the row of the name, and that with the extras; `certain`: of those unmarked."""
    for requirement in requirements:
        if not certain or not requirement.marked:
            yield requirement.name, _NO_EXTRAS
            yield requirement.name, requirement.extras


def _origin(row: Table) -> str:
    if any(kind in row for kind in ("git", "hg", "svn", "bzr")):
        return "vcs"
    place = text(row.get("path")) or text(row.get("url"))
    if not place:
        return "registry"
    if "path" not in row and not place.startswith("file:"):
        return "url"
    return "path" if place.partition("#")[0].endswith(ARCHIVES) else "local"
