"""Section dependencies: what the lock files of the checkout say, and what is installed in its interpreter."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re

from paritycheck_agent.context import Collected
from paritycheck_agent.packages import Lock, Package, fact_of, members_of
from paritycheck_agent.sources import distributions, interpreter, remembered
from paritycheck_agent.sources.lock_formats import FORMATS, UNREAD
from paritycheck_agent.wire import limits
from paritycheck_agent.wire.purl import purl
from paritycheck_agent.wire.secrets import suspected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from paritycheck_agent.context import Context

SECTION = "dependencies"

_INSTALLED = "pypi"
# The project's own name: the first `name` of pyproject.toml, in whichever table it stands.
_PROJECT_NAME = r"^name\s*=\s*[\"']([^\"']{1,200})[\"']"
# Made with every virtual environment: nobody asked for them, unless a lock names them.
_SEEDS = frozenset({"pkg:pypi/pip", "pkg:pypi/setuptools", "pkg:pypi/wheel"})


def collect(context: Context) -> Collected:
    """Return the packages of every lock file and of the interpreter that counts; of a candidate the locks alone."""
    found = _Found(context)
    for folder in _folders(context):
        found.read_folder(folder)
    installed = None if context.candidate else _installed(context, found.warnings)
    locked = found.locked()
    facts = _facts(locked, installed, found)
    if not facts and not found.locks and installed is None:
        found.warnings.append("no lock file that is read, and no interpreter of the checkout (PARITY_PYTHON)")
    return Collected(facts, _covers(found, installed, facts), found.warnings)


def _folders(context: Context) -> list[str]:
    """Return the folders to look in: the checkout's top, and those that `[dependencies] folders` names."""
    settings = context.settings.get(SECTION)
    named = settings.get("folders", []) if isinstance(settings, dict) else []
    folders = [""]
    for name in named if isinstance(named, list) else []:
        folder = _inside(str(name))
        if folder is not None and folder not in folders:
            folders.append(folder)
    return folders


def _inside(path: str) -> str | None:
    """Return a path in its shortest form, "" for the top; None where it leads out of the checkout."""
    path = posixpath.normpath(path or ".")
    if posixpath.isabs(path) or path.split("/")[0] == ".." or "\0" in path:
        return None
    return "" if path == "." else path


