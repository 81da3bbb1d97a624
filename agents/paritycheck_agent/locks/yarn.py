"""yarn.lock, of Yarn 1 in its own form, of Yarn 2 and later as YAML with a `__metadata` version.

An entry stands under all descriptors (`name@range`) that led to it. Yarn 1 says nothing of the project itself: that is
in package.json beside it. Yarn 2 lists the workspaces, and leaves it to their package.json what is for development.
"""

from __future__ import annotations

from paritycheck_agent import block_yaml
from paritycheck_agent.block_yaml import Block
from paritycheck_agent.node_packages import ASKED, groups_of, manifest, origin_of, split_name
from paritycheck_agent.packages import DEVELOPMENT, OPTIONAL, PRODUCTION, Lock, Package, table, text
from paritycheck_agent.wire.purl import purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Union

    Node = Union[int, str]
    Table = dict[str, Any]
    Sibling = Callable[[str], "bytes | None"]

FILENAMES = ("yarn.lock",)
ECOSYSTEM = "npm"

_METADATA = "__metadata"
_OLDEST, _NEWEST = 4, 10
_WORKSPACE = "workspace:"
_MAGIC = "\\*?[]{}!()"


def read(data: bytes, path: str, sibling: Sibling) -> Lock:
    """Return what a yarn.lock says. Lines that belong to neither form are left out, and the lock is not whole."""
    lock = Lock(path)
    try:
        written = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        lock.incomplete("is not UTF-8")
        return lock
    if f"\n{_METADATA}:" in "\n" + written:
        entries, projects = _berry(written, lock, sibling)
    else:
        entries, projects = _classic(written, lock, sibling)
    _Graph(entries, projects).fill(lock)
    return lock


class _Entry:
    """One entry. `asked` is what it asks for: (name, range, whether it can do without)."""

    __slots__ = ("asked", "conditional", "descriptors", "line", "local", "name", "origin", "version")

    def __init__(self, line: int, descriptors: list[str], name: str, version: str) -> None:
        self.line = line
        self.descriptors = descriptors
        self.name = name
        self.version = version
        self.origin = "registry"
        self.local = False
        self.conditional = False
        self.asked: list[tuple[str, str, bool]] = []


class _Projects:
    """What the project and its workspaces ask for, as (group, name, range), and whether that is all they ask for."""

    def __init__(self, asked: list[tuple[str, str, str]], *, complete: bool) -> None:
        self.asked = asked
        self.complete = complete


# Yarn 1


def _classic(written: str, lock: Lock, sibling: Sibling) -> tuple[list[_Entry], _Projects]:
    blocks, odd = _classic_blocks(written)
    lock.odd_lines(odd)
    if not blocks and "# yarn lockfile v1" not in written[:200]:
        lock.incomplete("is no lock of Yarn")
    entries = []
    for line, descriptors, fields in blocks:
        alias, asked = split_name(descriptors[0])
        name = split_name(asked[len("npm:") :])[0] if asked.startswith("npm:") else alias
        entry = _Entry(line, descriptors, name, text(fields.get("version")))
        resolved = text(fields.get("resolved"))
        entry.origin = origin_of(asked)
        entry.local = entry.origin == "local" and not resolved
        if entry.origin == "local":
            entry.origin = "path"
        for member, optional in (("dependencies", False), ("optionalDependencies", True)):
            entry.asked += [(needs, text(wanted), optional) for needs, wanted in table(fields.get(member)).items()]
        entries.append(entry)
    return entries, _classic_projects(sibling)


