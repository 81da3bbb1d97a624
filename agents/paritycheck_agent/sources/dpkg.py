"""What dpkg installed (dpkg(1), deb822(5)): its status file, or the folder of pieces that images without dpkg have."""

from __future__ import annotations

import os

KIND = "deb"
_STATUS, _PIECES = "var/lib/dpkg/status", "var/lib/dpkg/status.d"
_INSTALLED = " installed"


def files(base: str) -> list[str]:
    """Return the files that tell what is installed, none where this is no system of dpkg; raise OSError."""
    status = os.path.join(base, _STATUS)
    if os.path.isfile(status):
        return [status]
    folder = os.path.join(base, _PIECES)
    try:
        names = sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [os.path.join(folder, name) for name in names if not name.endswith((".md5sums", ".list", ".preinst"))]


def parse(texts: list[str], _base: str) -> list[list[str]]:
    """Return [name, version] of each package that is installed; one that is removed leaves its settings listed."""
    rows = []
    for text in texts:
        for stanza in text.split("\n\n"):
            fields = dict(row.partition(":")[::2] for row in stanza.split("\n") if row[:1] in {"P", "S", "V"})
            name, version = fields.get("Package", "").strip(), fields.get("Version", "").strip()
            # A piece has no status: what lies there is installed.
            if name and version and fields.get("Status", _INSTALLED).endswith(_INSTALLED):
                rows.append([name, version])
    return rows
