"""What a lock file said when it was read last, kept in the state directory: reading it again costs 50 ms of CPU.

A lock changes far less often than it is reported. What is kept counts only while the file and all that was read beside
it have the same bytes; anything odd in it is as good as nothing kept.
"""

from __future__ import annotations

import hashlib
import json
import os

from paritycheck_agent.packages import Lock, Package
from paritycheck_agent.wire.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Sibling = Callable[[str], "bytes | None"]

# Rises when a reader changes what it says of the same bytes.
_EDITION = 2


def read(place: str, data: bytes, path: str, sibling: Sibling, reader: Callable[[bytes, str, Sibling], Lock]) -> Lock:
    """Return what `reader` says of a lock file, from the file `place` where it said so before."""
    key = _digest(f"{VERSION} {_EDITION} {path}\n".encode() + data)
    kept = _load(place, key, path, sibling)
    if kept is not None:
        return kept
    beside: dict[str, str | None] = {}

    def noted(name: str) -> bytes | None:
        found = sibling(name)
        beside[name] = None if found is None else _digest(found)
        return found

    lock = reader(data, path, noted)
    _store(place, {"key": key, "beside": beside, "lock": written(lock)})
    return lock


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _load(place: str, key: str, path: str, sibling: Sibling) -> Lock | None:
    try:
        with open(place, encoding="utf-8") as stream:
            kept = json.load(stream)
        if kept["key"] != key:
            return None
        for name, digest in kept["beside"].items():
            found = sibling(name)
            if (None if found is None else _digest(found)) != digest:
                return None
        return lock_of(path, kept["lock"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def lock_of(path: str, kept: dict[str, Any]) -> Lock:
    """Return the lock that `written` wrote down; raise KeyError, TypeError or ValueError for anything else."""
    lock = Lock(path)
    lock.whole = kept["whole"] is True
    lock.warnings = [str(text) for text in kept["warnings"]]
    lock.local = {str(name) for name in kept["local"]}
    for name, version, source, direct, groups, origin, conditional in kept["packages"]:
        lock.packages.append(
            Package(name, version, source, direct=direct, groups=groups, origin=origin, conditional=conditional)
        )
    return lock


def written(lock: Lock) -> dict[str, Any]:
    """Return all that a lock says, as JSON holds it."""
    packages = [
        (each.name, each.version, each.source, each.direct, sorted(each.groups), each.origin, each.conditional)
        for each in lock.packages
    ]
    return {"whole": lock.whole, "warnings": lock.warnings, "local": sorted(lock.local), "packages": packages}


def _store(place: str, kept: dict[str, Any]) -> None:
    """Keep it; a state directory that may not be written to costs time only."""
    new = f"{place}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(place), 0o700, exist_ok=True)
        with open(new, "w", encoding="utf-8", opener=_private) as stream:
            json.dump(kept, stream)
        os.replace(new, place)
    except (OSError, ValueError):
        return


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
