"""Reports that could not be sent: kept whole, bounded, and sent in order by the next run.

A file is the sha256 of its second line, a newline, and one line of JSON: {"report", "bodies", "policy"}. It is
written beside its place, synced and renamed, so that a kill leaves the old state or the new.
"""

from __future__ import annotations

import hashlib
import json
import os
import time

from paritycheck_agent.wire.reports import state_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MOST_REPORTS = 500
MOST_BYTES = 50 * 1024 * 1024
MOST_AGE_S = 7 * 86_400
_REJECTED_KEPT = 20
_SUFFIX = ".report"


class Entry:
    """One report with what it needs: bodies by digest and the policy's text."""

    __slots__ = ("bodies", "policy", "report")

    def __init__(self, report: dict[str, Any], bodies: Mapping[str, bytes], policy: bytes | None) -> None:
        self.report = report
        self.bodies = dict(bodies)
        self.policy = policy


class Spool:
    """The directory `spool` and its neighbour `rejected`."""

    __slots__ = ("directory", "dropped", "rejected")

    def __init__(self, state: str) -> None:
        self.directory = os.path.join(state, "spool")
        self.rejected = os.path.join(state, "rejected")
        self.dropped = 0

    def waiting(self) -> list[str]:
        """Return the files that wait, oldest first; those older than a week are dropped and counted."""
        names = self._names()
        oldest = (time.time() - MOST_AGE_S) * 1000
        while names and int(names[0].split(".")[0]) < oldest:
            self._drop(names.pop(0))
        return [os.path.join(self.directory, name) for name in names]

    def _names(self) -> list[str]:
        try:
            found = os.listdir(self.directory)
        except OSError:
            return []
        return sorted(name for name in found if name.endswith(_SUFFIX) and name.split(".")[0].isdigit())

    def read(self, path: str) -> Entry | None:
        """Return what a file holds; one that is damaged goes to `rejected` and gives None."""
        try:
            return _decoded(path)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self.reject(path)
            return None

    def keep(self, entry: Entry) -> bool:
        """Keep a report as the newest; the oldest give way. False where not even this one could be written."""
        line = _encoded(entry)
        path = os.path.join(self.directory, f"{entry.report['seq']:020}{_SUFFIX}")
        same = self._same_as_newest(entry)
        self._make_room(len(line))
        while not self._write(path, hashlib.sha256(line).hexdigest().encode() + b"\n" + line):
            names = self._names()
            if not names:
                self.dropped += 1
                return False
            self._drop(names[0])
        if same and same != path:
            _remove(same)
        return True

    def _same_as_newest(self, entry: Entry) -> str:
        """Return the newest file when it says the same: of an unchanged state only the last report is worth keeping."""
        names = self._names()
        newest = os.path.join(self.directory, names[-1]) if names else ""
        kept = self.read(newest) if newest else None
        return newest if kept is not None and state_of(kept.report) == state_of(entry.report) else ""

    def _make_room(self, size: int) -> None:
        names = self._names()
        sizes = {name: _size(os.path.join(self.directory, name)) for name in names}
        while names and (len(names) >= MOST_REPORTS or sum(sizes.values()) + size > MOST_BYTES):
            sizes.pop(names[0])
            self._drop(names.pop(0))

    def _write(self, path: str, data: bytes) -> bool:
        temporary = f"{path}.{os.getpid()}.tmp"
        try:
            os.makedirs(self.directory, 0o700, exist_ok=True)
            with open(temporary, "wb", opener=_private) as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, path)
            _sync_directory(self.directory)
        except OSError:
            _remove(temporary)
            return False
        return True

    def _drop(self, name: str) -> None:
        _remove(os.path.join(self.directory, name))
        self.dropped += 1

    def done(self, path: str) -> None:
        """Forget a report that was taken."""
        _remove(path)

    def reject(self, path: str) -> None:
        """Put a file aside that will never be taken; the last twenty stay for a person to look at."""
        try:
            os.makedirs(self.rejected, 0o700, exist_ok=True)
            os.replace(path, os.path.join(self.rejected, os.path.basename(path)))
            for name in sorted(os.listdir(self.rejected))[:-_REJECTED_KEPT]:
                _remove(os.path.join(self.rejected, name))
        except OSError:
            _remove(path)


def _encoded(entry: Entry) -> bytes:
    policy = None if entry.policy is None else entry.policy.decode()
    bodies = {key: body.decode() for key, body in entry.bodies.items()}
    kept = {"report": entry.report, "bodies": bodies, "policy": policy}
    return json.dumps(kept, separators=(",", ":")).encode()


def _decoded(path: str) -> Entry:
    with open(path, "rb") as stream:
        said, _newline, line = stream.read().partition(b"\n")
    if said.decode() != hashlib.sha256(line).hexdigest():
        raise ValueError(path)
    kept = json.loads(line)
    bodies = {key: text.encode() for key, text in kept["bodies"].items()}
    return Entry(dict(kept["report"]), bodies, None if kept["policy"] is None else kept["policy"].encode())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_directory(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return
