"""package-lock.json and npm-shrinkwrap.json, lock-file versions 1, 2 and 3.

Versions 2 and 3 list `packages` by the folder each is installed in; version 1 nests `dependencies`, and
leaves it to package.json beside it to say what is direct.
"""

from __future__ import annotations

import json

from paritycheck_agent.documents import Lines, json_of
from paritycheck_agent.packages import DEVELOPMENT, OPTIONAL, Lock, Package, table, text
from paritycheck_agent.wire.purl import purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Table = dict[str, Any]
    Sibling = Callable[[str], "bytes | None"]

FILENAMES = ("npm-shrinkwrap.json", "package-lock.json")
ECOSYSTEM = "npm"

_NESTED, _NEWEST = 1, 3
_FOLDER = "node_modules/"
_ASKED = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_GIT = ("git+", "git:", "git@", "github:", "gitlab:", "bitbucket:", "gist:")
_WEB = ("http:", "https:")
# A bound on odd files: each part of a folder is one look-up.
_FOLDER_CHARS = 2048
_ARCHIVE = r"-(\d+\.\d+\.\d+[0-9A-Za-z.+-]*)\.(?:tgz|tar\.gz)$"


def read(data: bytes, path: str, sibling: Sibling) -> Lock:
    """Return what a lock of npm says. One that is no JSON gives a lock without packages, not whole."""
    lock = Lock(path)
    told = json_of(data, lock)
    if told is None:
        return lock
    written, document = told
    if isinstance(document.get("packages"), dict):
        _Flat(lock, written, document["packages"]).fill()
    elif "packages" in document or not isinstance(document.get("dependencies", {}), dict):
        lock.incomplete("is no lock of npm")
    else:
        _Nested(lock, written, table(document.get("dependencies"))).fill(sibling)
    _check_version(document.get("lockfileVersion", _NESTED), lock)
    return lock


def _check_version(version: Any, lock: Lock) -> None:
    if version not in range(_NESTED, _NEWEST + 1):
        said = version if isinstance(version, int) and 0 < version < _NEWEST**9 else "unknown"
        lock.incomplete(f"lock-file version {said} is not known (known: 1 to {_NEWEST}), read as far as possible")


class _Flat:
    """Versions 2 and 3."""

    def __init__(self, lock: Lock, written: str, packages: Table) -> None:
        self.lock = lock
        self.packages = {folder: table(entry) for folder, entry in packages.items() if len(folder) <= _FOLDER_CHARS}
        if len(self.packages) < len(packages):
            lock.incomplete(f"a folder is longer than {_FOLDER_CHARS} characters")
        self.lines = Lines(written, "packages")

    def fill(self) -> None:
        direct = self._direct()
        urls = {found for folder in self.packages for found in self._asked_for(folder, by_url=True)}
        for folder, entry in self.packages.items():
            line = self.lines.opening(folder)
            name = text(entry.get("name")) or folder.rpartition(_FOLDER)[2]
            if _FOLDER not in folder or entry.get("link") is True:
                self.lock.local.update({purl(ECOSYSTEM, name)} if name and _FOLDER in folder else ())
                continue
            version, origin = _installed(entry)
            if not name or version is None:
                self.lock.incomplete("a package has no name or no version")
                continue
            self.lock.add(
                Package(
                    purl(ECOSYSTEM, name),
                    version,
                    self.lock.source(line),
                    direct=folder in direct,
                    groups=_groups(entry),
                    origin="url" if origin == "registry" and folder in urls else origin,
                    conditional=_conditional(entry),
                )
            )

    def _direct(self) -> set[str]:
        """Return the folders of what the project and its workspaces ask for."""
        members = _patterns(self.packages.get("", {}).get("workspaces"))
        importers = [folder for folder in self.packages if not folder or _is_member(folder, members)]
        return {found for folder in importers for found in self._asked_for(folder)}

    def _asked_for(self, folder: str, *, by_url: bool = False) -> Iterator[str]:
        """Yield the folder of each package that the one in folder asks for; `by_url` only those by their URL."""
        entry = self.packages[folder]
        for asked in _ASKED:
            for name, wanted in table(entry.get(asked)).items():
                if not by_url or text(wanted).startswith(_WEB):
                    found = self._resolve(folder, name)
                    if found is not None:
                        yield found

    def _resolve(self, folder: str, name: str) -> str | None:
        """Return where Node finds a package: in node_modules of the folder, or of one above it."""
        while True:
            candidate = (f"{folder}/" if folder else "") + _FOLDER + name
            if candidate in self.packages:
                return candidate
            if not folder:
                return None
            folder = folder.rpartition("/")[0]