def _classic_blocks(written: str) -> tuple[list[tuple[int, list[str], Table]], list[int]]:
    """Return (line, descriptors, fields) of each entry, and the lines that are written in no way of Yarn 1."""
    import re

    # A quote that stays open takes the rest of its line: each further one would be read to its end otherwise.
    token = re.compile(r'"(?:[^"\\]|\\.)*"?|[^\s:,"\\\[\]#][^\s:,"\\\[\]]*')
    closed = re.compile(r'[^"]|"(?:[^"\\]|\\.)*"\Z')
    blocks: list[tuple[int, list[str], Table]] = []
    odd: list[int] = []
    fields: Table = {}
    inner: Table = {}
    for number, row in enumerate(written.split("\n"), 1):
        body = row.strip(" \r")
        if not body or body[0] == "#":
            continue
        indent = len(row) - len(row.lstrip(" "))
        words = token.findall(body)
        if words and not closed.match(words[-1]):
            words = []
        if not indent and words and body == ", ".join(words) + ":":
            fields = inner = {}
            blocks.append((number, [_word(word) for word in words], fields))
        elif indent in {2, 4} and len(words) == 2 and body == " ".join(words) and blocks:  # noqa: PLR2004 - name and value
            (fields if indent == 2 else inner)[_word(words[0])] = _word(words[1])  # noqa: PLR2004 - the column of a field
        elif indent == 2 and len(words) == 1 and body == words[0] + ":" and blocks:  # noqa: PLR2004 - the column of a field
            inner = fields[_word(words[0])] = {}
        else:
            odd.append(number)
            if not indent:
                fields = inner = {}
    return blocks, odd


def _word(token: str) -> str:
    if token[0] != '"':
        return token
    if "\\" not in token:
        return token[1:-1]
    import json

    try:
        return str(json.loads(token))
    except ValueError:
        return ""


def _classic_projects(sibling: Sibling) -> _Projects:
    """Return what package.json and those of the workspaces ask for: of workspaces by pattern nothing can be known."""
    root = manifest(sibling("package.json"))
    if root is None:
        return _Projects([], complete=False)
    workspaces = root.get("workspaces")
    folders = table(workspaces).get("packages", workspaces)
    asked, complete = list(_asked_by(root)), True
    for folder in folders if isinstance(folders, list) else []:
        plain = text(folder).removeprefix("./").rstrip("/")
        member = None if any(char in plain for char in _MAGIC) else manifest(sibling(f"{plain}/package.json"))
        asked += _asked_by(member or {})
        complete = complete and member is not None
    return _Projects(asked, complete=complete)


def _asked_by(package: Table) -> Iterator[tuple[str, str, str]]:
    for member, group in ASKED.items():
        for name, wanted in table(package.get(member)).items():
            yield group, name, text(wanted)


# Yarn 2 and later


def _berry(written: str, lock: Lock, sibling: Sibling) -> tuple[list[_Entry], _Projects]:
    documents, odd = block_yaml.documents(written)
    lock.odd_lines(odd)
    document = documents[0] if documents else None
    if not isinstance(document, Block) or len(documents) > 1:
        lock.incomplete("is no lock of Yarn")
        document = Block()
    _check_version(text(table(document.get(_METADATA)).get("version")), lock)
    entries: list[_Entry] = []
    asked: list[tuple[str, str, str]] = []
    for key, value in document.items():
        if key != _METADATA:
            fields = table(value)
            entry = _berry_entry(document.lines[key], key, fields)
            entries.append(entry)
            if _WORKSPACE in split_name(text(fields.get("resolution")))[1]:
                asked += _asked_by_workspace(entry, fields, sibling)
                entry.asked = []  # asked for by the project, not by whoever needs the workspace
    return entries, _Projects(asked, complete=True)


def _check_version(said: str, lock: Lock) -> None:
    number = int(said) if said.isascii() and said.isdigit() and len(said) < len("9999") else 0
    if not _OLDEST <= number <= _NEWEST:
        known = f"known: {_OLDEST} to {_NEWEST}"
        lock.incomplete(f"version {number or 'unknown'} is not known ({known}), read as far as possible")


def _berry_entry(line: int, key: str, fields: Table) -> _Entry:
    name, reference = split_name(text(fields.get("resolution")))
    entry = _Entry(line, [part.strip(" ") for part in key.split(",")], name, text(fields.get("version")))
    source = split_name(_patched(reference))[1] if reference.startswith("patch:") else reference
    entry.origin = "registry" if source.startswith("npm:") else origin_of(source)
    entry.origin = "vcs" if "#commit=" in source else entry.origin
    entry.local = source.startswith(_WORKSPACE) or fields.get("linkType") == "soft" or entry.origin == "local"
    entry.conditional = "conditions" in fields
    metas = table(fields.get("dependenciesMeta"))
    for needs, wanted in table(fields.get("dependencies")).items():
        entry.asked.append((needs, text(wanted), table(metas.get(needs)).get("optional") == "true"))
    return entry


