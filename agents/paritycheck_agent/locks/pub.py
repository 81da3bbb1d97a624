"""pubspec.lock of Dart and Flutter: https://dart.dev/tools/pub/glossary#lockfile.

`dependency` says who asks: `direct main`, `direct dev`, `direct overridden` or `transitive`. What a package for
development brings cannot be told from the rest. Only the lines that pub writes are read, no YAML at large.
"""

from __future__ import annotations

from paritycheck_agent.documents import decoded
from paritycheck_agent.packages import DEVELOPMENT, Lock, Package
from paritycheck_agent.wire.purl import purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

FILENAMES = ("pubspec.lock",)
ECOSYSTEM = "pub"

_PACKAGES, _LAST = "packages", ("sdks", "sdk")
_NAME, _MEMBER = 2, 4
_ORIGINS = {"hosted": "registry", "git": "vcs", "path": "local", "sdk": "sdk"}


def read(data: bytes, path: str, sibling: Callable[[str], bytes | None]) -> Lock:  # noqa: ARG001 - the form of all readers
    """Return what a pubspec.lock says. A line that is none of it is a warning, and the lock is not whole."""
    lock = Lock(path)
    written = decoded(data, lock)
    if written is None:
        return lock
    pubspec = _Pubspec(lock)
    for number, row in enumerate(written.split("\n"), 1):
        line = row.rstrip()
        if line and not line.lstrip().startswith("#") and not pubspec.take(number, line) and lock.whole:
            lock.incomplete(f"line {number} is not understood")
    pubspec.finish()
    return lock


class _Pubspec:
    """The packages of a lock, line by line."""

    def __init__(self, lock: Lock) -> None:
        self.lock = lock
        self.section = ""
        self.ended = False
        self.name = ""
        self.line = 0
        self.members: dict[str, str] = {}

    def take(self, number: int, line: str) -> bool:
        """Take one line; return whether it is understood."""
        depth = len(line) - len(line.lstrip(" "))
        key, colon, value = line.strip().partition(":")
        if not colon or (value and not value.startswith(" ")):
            return False
        if not depth:
            return self._begin(key, value)
        if self.section != _PACKAGES:
            return bool(self.section)
        if depth == _NAME:
            self._tell()
            self.name, self.line = _plain(key), number
            return bool(self.name) and not value.strip()
        if depth == _MEMBER and self.name:
            known = key not in self.members
            self.members[key] = _plain(value)
            return known
        return depth > _MEMBER and bool(self.members)

    def _begin(self, key: str, value: str) -> bool:
        self._tell()
        self.section = key
        self.ended = self.ended or key in _LAST
        return key in _LAST or (key == _PACKAGES and value.strip() in {"", "{}"})

    def _tell(self) -> None:
        """Tell the package that ends here. What comes with the SDK has no version of its own."""
        name, members = self.name, self.members
        self.name, self.members = "", {}
        origin = _ORIGINS.get(members.get("source", ""))
        if not name or origin == "sdk":
            return
        if origin == "local":
            self.lock.local.add(purl(ECOSYSTEM, name))
        elif origin is None or not members.get("version"):
            self.lock.incomplete("a package has no source or no version")
        else:
            asked = members.get("dependency", "")
            self.lock.add(
                Package(
                    purl(ECOSYSTEM, name),
                    members["version"],
                    self.lock.source(self.line),
                    direct=asked.startswith("direct") if asked else None,
                    groups=(DEVELOPMENT,) if asked == "direct dev" else (),
                    origin=origin,
                )
            )

    def finish(self) -> None:
        self._tell()
        if not self.ended:
            self.lock.incomplete("has no section sdks, which pub writes last: it may be cut off")


def _plain(value: str) -> str:
    """Return a scalar without the quotes around it."""
    value = value.strip()
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value
