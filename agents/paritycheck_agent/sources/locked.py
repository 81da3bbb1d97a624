"""What a checkout says that it needs: its lock files, and the bills of materials that are named."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re

from paritycheck_agent.sources import remembered
from paritycheck_agent.sources.bom import SYSTEM, ecosystem_of
from paritycheck_agent.sources.lock_formats import BESIDE, FORMATS, UNREAD
from paritycheck_agent.wire import limits
from paritycheck_agent.wire.purl import purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from paritycheck_agent.context import Context
    from paritycheck_agent.packages import Lock, Package

_SBOM = "paritycheck_agent.sources.sbom"
# The ecosystems of which a bill of materials can name every package; of GitHub's actions or files it cannot.
_CLOSED = frozenset({
    "cargo", "cocoapods", "composer", "conda", "gem", "golang", "hex", "maven", "npm", "nuget", "pub", "pypi",
})  # fmt: skip
# The project's own name: the first `name` of pyproject.toml, in whichever table it stands.
_PROJECT_NAME = r"^name\s*=\s*[\"']([^\"']{1,200})[\"']"


class Locked:
    """The lock files and bills of materials of a checkout by ecosystem, and what could not be read."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.locks: list[tuple[str, str, Lock]] = []  # folder, ecosystem, lock
        self.sboms: list[tuple[str, Lock]] = []  # ecosystem, what the bill says of it and of others
        self.gaps: set[tuple[str, str]] = set()  # folder, ecosystem: a lock that is there and is not read
        self.warnings: list[str] = []

    def read_folder(self, folder: str) -> None:
        """Read what lies in one folder: of several locks of one ecosystem the first in the table counts."""
        counting: dict[str, str] = {}
        for names, ecosystem, module, every in FORMATS:
            for path in (posixpath.join(folder, name) for name in names):
                if every:
                    self._read_file(folder, path, ecosystem, module)
                elif ecosystem in counting:
                    self._pass_over(path, counting[ecosystem])
                elif self._read_file(folder, path, ecosystem, module):
                    counting[ecosystem] = path
        self._note_unread(folder, counting)

    def _note_unread(self, folder: str, counting: dict[str, str]) -> None:
        for name, ecosystem in {**UNREAD, **BESIDE}.items():
            path = posixpath.join(folder, name)
            if ecosystem in counting and name in UNREAD:
                self._pass_over(path, counting[ecosystem])
            elif self.context.exists(path) and not self._has(folder, ecosystem):
                what = "this format is not read" if name in UNREAD else "says nothing without the file it belongs to"
                self._gap(folder, ecosystem, f"{path}: {what}")

    def _pass_over(self, path: str, counting: str) -> None:
        if self.context.exists(path):
            self.warnings.append(f"{path}: not read, for {counting} beside it counts")

    def read_sbom(self, path: str, shown: str) -> None:
        """Read a bill of materials, known to people as `shown`."""
        data = self.context.open_bytes(path)
        if data is None:
            self.warnings.append(f"{shown}: cannot be read, or is larger than 32 MB")
        elif self._full():
            self.warnings.append(f"{shown}: left out, at most {limits.LOCKS} lock files are read")
        else:
            lock = self._read(path, shown, data, _SBOM)
            self.sboms += [(each, lock) for each in sorted({ecosystem_of(package.name) for package in lock.packages})]

    def _read_file(self, folder: str, path: str, ecosystem: str, module: str) -> bool:
        """Read one lock file; return whether it is there."""
        data = self.context.open_bytes(path)
        if data is None:
            if not self.context.exists(path):
                return False
            self._gap(folder, ecosystem, f"{path}: cannot be read, or is larger than 32 MB")
            return True
        if self._full():
            self._gap(folder, ecosystem, f"{path}: left out, at most {limits.LOCKS} lock files are read")
            return True
        self.locks.append((folder, ecosystem, self._read(path, path, data, module)))
        return True

    def _full(self) -> bool:
        return len(self.locks) + len(self._bills()) >= limits.LOCKS

    def _read(self, path: str, shown: str, data: bytes, module: str) -> Lock:
        def read(data: bytes, path: str, sibling: Callable[[str], bytes | None]) -> Lock:
            lock: Lock = __import__(module, fromlist=["read"]).read(data, path, sibling)
            return lock

        lock = remembered.read(kept_in(self.context, path), data, shown, self._sibling(posixpath.dirname(path)), read)
        self.warnings += lock.warnings
        return lock

    def _sibling(self, folder: str) -> Callable[[str], bytes | None]:
        """Return a reader of files beside a lock that does not leave the checkout."""

        def read(path: str) -> bytes | None:
            found = None if posixpath.isabs(path) else inside(posixpath.join(folder, path))
            return self.context.open_bytes(found) if found else None

        return read

    def _gap(self, folder: str, ecosystem: str, text: str) -> None:
        self.gaps.add((folder, ecosystem))
        self.warnings.append(text)

    def _has(self, folder: str, ecosystem: str) -> bool:
        """Whether something read tells of an ecosystem what a lock in this folder would."""
        named = any(of == ecosystem and lock.whole for of, lock in self.sboms)
        return named or any(at == folder and of == ecosystem for at, of, _lock in self.locks)

    def packages(self, installed: Container[str]) -> dict[str, list[Package]]:
        """Return the packages of all locks by name, and of the bills what they are asked about.

        A bill may tell what is there instead of what ought to be. So where the ecosystem is `installed` here, and has
        a lock to be compared with, it says nothing: it would make every mistake that it lists look as locked.
        """
        by_name: dict[str, list[Package]] = {}
        for _folder, _ecosystem, lock in self.locks:
            for package in lock.packages:
                by_name.setdefault(package.name, []).append(package)
        local = self.local()
        decided = {ecosystem for _folder, ecosystem, _lock in self.locks if ecosystem in installed}
        for lock in self._bills():
            for package in lock.packages:
                if package.name not in local and ecosystem_of(package.name) not in decided:
                    by_name.setdefault(package.name, []).append(package)
        return by_name

    def _bills(self) -> list[Lock]:
        return list({id(lock): lock for _ecosystem, lock in self.sboms}.values())

    def folders(self, ecosystem: str) -> set[str]:
        """Return the folders with a lock of an ecosystem, read or not."""
        return {at for at, of, _lock in self.locks if of == ecosystem} | {at for at, of in self.gaps if of == ecosystem}

    def local(self) -> set[str]:
        """Return the names of the project and its workspaces: what locks know, and what pyproject.toml says."""
        each = [*self._bills(), *(lock for _folder, _ecosystem, lock in self.locks)]
        names = set().union(*(lock.local for lock in each))
        for folder in {"", *(folder for folder, _ecosystem, _lock in self.locks)}:
            text = self.context.open_text(posixpath.join(folder, "pyproject.toml"))
            match = re.search(_PROJECT_NAME, text, re.MULTILINE) if text else None
            if match:
                names.add(purl("pypi", match.group(1)))
        return names

    def ecosystems(self) -> set[str]:
        """Return the ecosystems of which everything that is locked is known."""
        named = {ecosystem for _folder, ecosystem, _lock in self.locks}
        billed = {each for each, _lock in self.sboms if each in _CLOSED or each.partition("/")[0] in SYSTEM}
        return {ecosystem for ecosystem in named | billed if self.whole(ecosystem)}

    def whole(self, ecosystem: str) -> bool:
        """Whether every folder with a lock of an ecosystem has one that was read whole, or where none has every bill.

        As a manifest does, a bill beside a lock takes nothing from it.
        """
        folders = {folder for folder, of, _lock in self.locks if of == ecosystem}
        good = {folder for folder, of, lock in self.locks if of == ecosystem and lock.whole}
        bills = [lock.whole for of, lock in self.sboms if of == ecosystem]
        known = folders == good if folders else bool(bills) and all(bills)
        return known and all(of != ecosystem for _folder, of in self.gaps)


def inside(path: str) -> str | None:
    """Return a path in its shortest form, "" for the top; None where it leads out of the checkout."""
    path = posixpath.normpath(path or ".")
    if posixpath.isabs(path) or path.split("/")[0] == ".." or "\0" in path:
        return None
    return "" if path == "." else path


def kept_in(context: Context, path: str) -> str:
    """Return the file of the state directory that keeps what a file or folder of this checkout said."""
    whose = hashlib.sha256(os.path.join(os.path.abspath(context.root), path).encode("utf-8", "surrogateescape"))
    return os.path.join(context.state_dir, "locks", f"{whose.hexdigest()[:16]}.json")
