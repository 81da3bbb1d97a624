"""Explicit lists of conda: `@EXPLICIT`, then the address of each package (conda-lock and `conda list --explicit`)."""

from __future__ import annotations

from paritycheck_agent.packages import Lock, Package, archived
from paritycheck_agent.wire.purl import purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Table = dict[str, Any]

# The names that conda-lock gives; each platform has a list of its own.
FILENAMES = (
    "conda-linux-64.lock", "conda-linux-aarch64.lock", "conda-osx-64.lock", "conda-osx-arm64.lock",
    "conda-win-64.lock",
)  # fmt: skip
ECOSYSTEM = "conda"

_MARK = "@EXPLICIT"
_SUFFIXES = (".conda", ".tar.bz2")
# conda takes the packages of pip for comments; conda-lock installs them.
_PIP = r"#\s*pip\s+([A-Za-z0-9][A-Za-z0-9._-]{0,200})\s*@\s*(\S+)"


def read(data: bytes, path: str, _sibling: Callable[[str], bytes | None]) -> Lock:
    """Return what an explicit list says. Lines that are no address are left out, and the lock is not whole."""
    lock = Lock(path)
    try:
        rows = data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        lock.incomplete("is not UTF-8")
        return lock
    if _MARK not in {row.strip() for row in rows}:
        lock.incomplete("is no explicit list of conda")
        return lock
    odd = []
    for number, row in enumerate(map(str.strip, rows), 1):
        package = _package(row, lock.source(number))
        if package is not None:
            lock.add(package)
        elif row and row != _MARK and (not row.startswith("#") or row.startswith("# pip ")):
            odd.append(number)
    lock.odd_lines(odd)
    return lock


def _package(row: str, source: str) -> Package | None:
    """Return the package of a line: `.../name-version-build.conda#md5`, or `# pip name @ address`."""
    if row.startswith("#"):
        return _of_pip(row, source)
    address = row.partition("#")[0].partition("?")[0]
    suffix = next((end for end in _SUFFIXES if address.endswith(end)), None)
    if suffix is None:
        return None
    parts = address[: -len(suffix)].rpartition("/")[2].rsplit("-", 2)
    if len(parts) != len(("name", "version", "build")) or not all(parts):
        return None
    return Package(purl(ECOSYSTEM, parts[0]), parts[1], source, conditional=True)


def _of_pip(row: str, source: str) -> Package | None:
    import re

    match = re.match(_PIP, row)
    if match is None:
        return None
    version = archived(match.group(2).partition("#")[0])[1]
    return Package(purl("pypi", match.group(1)), version, source, conditional=True)
