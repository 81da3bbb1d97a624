"""SQLite: what the header of its file says ("Database File Format", 1.3), read as a file; the database is not opened.

The library belongs to the application. Its version is told where the agent runs in the application's own
interpreter; else the header names the one that wrote last, which is an inference.
"""

from __future__ import annotations

import os
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.connection.target import Target

KINDS = ("sqlite",)
HEADER_BYTES = 100
MAGIC = b"SQLite format 3\0"
ENCODINGS = {1: "UTF-8", 2: "UTF-16le", 3: "UTF-16be"}
JOURNALS = {b"\1\1": "rollback", b"\2\2": "wal"}
PAGE_MAX = 65536


def probe(target: Target) -> dict[str, Any]:
    """The members of the service's fact: `kind`, `value` or `unknown`, `via`, `settings`."""
    found: dict[str, Any] = {"kind": "sqlite", "via": "scheme"}
    header, reason = _header(target)
    if header:
        found.update(via="handshake", settings=_settings(header))
    own = _own_version(target.folder)
    written = _written(header)
    if own:
        found.update(value=own, via="handshake")
    elif written:
        found.update(value=written, via="inferred")
    else:
        found["unknown"] = reason
    return found


def _header(target: Target) -> tuple[bytes, str]:
    """The header, or why there is none."""
    path = target.file
    if not path:
        return b"", "not-collected"
    try:
        with open(path, "rb", opener=_without_waiting) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                return b"", "unsupported-format"
            header = stream.read(HEADER_BYTES)
    except PermissionError:
        return b"", "no-permission"
    except (OSError, ValueError):
        return b"", "not-collected"
    if not header:
        return b"", "not-collected"  # made, and nothing written yet
    sound = len(header) == HEADER_BYTES and header.startswith(MAGIC)
    return (header, "redacted") if sound else (b"", "unsupported-format")


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _settings(header: bytes) -> dict[str, str]:
    page = int.from_bytes(header[16:18], "big")
    settings = {"page_size": str(PAGE_MAX if page == 1 else page)}
    settings["user_version"] = str(int.from_bytes(header[60:64], "big", signed=True))
    settings["encoding"] = ENCODINGS.get(int.from_bytes(header[56:60], "big"), "")
    settings["journal_mode"] = JOURNALS.get(header[18:20], "")
    return {name: value for name, value in settings.items() if value}


def _written(header: bytes) -> str:
    """The version of the library that wrote last: 3040001 is 3.40.1."""
    number = int.from_bytes(header[96:100], "big")
    major, minor, patch = number // 1_000_000, number // 1000 % 1000, number % 1000
    return f"{major}.{minor}.{patch}" if major == 3 else ""  # noqa: PLR2004 -- the only one of this format


def _own_version(folder: str) -> str:
    """The library of this interpreter, if that is the one of the checkout."""
    if not folder or not os.path.realpath(sys.prefix).startswith(os.path.join(os.path.realpath(folder), "")):
        return ""
    try:
        import sqlite3
    except ImportError:
        return ""
    return sqlite3.sqlite_version