def _is_member(folder: str, patterns: list[str]) -> bool:
    from fnmatch import fnmatchcase

    return _FOLDER not in folder and any(fnmatchcase(folder, pattern) for pattern in patterns)


def _patterns(workspaces: Any) -> list[str]:
    listed = table(workspaces).get("packages", workspaces)
    return [text(item).removeprefix("./").rstrip("/") for item in listed] if isinstance(listed, list) else []


def _installed(entry: Table) -> tuple[str | None, str]:
    """Return version and origin of an entry of versions 2 and 3."""
    resolved = text(entry.get("resolved"))
    version = text(entry.get("version")) or None
    if resolved.startswith(_GIT):
        return version or _commit(resolved), "vcs"
    return version, "path" if resolved.startswith("file:") else "registry"


def _commit(url: str) -> str | None:
    return url.rpartition("#")[2] or None if "#" in url else None


def _groups(entry: Table) -> set[str]:
    groups = set()
    if entry.get("dev") is True or entry.get("devOptional") is True:
        groups.add(DEVELOPMENT)
    if entry.get("optional") is True or entry.get("devOptional") is True:
        groups.add(OPTIONAL)
    return groups


def _conditional(entry: Table) -> bool:
    return any(entry.get(flag) for flag in ("dev", "devOptional", "optional", "os", "cpu", "libc"))


class _Nested:
    """Version 1."""

    def __init__(self, lock: Lock, written: str, dependencies: Table) -> None:
        self.lock = lock
        self.dependencies = dependencies
        self.lines = Lines(written, "dependencies")

    def fill(self, sibling: Sibling) -> None:
        direct = self._direct(sibling)
        for key, entry in _walk(self.dependencies):
            line = self.lines.opening(key)
            name, version, origin = _meaning(key, text(entry.get("version")))
            if origin == "local":
                self.lock.local.add(purl(ECOSYSTEM, name))
            elif not name or (version is None and origin == "registry"):
                self.lock.incomplete("a package has no name or no version")
            else:
                self.lock.add(
                    Package(
                        purl(ECOSYSTEM, name),
                        version,
                        self.lock.source(line),
                        direct=None if direct is None else id(entry) in direct,
                        groups=_groups(entry),
                        origin=origin,
                        conditional=_conditional(entry),
                    )
                )

    def _direct(self, sibling: Sibling) -> set[int] | None:
        """Return the identities of what the project and its workspaces ask for, None where nothing tells."""
        project = _manifest(sibling, "")
        if project is None:
            return None
        direct = {id(self.dependencies.get(name)) for name in _names(project)}
        members = _patterns(project.get("workspaces"))
        for entry in self.dependencies.values():
            folder = text(table(entry).get("version")).removeprefix("file:")
            if _is_member(folder, members):
                own = table(table(entry).get("dependencies"))
                for name in _names(_manifest(sibling, folder + "/") or {}):
                    direct.add(id(own.get(name, self.dependencies.get(name))))
        return direct


def _walk(dependencies: Table) -> Iterator[tuple[str, Table]]:
    """Yield every entry at every depth in the order of the text. Iterative: nesting costs no stack."""
    waiting = [iter(dependencies.items())]
    while waiting:
        for name, value in waiting[-1]:
            entry = table(value)
            yield name, entry
            waiting.append(iter(table(entry.get("dependencies")).items()))
            break
        else:
            waiting.pop()


def _meaning(name: str, version: str) -> tuple[str, str | None, str]:
    """Return name, version and origin of an entry; an alias counts under its real name."""
    if version.startswith("npm:"):
        real, _at, number = version[len("npm:") :].rpartition("@")
        return real, number or None, "registry"
    if version.startswith(_GIT):
        return name, _commit(version), "vcs"
    if version.startswith(_WEB):
        return name, _archived(version), "url"
    if version.startswith("file:"):
        archive = version.endswith((".tgz", ".tar.gz", ".tar"))
        return name, _archived(version), "path" if archive else "local"
    return name, version or None, "registry"


def _archived(url: str) -> str | None:
    """Return the version in an archive's file name, as npm writes it."""
    import re

    match = re.search(_ARCHIVE, url.partition("#")[0].partition("?")[0])
    return match.group(1) if match else None


def _manifest(sibling: Sibling, folder: str) -> Table | None:
    data = sibling(folder + "package.json")
    try:
        return None if data is None else table(json.loads(data))
    except (ValueError, RecursionError):
        return None


def _names(manifest: Table) -> set[str]:
    return {name for asked in _ASKED for name in table(manifest.get(asked))}
