"""What the agent remembers between runs, for one server and token: the last `seq` and what was accepted."""

from __future__ import annotations

import hashlib
import json
import os
import time

from paritycheck_agent.wire import limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_LOCK_WAIT_S = 30.0
_LOCK_STEP_S = 0.1


class Busy(Exception):  # noqa: N818 - a state, read as "raise Busy"
    """Another run of the same agent holds the state directory."""


def directory(state_home: str, url: str, token: str) -> str:
    """Return the directory of one server and token; the token cannot be read back from its name."""
    name = hashlib.sha256(f"{url}\n{token}".encode()).hexdigest()[:16]
    return os.path.join(state_home, name)


class Memory:
    """The file `state.json`. A directory that cannot be written to is remembered for this run only."""

    __slots__ = ("_lock", "accepted", "directory", "dropped", "interval_s", "seq", "writable")

    def __init__(self, path: str) -> None:
        self.directory = path
        self.seq = 0
        self.accepted: list[str] = []
        self.dropped = 0
        self.interval_s = 0
        self._lock: Any = None
        self.writable = _make(path)
        self._read()

    def _read(self) -> None:
        try:
            with open(self._path, encoding="utf-8") as stream:
                kept = json.load(stream)
            self.seq = int(kept["seq"])
            self.accepted = [str(digest) for digest in kept["accepted"]]
            self.dropped = int(kept["dropped"])
            self.interval_s = int(kept["interval_s"])
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            # A torn or foreign file costs one round trip: `seq` follows the clock anyway.
            return

    @property
    def _path(self) -> str:
        return os.path.join(self.directory, "state.json")

    def next_seq(self) -> int:
        """Return max(last + 1, now in ms) and remember it at once: a number is never used for two reports."""
        now = time.time_ns() // 1_000_000
        self.seq = max(self.seq + 1, now) if self.seq < limits.INTEGER_MAX else now
        self.save()
        return self.seq

    def accept(self, digests: Iterable[str]) -> None:
        """Remember what the server has; nothing dropped from the spool is left to tell."""
        self.accepted = sorted(digests)
        self.dropped = 0
        self.save()

    def save(self) -> None:
        """Write the file anew, or not at all."""
        if not self.writable:
            return
        kept = {"seq": self.seq, "accepted": self.accepted, "dropped": self.dropped, "interval_s": self.interval_s}
        temporary = f"{self._path}.{os.getpid()}"
        try:
            with open(temporary, "w", encoding="utf-8") as stream:
                json.dump(kept, stream)
            os.replace(temporary, self._path)
        except OSError:
            self.writable = False

    def lock(self) -> None:
        """Wait for the directory's lock, 30 s at most; raise Busy. It ends with the process."""
        if not self.writable:
            return
        try:
            import fcntl
        except ImportError:
            return
        self._lock = open(os.path.join(self.directory, "lock"), "a", encoding="ascii")  # noqa: SIM115 - held open
        until = time.monotonic() + _LOCK_WAIT_S
        while not _locked(fcntl, self._lock):
            if time.monotonic() > until:
                self.release()
                raise Busy("another run of parity is under way")
            time.sleep(_LOCK_STEP_S)
        self._read()

    def release(self) -> None:
        """Let the next run in."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _locked(fcntl: Any, stream: Any) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _make(path: str) -> bool:
    try:
        os.makedirs(path, 0o700, exist_ok=True)
    except OSError:
        return False
    return os.access(path, os.W_OK | os.X_OK)
