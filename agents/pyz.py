"""Builds `parity.pyz`: the agent as one file that any Python from 3.9 on runs, with nothing to install.

    python agents/pyz.py dist/parity.pyz

A zip application (PEP 441): the package, and the pure sources of `tomli`, which Python 3.9 and 3.10 read TOML with.
Equal sources give equal bytes: names are sorted, times fixed, modes set here.
"""

from __future__ import annotations

import importlib.metadata
import io
import os
import stat
import sys
import zipfile
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent / "paritycheck_agent"
LICENSE = Path(__file__).resolve().parents[1] / "LICENSE"
# Before the archive, in one stream with it: so the places that the archive tells are right.
_SHEBANG = b"#!/usr/bin/env python3\n"
_LEFT_OUT = (".pyc", ".so", ".pyd", ".typed")
# The first moment that a zip file can tell.
_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
# Also read by a Python that is too old for the rest, so that it can say so.
_MAIN = b"""\
import sys

if sys.version_info < (3, 9):
    sys.exit("parity needs Python 3.9 or newer, this is " + sys.version.split()[0])
from paritycheck_agent.cli import command

command()
"""


def members() -> dict[str, bytes]:
    """Return what goes in, by its name in the archive."""
    found = {"__main__.py": _MAIN, "LICENSE": LICENSE.read_bytes(), **_files(PACKAGE, "paritycheck_agent")}
    tomli = importlib.metadata.distribution("tomli")
    for file in tomli.files or ():
        source = Path(str(tomli.locate_file(file)))
        if file.parts[0] == "tomli" and not source.name.endswith(_LEFT_OUT):
            found[file.as_posix()] = source.read_bytes()
        elif source.name == "LICENSE":
            found["tomli/LICENSE"] = source.read_bytes()
    return found


def _files(folder: Path, name: str) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(_LEFT_OUT)]
    return {f"{name}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in paths}


def archive() -> bytes:
    """Return the bytes of the file."""
    buffer = io.BytesIO()
    buffer.write(_SHEBANG)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for name, data in sorted(members().items()):
            info = zipfile.ZipInfo(name, _TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = _UNIX
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            made.writestr(info, data)
    return buffer.getvalue()


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
