"""bun.lock, lock-file versions 0 to 2: JSON with comments and trailing commas.

A package's key is the path of names under which it is found: `a/b` is the copy of b that a alone has. Its value is an
array that begins with `name@version`.
"""

from __future__ import annotations

import json

from paritycheck_agent.documents import json_of
from paritycheck_agent.node_packages import ASKED, archived, groups_of, origin_of, split_name
from paritycheck_agent.packages import PRODUCTION, Lock, Package, table, text
from paritycheck_agent.wire.purl import purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Table = dict[str, Any]

FILENAMES = ("bun.lock",)
ECOSYSTEM = "npm"

_NEWEST = 2
# Each name in a key is one look-up more for all that its package asks for.
_KEY_CHARS, _KEY_NAMES = 512, 32
# A string, or what is taken out of JSON with comments. Unclosed ones end with the text: each is read once.
_EXTRA = r'"[^"\\]*(?:\\.[^"\\]*)*"?|//[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/)?|,(?=\s*[}\]])'
_KEY = r'^[ \t]*("(?:[^"\\\n]|\\.)*"):[ \t]*\['
_LOCAL = ("workspace:", "link:", "root:")


def read(data: bytes, path: str, _sibling: Callable[[str], bytes | None]) -> Lock:
    """Return what a bun.lock says. One that is no JSON gives a lock without packages, not whole."""
    lock = Lock(path)
    told = json_of(data, lock, _plain)
    if told is None:
        return lock
    written, document = told
    packages = document.get("packages", {})
    version = document.get("lockfileVersion")
    if not isinstance(packages, dict) or version is None:
        lock.incomplete("is no lock of Bun")
        return lock
    if version not in range(_NEWEST + 1):
        said = version if isinstance(version, int) and 0 < version < _NEWEST**9 else "unknown"
        lock.incomplete(f"lock-file version {said} is not known (known: 0 to {_NEWEST}), read as far as possible")
    _Tree(lock, packages, table(document.get("workspaces"))).fill(_lines(written))
    return lock


def _plain(written: str) -> str:
    """Return JSON without comments and trailing commas, each line where it was."""
    import re

    commented = False

    def kept(match: re.Match[str]) -> str:
        nonlocal commented
        found = match.group()
        commented = commented or found[0] == "/"
        return found if found[0] == '"' else "\n" * found.count("\n")

    plain = re.sub(_EXTRA, kept, written)
    # A comma may have a comment between itself and the bracket that makes it one too many.
    return re.sub(_EXTRA, kept, plain) if commented else plain


def _lines(written: str) -> dict[str, int]:
    """Return the line of each key of `packages`."""
    import re

    at = max(0, written.find('"packages"'))
    number = 1 + written.count("\n", 0, at)
    lines: dict[str, int] = {}
    for match in re.compile(_KEY, re.MULTILINE).finditer(written, at):
        number += written.count("\n", at, match.start(1))
        at = match.start(1)
        lines.setdefault(match.group(1), number)
    return lines


class _Tree:
    """The packages by key, as in folders of node_modules. A node of the graph is a key."""

    def __init__(self, lock: Lock, packages: Table, workspaces: Table) -> None:
        self.lock = lock
        self.packages = {key: value for key, value in packages.items() if _fits(key)}
        if len(self.packages) < len(packages):
            lock.incomplete(f"a key is longer than {_KEY_CHARS} characters or {_KEY_NAMES} names")
        self.workspaces = workspaces

    def fill(self, lines: dict[str, int]) -> None:
        starts = self._starts()
        direct = set().union(*starts.values())
        groups = groups_of(starts, self._required, self._every)
        for key in self.packages:
            name, version, origin = self._meaning(key)
            own = groups.get(key, set())
            if origin == "local":
                self.lock.local.update({purl(ECOSYSTEM, name)} if name else ())
            elif not name or (version is None and origin == "registry"):
                self.lock.incomplete("a package has no name or no version")
            else:
                self.lock.add(
                    Package(
                        purl(ECOSYSTEM, name),
                        version,
                        self.lock.source(lines.get(json.dumps(key, ensure_ascii=False), 0)),
                        direct=key in direct,
                        groups=own,
                        origin=origin,
                        conditional=PRODUCTION not in own or not {"os", "cpu"}.isdisjoint(self._info(key)),
                    )
                )

    def _starts(self) -> dict[str, set[str]]:
        """Return what the project and its workspaces ask for, by group."""
        starts: dict[str, set[str]] = {}
        for folder, value in self.workspaces.items():
            workspace = table(value)
            base = text(workspace.get("name")) if folder else ""
            if workspace.get("name"):
                self.lock.local.add(purl(ECOSYSTEM, text(workspace.get("name"))))
            for member, group in ASKED.items():
                starts.setdefault(group, set()).update(self._asked(base, workspace, member))
        return starts

    def _asked(self, key: str, package: Table, member: str) -> Iterator[str]:
        """Yield the keys of what a package asks for; a peer that it can do without is not asked for."""
        optional = package.get("optionalPeers") if member == "peerDependencies" else None
        for name in table(package.get(member)):
            if not isinstance(optional, list) or name not in optional:
                yield from self._resolve(key, name)

    def _resolve(self, key: str, name: str) -> Iterator[str]:
        """Yield the copy of a package that is found from a key: its own one, or one of those above it."""
        while True:
            candidate = f"{key}/{name}" if key else name
            if candidate in self.packages:
                yield candidate
                return
            if not key:
                return
            key = _above(key)

    def _required(self, key: str) -> Iterator[str]:
        for member in ("dependencies", "peerDependencies"):
            yield from self._asked(key, self._info(key), member)

    def _every(self, key: str) -> Iterator[str]:
        yield from self._required(key)
        yield from self._asked(key, self._info(key), "optionalDependencies")

    def _value(self, key: str) -> list[Any]:
        value = self.packages[key]
        return value if isinstance(value, list) else []

    def _info(self, key: str) -> Table:
        """Return what stands of a package beside name and version. What a workspace asks for, the project asks for."""
        value = self._value(key)
        if value and _LOCAL[0] in text(value[0]):
            return {}
        return next((item for item in value if isinstance(item, dict)), {})

    def _meaning(self, key: str) -> tuple[str, str | None, str]:
        value = self._value(key)
        name, reference = split_name(text(value[0]) if value else "")
        if reference[:1].isdigit():
            return name, reference, "registry"
        origin = "local" if reference.startswith(_LOCAL) else origin_of(reference)
        if origin == "vcs":
            return name, reference.partition("#")[2] or None, origin
        return name, archived(reference) if origin != "registry" else reference or None, origin


def _fits(key: str) -> bool:
    return len(key) <= _KEY_CHARS and key.count("/") < _KEY_NAMES


def _above(key: str) -> str:
    """Return a key without its last name, which is two parts where it has a scope."""
    above, _slash, _name = key.rpartition("/")
    outer, _slash, scope = above.rpartition("/")
    return outer if scope.startswith("@") else above
