"""A small disk that can be filled to its last byte."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from paritycheck.local.layout import Account


class Disk:
    """A file system of so many MiB in memory, at `place`. Mounting takes root."""

    def __init__(self, mib: int, owner: Account | None = None) -> None:
        self._options = f"size={mib}m,mode=700" + (f",uid={owner.uid},gid={owner.gid}" if owner else "")
        # Where PostgreSQL's user may go, too.
        self.place = Path(tempfile.mkdtemp(prefix="paritycheck-disk-", dir="/var/tmp"))
        self._ballast = self.place / "ballast"

    def __enter__(self) -> Self:
        subprocess.run(["mount", "-t", "tmpfs", "-o", self._options, "tmpfs", str(self.place)], check=True)
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "-l", str(self.place)], check=True)
        self.place.rmdir()

    def fill(self) -> None:
        """Leave no room."""
        with suppress(OSError), self._ballast.open("ab", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def free(self) -> None:
        """Give the room back."""
        self._ballast.unlink()

    @property
    def room(self) -> int:
        """Bytes that are left."""
        found = os.statvfs(self.place)
        return found.f_bavail * found.f_frsize
