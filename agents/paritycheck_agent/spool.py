"""Reports that could not be sent: kept whole, bounded, and sent in order by the next run.

A file is the sha256 of its second line, a newline, and one line of JSON: {"report", "bodies", "policy"}. It is
written beside its place, synced and renamed, so that a kill leaves the old state or the new.
"""

from __future__ import annotations

import errno
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
_REASON_CHARS = 300
_REASONS_BYTES = 64 * 1024
_SUFFIX = ".report"
_UNFINISHED = ".tmp"
# Only a full disk is helped by dropping what is older; where nothing may be written nothing may be given up either.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Entry:
    """One report with what it needs: bodies by digest and the policy's text."""

    __slots__ = ("bodies", "policy", "report")

    def __init__(self, report: dict[str, Any], bodies: Mapping[str, bytes], policy: bytes | None) -> None:
        self.report = report
        self.bodies = dict(bodies)
        self.policy = policy


class Spool:
    """The directory `spool`, its neighbour `rejected`, and in `rejected.json` why each file went there."""

    __slots__ = ("directory", "dropped", "reasons", "rejected")

    def __init__(self, state: str) -> None:
        self.directory = os.path.join(state, "spool")
        self.rejected = os.path.join(state, "rejected")
        self.reasons = os.path.join(state, "rejected.json")
        self.dropped = 0

    def waiting(self) -> list[str]:
        """Return the files that wait, oldest first; those older than a week are dropped and counted."""
        names = self.names()
        oldest = (time.time() - MOST_AGE_S) * 1000
        while names and int(names[0].split(".")[0]) < oldest:
            self._drop(names.pop(0))
        return [os.path.join(self.directory, name) for name in names]

    def names(self) -> list[str]:
        """Return the names of the files that wait, oldest first; changes nothing."""
        try:
            found = os.listdir(self.directory)
        except OSError:
            return []
        return sorted(name for name in found if name.endswith(_SUFFIX) and name.split(".")[0].isdecimal())

    def read(self, path: str) -> Entry | None:
        """Return what a file holds; one that is damaged goes to `rejected` and gives None."""
        try:
            return _decoded(path)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self.reject(path, "damaged: it is not what was written")
            return None

    def keep(self, entry: Entry) -> bool:
        """Keep a report as the newest; the oldest give way. False where not even this one could be written."""
        line = _encoded(entry)
        path = os.path.join(self.directory, f"{entry.report['seq']:020}{_SUFFIX}")
        same = self._same_as_newest(entry)
        self._sweep()
        self._make_room(len(line))
        data = hashlib.sha256(line).hexdigest().encode() + b"\n" + line
        failed = self._write(path, data)
        while failed:
            names = self.names()
            if failed not in _FULL or not names or not self._drop(names[0]):
                self.dropped += 1
                return False
            failed = self._write(path, data)
        if same and same != path:
            _remove(same)
        return True

    def _same_as_newest(self, entry: Entry) -> str:
        """Return the newest file when it says the same: of an unchanged state only the last report is worth keeping."""
        names = self.names()
        newest = os.path.join(self.directory, names[-1]) if names else ""
        kept = self.read(newest) if newest else None
        return newest if kept is not None and state_of(kept.report) == state_of(entry.report) else ""

    def lost(self) -> int:
        """Return how many reports were dropped since this was asked last."""
        dropped, self.dropped = self.dropped, 0
        return dropped

    def _sweep(self) -> None:
        """Remove what a killed run left half written: the lock of the state directory says that nobody writes now."""
        try:
            found = os.listdir(self.directory)
        except OSError:
            return
        for name in found:
            if name.endswith(_UNFINISHED):
                _remove(os.path.join(self.directory, name))

    def _make_room(self, size: int) -> None:
        names = self.names()
        sizes = {name: _size(os.path.join(self.directory, name)) for name in names}
        while names and (len(names) >= MOST_REPORTS or sum(sizes.values()) + size > MOST_BYTES):
            sizes.pop(names[0])
            self._drop(names.pop(0))

    def _write(self, path: str, data: bytes) -> int:
        """Return 0, or the number of the error."""
        temporary = f"{path}.{os.getpid()}{_UNFINISHED}"
        try:
            os.makedirs(self.directory, 0o700, exist_ok=True)
            with open(temporary, "wb", opener=_private) as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, path)
            _sync_directory(self.directory)
        except OSError as error:
            _remove(temporary)
            return error.errno or errno.EIO
        return 0

    def _drop(self, name: str) -> bool:
        """Return whether a file is gone, and count it."""
        gone = _remove(os.path.join(self.directory, name))
        self.dropped += gone
        return gone

    def done(self, path: str) -> None:
        """Forget a report that was taken."""
        _remove(path)

    def reject(self, path: str, why: str = "") -> None:
        """Put a file aside that will never be taken; the last twenty stay, with why, for a person to look at."""
        name = os.path.basename(path)
        try:
            os.makedirs(self.rejected, 0o700, exist_ok=True)
            os.replace(path, os.path.join(self.rejected, name))
            names = sorted(os.listdir(self.rejected))
            for old in names[:-_REJECTED_KEPT]:
                _remove(os.path.join(self.rejected, old))
            told = {**self.why(), name: why[:_REASON_CHARS]}
            self._explain({kept: told[kept] for kept in names[-_REJECTED_KEPT:] if kept in told})
        except OSError:
            _remove(path)

    def why(self) -> dict[str, str]:
        """Return why each file of `rejected` was put aside, the oldest first; empty text where that is not known."""
        try:
            names = sorted(os.listdir(self.rejected))
        except OSError:
            return {}
        try:
            with open(self.reasons, encoding="utf-8") as stream:
                kept = json.loads(stream.read(_REASONS_BYTES))
        except (OSError, ValueError, RecursionError):
            kept = {}
        return {name: str(kept.get(name, "")) if isinstance(kept, dict) else "" for name in names}

    def _explain(self, reasons: Mapping[str, str]) -> None:
        temporary = f"{self.reasons}.{os.getpid()}"
        with open(temporary, "w", encoding="utf-8", opener=_private) as stream:
            json.dump(reasons, stream)
        os.replace(temporary, self.reasons)


def _encoded(entry: Entry) -> bytes:
    policy = None if entry.policy is None else entry.policy.decode()
    bodies = {key: body.decode() for key, body in entry.bodies.items()}
    kept = {"report": entry.report, "bodies": bodies, "policy": policy}
    return json.dumps(kept, separators=(",", ":")).encode()


def _decoded(path: str) -> Entry:
    with open(path, "rb") as stream:
        said, _newline, line = stream.read(MOST_BYTES).partition(b"\n")
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


def _remove(path: str) -> bool:
    try:
        os.unlink(path)
    except OSError:
        return False
    return True
