"""Locks on files: who uses a data directory, and who may stop what runs there.

The kernel lets go of a lock when its process ends, however it ends, so no lock outlives its holder.
"""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

STEP_S = 0.05


class FileLock:
    """One holder's lock on one file; the file is made when missing and never removed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    def shared(self, wait_s: float = 0.0) -> bool:
        """Take the lock beside other sharers, trying for `wait_s` seconds. True when it is held."""
        return self._take(fcntl.LOCK_SH, wait_s)

    def exclusive(self, wait_s: float = 0.0) -> bool:
        """Take the lock alone, trying for `wait_s` seconds. True when it is held."""
        return self._take(fcntl.LOCK_EX, wait_s)

    def taken(self) -> bool:
        """Whether anyone holds the lock alone. Never makes the file."""
        return self._refuses(fcntl.LOCK_SH)

    def used(self) -> bool:
        """Whether anyone holds the lock shared. Never makes the file."""
        return self._refuses(fcntl.LOCK_EX) and not self._refuses(fcntl.LOCK_SH)

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._fd is not None

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What a child has to inherit so that the lock is held until it ends too."""
        return () if self._fd is None else (self._fd,)

    def release(self) -> None:
        """Let go; no error when nothing is held."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def write(self, text: str) -> None:
        """Leave a note for those who find the lock taken; only its exclusive holder writes."""
        self.path.write_text(text, encoding="utf-8")

    def note(self) -> str:
        """What the last exclusive holder wrote; empty when there is nothing."""
        try:
            return self.path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def _refuses(self, how: int) -> bool:
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(fd, how | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(fd)
        return False

    def _take(self, how: int, wait_s: float) -> bool:
        deadline = time.monotonic() + wait_s
        while True:
            if self._try(how):
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(STEP_S)

    def _try(self, how: int) -> bool:
        fresh = self._fd is None
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600) if self._fd is None else self._fd
        try:
            fcntl.flock(fd, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if fresh:
                os.close(fd)
            return False
        self._fd = fd
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
