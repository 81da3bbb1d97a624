"""poetry.lock, lock versions 1.0 to 2.1.

1.1 has a category, 2.0 neither category nor groups, 2.1 groups and markers. Who asked for what stands in none
of them: that is in pyproject.toml beside it. Without it the scope is left out.
"""

from __future__ import annotations

from paritycheck_agent import toml
from paritycheck_agent.documents import check_version, toml_of
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

FILENAMES = ("poetry.lock",)
ECOSYSTEM = "pypi"

_OLDEST, _NEWEST = (1, 0), (2, 1)
# The files and hashes of each package are most of a lock; blanked, the rest parses many times as fast.
_FILES = r"^    \{file = .*$"
_LOCAL = "directory"
_ORIGINS = {"git": "vcs", "hg": "vcs", "svn": "vcs", "url": "url", "file": "path"}
_NAME = r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"


def read(data: bytes, path: str, sibling: Callable[[str], bytes | None]) -> Lock:
    """Return what a poetry.lock says. One that is no TOML gives a lock without packages, not whole."""
    lock = Lock(path)
    told = toml_of(data, lock, _FILES)
    if told is None:
        return lock
    written, document = told
    check_version(text(table(document.get("metadata")).get("lock-version")), lock, _OLDEST, _NEWEST)
    _fill(lock, tables(document.get("package")), _asked_for(sibling, lock), header_lines(written, "package"))
    return lock


def _fill(lock: Lock, entries: list[Table], asked: _Asked | None, lines: list[int]) -> None:
    numbered = lines if len(lines) == len(entries) else [-1] * len(entries)
    groups = _groups(entries, asked)
    certain = _certain(entries, asked)
    for index, entry in enumerate(entries):
        name, version = normalized(text(entry.get("name"))), text(entry.get("version"))
        source = text(table(entry.get("source")).get("type"))
        if not name or not version:
            lock.incomplete("a package has no name or no version")
        elif source == _LOCAL:
            lock.local.add(purl(ECOSYSTEM, name))
        else:
            package = Package(
                purl(ECOSYSTEM, name),
                pep440(version),
                lock.source(numbered[index] + 1),
                direct=None if asked is None else name in asked.names,
                groups=groups[index],
                origin=_ORIGINS.get(source, "registry"),
                conditional=name not in certain or "markers" in entry,
            )
            lock.add(package)


def _groups(entries: list[Table], asked: _Asked | None) -> list[set[str]]:
    """Return the groups of each package, as its lock version tells them."""
    reached: dict[str, set[str]] = {}
    if asked is not None:
        edges = _edges(entries)
        reached = {group: reach(names, lambda name: edges.get(name, {})) for group, names in asked.by_group.items()}
    return [_groups_of(entry, reached) for entry in entries]


def _groups_of(entry: Table, reached: dict[str, set[str]]) -> set[str]:
    written = entry.get("groups", entry.get("category"))
    if isinstance(written, (str, list)):
        groups = {_group(text(group)) for group in ([written] if isinstance(written, str) else written)}
    else:
        name = normalized(text(entry.get("name")))
        groups = {group for group, names in reached.items() if name in names}
    if entry.get("optional") is True:
        groups = groups - {PRODUCTION} | {OPTIONAL}
    return groups


def _group(name: str) -> str:
    """Poetry installs `main` everywhere; every other group is one of development."""
    return PRODUCTION if name in {"main", "default"} else DEVELOPMENT


def _edges(entries: list[Table]) -> dict[str, dict[str, bool]]:
    """Return of each name what it asks for, and whether it always does."""
    edges: dict[str, dict[str, bool]] = {}
    for entry in entries:
        own = edges.setdefault(normalized(text(entry.get("name"))), {})
        for name, asked in table(entry.get("dependencies")).items():
            own[normalized(name)] = _always(asked)
    return edges


def _certain(entries: list[Table], asked: _Asked | None) -> set[str]:
    """Return the names that production installs on every platform and Python."""
    if asked is None:
        return set()
    edges = _edges(entries)
    return reach(asked.certain, lambda name: [asked_for for asked_for, always in edges.get(name, {}).items() if always])


def _always(asked: Any) -> bool:
    """Whether a dependency, as Poetry writes it, holds on every platform and Python."""
    guards = ("markers", "python", "platform", "optional")
    return isinstance(asked, str) or (isinstance(asked, dict) and not any(guard in asked for guard in guards))


class _Asked:
    """What pyproject.toml asks for: names by group, and those of production that no marker guards."""

    def __init__(self) -> None:
        self.by_group: dict[str, set[str]] = {PRODUCTION: set(), DEVELOPMENT: set(), OPTIONAL: set()}
        self.certain: set[str] = set()

    @property
    def names(self) -> set[str]:
        return set().union(*self.by_group.values())

    def add(self, group: str, name: str, *, always: bool) -> None:
        self.by_group[group].add(normalized(name))
        if group == PRODUCTION and always:
            self.certain.add(normalized(name))


def _asked_for(sibling: Callable[[str], bytes | None], lock: Lock) -> _Asked | None:
    data = sibling("pyproject.toml")
    if data is None:
        return None
    try:
        document = toml.load(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, toml.TomlError):
        lock.warn("pyproject.toml beside it is no TOML: which packages are direct is not known")
        return None
    asked = _Asked()
    _add_poetry(asked, table(table(document.get("tool")).get("poetry")))
    _add_standard(asked, document)
    return asked


def _add_poetry(asked: _Asked, settings: Table) -> None:
    """Take Poetry's own tables."""
    sets: list[tuple[str, Any]] = [(PRODUCTION, settings.get("dependencies"))]
    sets.append((DEVELOPMENT, settings.get("dev-dependencies")))
    for name, group in table(settings.get("group")).items():
        sets.append((_group(name), table(group).get("dependencies")))
    for group, dependencies in sets:
        for name, wanted in table(dependencies).items():
            if name != "python":
                optional = table(wanted).get("optional") is True
                asked.add(OPTIONAL if optional else group, name, always=_always(wanted))


def _add_standard(asked: _Asked, document: Table) -> None:
    """Take the tables of the standards, which Poetry 2 reads as well."""
    project = table(document.get("project"))
    sets = [(PRODUCTION, project.get("dependencies"))]
    sets += [(OPTIONAL, wanted) for wanted in table(project.get("optional-dependencies")).values()]
    sets += [(DEVELOPMENT, wanted) for wanted in table(document.get("dependency-groups")).values()]
    for group, requirements in sets:
        for name, marked in _requirements(requirements):
            asked.add(group, name, always=not marked)


def _requirements(wanted: Any) -> Iterator[tuple[str, bool]]:
    """Yield the name of each PEP 508 requirement, and whether it has a marker."""
    import re

    items: Iterable[Any] = wanted if isinstance(wanted, list) else ()
    for item in items:
        match = re.match(_NAME, text(item))
        if match:
            yield match.group(1), ";" in item