class _Found:
    """The lock files of a checkout by ecosystem, and what could not be read."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.locks: list[tuple[str, str, Lock]] = []  # folder, ecosystem, lock
        self.gaps: set[tuple[str, str]] = set()  # folder, ecosystem: a lock that is there and is not read
        self.warnings: list[str] = []

    def read_folder(self, folder: str) -> None:
        """Read what lies in one folder."""
        for names, ecosystem, module, every in FORMATS:
            for name in names:
                if self._read_file(folder, posixpath.join(folder, name), ecosystem, module) and not every:
                    break
        for name, ecosystem in UNREAD.items():
            path = posixpath.join(folder, name)
            if self.context.exists(path) and not self._has(folder, ecosystem):
                self._gap(folder, ecosystem, f"{path}: this format is not read yet")

    def _read_file(self, folder: str, path: str, ecosystem: str, module: str) -> bool:
        """Read one lock file; return whether it is there and was read."""
        data = self.context.open_bytes(path)
        if data is None:
            if self.context.exists(path):
                self._gap(folder, ecosystem, f"{path}: cannot be read, or is larger than 32 MB")
            return False
        if len(self.locks) >= limits.LOCKS:
            self._gap(folder, ecosystem, f"{path}: left out, at most {limits.LOCKS} lock files are read")
            return False

        def read(data: bytes, path: str, sibling: Callable[[str], bytes | None]) -> Lock:
            lock: Lock = __import__(module, fromlist=["read"]).read(data, path, sibling)
            return lock

        kept = _kept_in(self.context, path)
        lock = remembered.read(kept, data, path, self._sibling(posixpath.dirname(path)), read)
        self.locks.append((folder, ecosystem, lock))
        self.warnings += lock.warnings
        return True

    def _sibling(self, folder: str) -> Callable[[str], bytes | None]:
        """Return a reader of files beside a lock that does not leave the checkout."""

        def read(path: str) -> bytes | None:
            inside = None if posixpath.isabs(path) else _inside(posixpath.join(folder, path))
            return self.context.open_bytes(inside) if inside else None

        return read

    def _gap(self, folder: str, ecosystem: str, text: str) -> None:
        self.gaps.add((folder, ecosystem))
        self.warnings.append(text)

    def _has(self, folder: str, ecosystem: str) -> bool:
        return any(at == folder and of == ecosystem for at, of, _lock in self.locks)

    def locked(self) -> dict[str, list[Package]]:
        """Return the packages of all locks by name."""
        by_name: dict[str, list[Package]] = {}
        for _folder, _ecosystem, lock in self.locks:
            for package in lock.packages:
                by_name.setdefault(package.name, []).append(package)
        return by_name

    def local(self) -> set[str]:
        """Return the names of the project and its workspaces: what locks know, and what pyproject.toml says."""
        names = set().union(*(lock.local for _folder, _ecosystem, lock in self.locks))
        for folder in {"", *(folder for folder, _ecosystem, _lock in self.locks)}:
            text = self.context.open_text(posixpath.join(folder, "pyproject.toml"))
            match = re.search(_PROJECT_NAME, text, re.MULTILINE) if text else None
            if match:
                names.add(purl(_INSTALLED, match.group(1)))
        return names

    def whole(self, ecosystem: str) -> bool:
        """Whether every folder with a lock of an ecosystem has one that was read whole."""
        folders = {folder for folder, of, _lock in self.locks if of == ecosystem}
        good = {folder for folder, of, lock in self.locks if of == ecosystem and lock.whole}
        return bool(folders) and folders == good and all(of != ecosystem for _folder, of in self.gaps)


def _kept_in(context: Context, path: str) -> str:
    """Return the file of the state directory that keeps what a lock of this checkout said."""
    whose = hashlib.sha256(os.path.join(os.path.abspath(context.root), path).encode("utf-8", "surrogateescape"))
    return os.path.join(context.state_dir, "locks", f"{whose.hexdigest()[:16]}.json")


def _installed(context: Context, warnings: list[str]) -> dict[str, Package] | None:
    """Return what is installed by name, None where no interpreter counts or it cannot be read."""
    try:
        found = interpreter.find(context.root, context.environ, context.settings)
        if found is None:
            return None
        packages = distributions.installed(found.folders, context.state_dir)
    except interpreter.InterpreterFault as fault:
        warnings.append(f"{fault}: nothing is known of what is installed")
        return None
    except OSError:
        warnings.append("the packages of the interpreter may not be read: nothing is known of what is installed")
        return None
    return {package.name: package for package in packages}


def _facts(
    locked: dict[str, list[Package]], installed: dict[str, Package] | None, found: _Found
) -> list[dict[str, Any]]:
    if installed is None:
        return [fact_of(name, locked[name]) for name in sorted(locked)]
    whole, local = found.whole(_INSTALLED), found.local()
    facts = []
    for name in sorted(locked.keys() | installed.keys()):
        fact = _fact(name, locked.get(name, []), installed.get(name), whole=whole)
        if fact is not None and name not in local:
            facts.append(fact)
    return facts


def _fact(name: str, places: list[Package], own: Package | None, *, whole: bool) -> dict[str, Any] | None:
    """Return the fact of a package where what is installed is known; None for what says nothing."""
    if not name.startswith(f"pkg:{_INSTALLED}/"):
        return fact_of(name, places)
    if own is None:
        return _missing(name, places)
    if not places and whole and name in _SEEDS:
        return None
    fact: dict[str, Any] = {"name": name, "value": own.version, **members_of(places or [own])}
    fact.pop("origin", None)
    if own.origin != "registry":
        fact["origin"] = own.origin
    versions = {place.version for place in places if place.version is not None}
    if versions and own.version not in versions:
        fact["locked"] = _highest(versions)
    elif not places and whole:
        fact["locked"] = ""
    sources = [own.source, *(place.source for place in places)]
    fact["sources"] = list(dict.fromkeys(sources))[: limits.SOURCES]
    return fact


def _missing(name: str, places: list[Package]) -> dict[str, Any] | None:
    """Return the fact of a package that is locked and not installed.

    Production needs it on every platform: absent. A marker or an extra decides, and did not ask for it here:
    unknown(not-asked), for where it decides otherwise is no drift. Development alone needs it: nothing to say.
    """
    shipped = [place for place in places if place.ships and place.version is not None]
    if not shipped:
        return None
    needed = {place.version for place in shipped if place.production and not place.conditional and place.version}
    fact: dict[str, Any] = {"name": name}
    fact.update({"absent": True, "locked": _highest(needed)} if needed else {"unknown": "not-asked"})
    fact.update(members_of(places))
    fact["sources"] = list(dict.fromkeys(place.source for place in places))[: limits.SOURCES]
    return fact


def _highest(versions: set[str]) -> str:
    """Return the highest of several locked versions, by their numbers."""

    def numbers(version: str) -> tuple[list[int], str]:
        return [int(part) for part in version.split(".") if part.isascii() and part.isdigit()], version

    return max(versions, key=numbers)


def _covers(found: _Found, installed: dict[str, Package] | None, facts: list[dict[str, Any]]) -> list[str]:
    """Return the prefix of each ecosystem of which every package is known, so that one not named is absent."""
    ecosystems = {ecosystem for _folder, ecosystem, _lock in found.locks if found.whole(ecosystem)}
    if installed is not None:
        ecosystems.add(_INSTALLED)
    prefixes = {f"pkg:{ecosystem}/" for ecosystem in ecosystems}
    for fact in facts:
        # Such a name is left out of what is sent: the ecosystem is not told whole.
        if len(fact["name"]) > limits.NAME_CHARS or suspected(fact["name"]):
            prefixes = {prefix for prefix in prefixes if not fact["name"].startswith(prefix)}
    return sorted(prefixes)
