"""A clock on the wall that can be set while processes run: `clock.c`, which reads how far it is ahead from a file."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")


class Clock:
    """`environment` is for processes that are to go by it. The clock that only goes on is left as it is."""

    def __init__(self, place: Path) -> None:
        compiler = shutil.which("cc")
        assert compiler, "cc is not here. Install it with: apt-get install gcc libc6-dev"
        library = place / "clock.so"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"], check=True)
        self._file = place / "clock"
        self._file.touch()
        self.set(0)
        self.environment = {"LD_PRELOAD": str(library), "CHAOS_CLOCK": str(self._file)}

    def set(self, ahead_s: int) -> None:
        """How far it is ahead from now on. In place, as those who read it have it in memory."""
        file = os.open(self._file, os.O_WRONLY)
        os.write(file, ahead_s.to_bytes(8, "little", signed=True))
        os.close(file)
