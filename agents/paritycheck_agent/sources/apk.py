"""What apk installed: its database of blocks, a letter and a colon before each value (apk-package(5))."""

from __future__ import annotations

import os

KIND = "apk"
_PLACES = ("lib/apk/db/installed", "usr/lib/apk/db/installed")


def files(base: str) -> list[str]:
    """Return the file that tells what is installed, none where this is no system of apk."""
    paths = (os.path.join(base, place) for place in _PLACES)
    return [path for path in paths if os.path.isfile(path)][:1]


def parse(texts: list[str], _base: str) -> list[list[str]]:
    """Return [name, version] of each package."""
    rows = []
    for text in texts:
        for block in text.split("\n\n"):
            fields = {row[:2]: row[2:].strip() for row in block.split("\n") if row[:2] in {"P:", "V:"}}
            if fields.get("P:") and fields.get("V:"):
                rows.append([fields["P:"], fields["V:"]])
    return rows
