"""Operating system, C library, architecture, timezone and locale, from files and the process; nothing is started."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Found = tuple[str, str]  # kind and value, "" where not known

_FILE_BYTES = 4 * 1024 * 1024
_ZONE_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/,.:<>")
_LOCALE_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-@.")
_WORD_CHARS = 64
_ARCHITECTURES = {"amd64": "x86_64", "x64": "x86_64", "arm64": "aarch64", "i386": "i686"}
_UTC = frozenset({"UTC", "UCT", "Zulu", "Universal", "Etc/UTC", "Etc/UCT", "Etc/Zulu", "Etc/Universal"})


def operating_system(base: str = "/") -> Found:
    """Return (debian, 12) and the like; a system without versions has none."""
    for path in ("etc/os-release", "usr/lib/os-release"):
        said = _assignments(_read(base, path))
        if said.get("ID"):
            return said["ID"].lower(), said.get("VERSION_ID", "")
    plist = _read(base, "System/Library/CoreServices/SystemVersion.plist")
    if plist:
        rest = plist.partition("<key>ProductVersion</key>")[2]
        return "macos", rest.partition("<string>")[2].partition("</string>")[0].strip()
    if sys.platform == "win32":
        version = sys.getwindowsversion()
        return "windows", f"{version.major}.{version.minor}.{version.build}"
    return "", ""


def c_library(base: str = "/") -> Found:
    """Return (glibc, 2.36) or (musl, 1.2.5); nothing where there is neither."""
    musl = [name for name in _names(base, "lib") if name.startswith("ld-musl-")]
    if musl:
        return "musl", _apk_version(_read(base, "lib/apk/db/installed"), "musl")
    try:
        name, _blank, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (AttributeError, ValueError, OSError):
        return "", ""
    return (name, version) if name == "glibc" else ("", "")


def _apk_version(database: str, package: str) -> str:
    """Return the version of a package in Alpine's database, without the release of the packaging."""
    for block in database.split("\n\n"):
        rows = block.split("\n")
        if f"P:{package}" in rows:
            return next((row[2:].partition("-r")[0] for row in rows if row.startswith("V:")), "")
    return ""


def architecture() -> str:
    """Return the machine's architecture under one name each: x86_64, aarch64, ..."""
    uname = getattr(os, "uname", None)
    machine = uname().machine if uname else os.environ.get("PROCESSOR_ARCHITECTURE", "")
    return _ARCHITECTURES.get(machine.lower(), machine.lower())


def timezone(environ: Mapping[str, str], base: str = "/") -> str:
    """Return the name of the timezone: TZ, else what /etc/localtime links to, else /etc/timezone, else UTC."""
    named = environ.get("TZ", "").strip().removeprefix(":")
    name = named or _linked_zone(base) or _read(base, "etc/timezone").strip()
    if not name and not os.path.exists(os.path.join(base, "etc/localtime")):
        name = "UTC"
    name = name.partition("zoneinfo/")[2] or name
    if name in _UTC:
        return "UTC"
    return name if len(name) <= _WORD_CHARS and _ZONE_CHARS.issuperset(name) else ""


def _linked_zone(base: str) -> str:
    try:
        target = os.readlink(os.path.join(base, "etc/localtime"))
    except OSError:
        return ""
    return target.partition("zoneinfo/")[2]


def locale(environ: Mapping[str, str]) -> str:
    """Return the locale of the process, its encoding spelled one way: LC_ALL, LC_CTYPE, LANG, else C."""
    name = next((environ[key] for key in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(key)), "C")
    if name in {"C", "POSIX"}:
        return "C"
    place, dot, encoding = name.partition(".")
    if dot and encoding.lower().replace("-", "") == "utf8":
        name = f"{place}.UTF-8"
    return name if len(name) <= _WORD_CHARS and _LOCALE_CHARS.issuperset(name) else ""


def _assignments(text: str) -> dict[str, str]:
    pairs = (row.partition("=") for row in text.split("\n") if "=" in row and not row.startswith("#"))
    return {key.strip(): value.strip().strip("\"'") for key, _equals, value in pairs}


def _names(base: str, folder: str) -> list[str]:
    try:
        return os.listdir(os.path.join(base, folder))
    except OSError:
        return []


def _read(base: str, path: str) -> str:
    try:
        with open(os.path.join(base, path), "rb") as stream:
            return stream.read(_FILE_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
