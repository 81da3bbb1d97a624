"""A clock on the wall that can be set while processes run: libfaketime, which reads its offset from a file."""

from __future__ import annotations

import glob
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LIBRARY = "/usr/lib/*/faketime/libfaketimeMT.so.1"


class Clock:
    """`environment` is for processes that are to go by it. The clock that only goes on is left as it is."""

    def __init__(self, place: Path) -> None:
        found = glob.glob(LIBRARY)  # noqa: PTH207  one pattern of absolute paths
        assert found, "libfaketime is not here. Install it with: apt-get install faketime"
        self._file = place / "clock"
        self.environment = {
            "LD_PRELOAD": found[0],
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }
        self.set("+0")

    def set(self, ahead: str) -> None:
        """How far it is ahead from now on: `+2h`, `-2h`, `+5y`."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{ahead}\n")
        new.rename(self._file)
