"""Podfile.lock of CocoaPods: https://guides.cocoapods.org/using/using-cocoapods.html#what-is-podfilelock.

`PODS` lists every pod and each of its subspecs (`Firebase/Core`), `DEPENDENCIES` what the Podfile asks for, and
`EXTERNAL SOURCES` what comes from elsewhere than a repository of specs. Only the lines that CocoaPods writes are read,
no YAML at large.
"""

from __future__ import annotations

from paritycheck_agent.documents import decoded
from paritycheck_agent.packages import Lock, Package
from paritycheck_agent.wire.purl import purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

FILENAMES = ("Podfile.lock",)
ECOSYSTEM = "cocoapods"

_PODS, _ASKED, _EXTERNAL, _LAST = "PODS", "DEPENDENCIES", "EXTERNAL SOURCES", "COCOAPODS"
_OTHERS = frozenset({"SPEC REPOS", "CHECKOUT OPTIONS", "SPEC CHECKSUMS", "PODFILE CHECKSUM"})
_ITEM, _INNER = 2, 4
_ORIGINS = {":path": "local", ":git": "vcs", ":hg": "vcs", ":svn": "vcs", ":http": "url"}
_WEB = ("http:", "https:")


def read(data: bytes, path: str, sibling: Callable[[str], bytes | None]) -> Lock:  # noqa: ARG001 - the form of all readers
    """Return what a Podfile.lock says. A line that is none of it is a warning, and the lock is not whole."""
    lock = Lock(path)
    written = decoded(data, lock)
    if written is None:
        return lock
    pods = _Pods(lock)
    for number, row in enumerate(written.split("\n"), 1):
        line = row.rstrip()
        if line and not pods.take(number, line) and lock.whole:
            lock.incomplete(f"line {number} is not understood")
    pods.tell()
    return lock


class _Pods:
    """The pods of a lock, line by line."""

    def __init__(self, lock: Lock) -> None:
        self.lock = lock
        self.section = ""
        self.seen: set[str] = set()
        self.found: list[tuple[int, str, str]] = []  # line, pod, version
        self.asked: set[str] = set()
        self.origins: dict[str, str] = {}
        self.external = ""

    def take(self, number: int, line: str) -> bool:
        """Take one line; return whether it is understood."""
        depth = len(line) - len(line.lstrip(" "))
        words = line.strip()
        if not depth:
            return self._begin(words)
        if self.section == _PODS:
            return self._pod(number, words, depth)
        if self.section == _ASKED:
            name = _item(words)[0]
            self.asked.add(name.partition("/")[0])
            return depth == _ITEM and bool(name)
        if self.section == _EXTERNAL:
            return self._outside(words, depth)
        return self.section in _OTHERS

    def _begin(self, words: str) -> bool:
        self.section, colon, value = words.partition(":")
        self.seen.add(self.section)
        empty = value.strip() in {"", "[]", "{}"}
        return bool(colon) and (
            self.section in _OTHERS or self.section == _LAST or (empty and self.section in {_PODS, _ASKED, _EXTERNAL})
        )

    def _pod(self, number: int, words: str, depth: int) -> bool:
        name, version = _item(words.rstrip(":"))
        if depth == _ITEM and name and version:
            self.found.append((number, name.partition("/")[0], version))
            return True
        return depth == _INNER and bool(name) and bool(self.found)

    def _outside(self, words: str, depth: int) -> bool:
        """Take where a pod comes from: `:path: ../x`, `:git: url`, `:podspec: file or URL`, with options beside it."""
        if depth == _ITEM:
            self.external = words.rstrip(":").strip("\"'")
            return words.endswith(":")
        key, colon, value = words[1:].partition(":")
        key, value = f":{key}", value.strip().strip("\"'")
        origin = _ORIGINS.get(key)
        if key == ":podspec":
            origin = "url" if value.startswith(_WEB) else "path"
        if origin:
            self.origins[self.external] = origin
        return bool(colon) and words.startswith(":") and bool(self.external) and depth == _INNER

    def tell(self) -> None:
        missing = next((name for name in (_PODS, _ASKED, _LAST) if name not in self.seen), None)
        if missing:
            self.lock.incomplete(f"has no section {missing}: it may be cut off")
        for number, name, version in self.found:
            origin = self.origins.get(name, "registry")
            if origin == "local":
                self.lock.local.add(purl(ECOSYSTEM, name))
                continue
            direct = name in self.asked if _ASKED in self.seen else None
            self.lock.add(
                Package(purl(ECOSYSTEM, name), version, self.lock.source(number), direct=direct, origin=origin)
            )


def _item(words: str) -> tuple[str, str]:
    """Return name and what stands in brackets behind it, of `- name (1.2.3)`; no name where the line is none of it."""
    if not words.startswith("- "):
        return "", ""
    words = words[2:].strip("\"'")
    name, space, rest = words.partition(" ")
    if space and not (rest.startswith("(") and rest.endswith(")")):
        return "", ""
    return name, rest[1:-1]