def _patched(reference: str) -> str:
    """Return the descriptor that a patch is applied to: of `patch:ms@npm%3A2.0.0#...` that is `ms@npm:2.0.0`."""
    from urllib.parse import unquote

    return unquote(reference[len("patch:") :].partition("#")[0])


def _asked_by_workspace(entry: _Entry, fields: Table, sibling: Sibling) -> Iterator[tuple[str, str, str]]:
    """Yield what a workspace asks for: its entry does not tell apart what its package.json has for development."""
    folder = split_name(text(fields.get("resolution")))[1].partition(_WORKSPACE)[2]
    package = manifest(sibling("package.json" if folder == "." else f"{folder}/package.json")) or {}
    shipped = {name for member in ASKED if member != "devDependencies" for name in table(package.get(member))}
    develops = table(package.get("devDependencies")).keys() - shipped
    for name, wanted, optional in entry.asked:
        yield DEVELOPMENT if name in develops else OPTIONAL if optional else PRODUCTION, name, wanted


# Both


class _Graph:
    """Who asks for whom. A node is the index of an entry, or a descriptor that is asked for, which leads to entries."""

    def __init__(self, entries: list[_Entry], projects: _Projects) -> None:
        self.entries = entries
        self.projects = projects
        self.by_descriptor: dict[str, list[int]] = {}
        for index, entry in enumerate(entries):
            for descriptor in entry.descriptors:
                for known in (*_spellings(descriptor), split_name(descriptor)[0]):
                    self.by_descriptor.setdefault(known, []).append(index)

    def fill(self, lock: Lock) -> None:
        starts: dict[str, set[Node]] = {}
        for group, name, wanted in self.projects.asked:
            starts.setdefault(group, set()).add(self._descriptor(name, wanted))
        direct = {index for asked in starts.values() for node in asked for index in self._every(node)}
        groups = groups_of(starts, self._required, self._every)
        for index, entry in enumerate(self.entries):
            own = groups.get(index, set()) if self.projects.complete else set()
            if entry.local:
                lock.local.update({purl(ECOSYSTEM, entry.name)} if entry.name else ())
            elif not entry.name or not entry.version:
                lock.incomplete("a package has no name or no version")
            else:
                lock.add(
                    Package(
                        purl(ECOSYSTEM, entry.name),
                        entry.version,
                        lock.source(entry.line),
                        direct=index in direct or (False if self.projects.complete else None),
                        groups=own,
                        origin=entry.origin,
                        conditional=PRODUCTION not in own or entry.conditional,
                    )
                )

    def _descriptor(self, name: str, wanted: str) -> str:
        """Return what a range is known by; where `resolutions` forced another, the name alone, for all its versions."""
        descriptor = f"{name}@{wanted}"
        return descriptor if descriptor in self.by_descriptor else name

    def _required(self, node: Node) -> Iterable[Node]:
        return self._next(node, every=False)

    def _every(self, node: Node) -> Iterable[Node]:
        return self._next(node, every=True)

    def _next(self, node: Node, *, every: bool) -> Iterable[Node]:
        if isinstance(node, str):
            return self.by_descriptor.get(node, ())
        asked = self.entries[node].asked
        return [self._descriptor(name, wanted) for name, wanted, optional in asked if every or not optional]


def _spellings(descriptor: str) -> set[str]:
    """Return how a descriptor is asked for: without its protocol, without who asks, and as what was there to patch."""
    name, wanted = split_name(descriptor.partition("::")[0])
    if wanted.startswith("patch:"):
        name, wanted = split_name(_patched(wanted))
    return {descriptor, f"{name}@{wanted}", f"{name}@{wanted.removeprefix('npm:')}", f"{name}@npm:{wanted}"}
