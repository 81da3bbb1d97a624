"""Writes `parity.pyz`, the agent as one file, as a server hands it out: `python agents/pyz.py dist/parity.pyz`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from paritycheck.web.agentfile import archive


def main(place: str) -> None:
    """Write the file, executable, whole or not at all."""
    target = Path(place)
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f"{target.name}.{os.getpid()}")
    new.write_bytes(archive())
    new.chmod(0o755)
    new.replace(target)
    sys.stdout.write(f"{target} ({target.stat().st_size // 1024} KiB)\n")


if __name__ == "__main__":
    main(sys.argv[1])
