"""`parity.pyz`: the agent as one file that any Python from 3.9 on runs, with nothing to install.

A zip application (PEP 441): the package, and the pure sources of `tomli`, which Python 3.9 and 3.10 read TOML with.
Equal sources give equal bytes: names are sorted, times fixed, modes set here. The server hands out the very agent that
it was installed with, so an agent from here is never newer or older than what it reports to.
"""

import hashlib
import importlib.metadata
import io
import stat
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import paritycheck_agent

PACKAGE = Path(paritycheck_agent.__file__).resolve().parent
HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
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


@dataclass(frozen=True, slots=True)
class Given:
    """A file that the server hands out to everybody: its bytes, what they are, and their SHA-256 in hex."""

    body: bytes
    media_type: str
    sha256: str


def members() -> dict[str, bytes]:
    """Return what goes in, by its name in the archive."""
    found = {"__main__.py": _MAIN, "LICENSE": _licence(), **_files(PACKAGE, "paritycheck_agent")}
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


def _licence() -> bytes:
    """Of a checkout at its top; of an installed server among its metadata."""
    own = REPOSITORY / "LICENSE"
    if own.is_file():
        return own.read_bytes()
    installed = importlib.metadata.distribution("paritycheck")
    found = next(file for file in installed.files or () if file.name == "LICENSE")
    return Path(str(installed.locate_file(found))).read_bytes()


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


@cache
def given(name: str) -> Given:
    """`parity.pyz`, its checksum as `sha256sum -c` reads it, or systemd's unit; made once in each process."""
    if name == "parity.pyz":
        return _given(archive(), "application/octet-stream")
    if name == "parity.pyz.sha256":
        return _given(f"{given('parity.pyz').sha256}  parity.pyz\n".encode(), "text/plain; charset=utf-8")
    return _given(_unit(), "text/plain; charset=utf-8")


def _given(body: bytes, media_type: str) -> Given:
    return Given(body, media_type, hashlib.sha256(body).hexdigest())


def _unit() -> bytes:
    checkout = REPOSITORY / "compose" / "systemd" / "parity.service"
    return (checkout if checkout.is_file() else HERE / "parity.service").read_bytes()
