"""How far two versions are apart: 0 equal, 1 patch, 2 minor, 3 major, None where they cannot be ordered.

Packages go by their ecosystem's order (`packaging` for PyPI, an own key where `univers` is wrong, `univers` for the
rest, imported when first needed: it takes 0.2 s); services, runtimes and systems by `core/dotted.py`. A package's
version is exact: `5.2` and `5.2.1` are two releases. A service that says `16` is compared at that precision.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from packaging.version import InvalidVersion, Version

from paritycheck.core import composer, dotted, pub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

UNORDERED: Final = 3
"""The distance of two versions that are unequal and cannot be ordered (gaps.md)."""
_CLASSES: Final = {
    "alpm": "ArchLinuxVersion",
    "apk": "AlpineLinuxVersion",
    "cargo": "SemverVersion",
    "cocoapods": "RubygemsVersion",
    "conan": "ConanVersion",
    "deb": "DebianVersion",
    "ebuild": "GentooVersion",
    "gem": "RubygemsVersion",
    "golang": "GolangVersion",
    "hex": "SemverVersion",
    "maven": "MavenVersion",
    "npm": "SemverVersion",
    "nuget": "NugetVersion",
    "rpm": "RpmVersion",
    "swift": "SemverVersion",
}
"""univers' class for each purl type that it orders rightly."""
_OWN: Final[dict[str, Callable[[str], Any]]] = {"composer": composer.key, "pub": pub.key}
"""The key of a version for each type whose order univers has wrong. All other types are compared as dotted numbers."""
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
"""What comes from git without a version has its commit for one. It may begin with a number, and has no order."""
_EPOCHS: Final = frozenset({"alpm", "deb", "rpm"})
_EPOCH: Final = re.compile(r"(\d{1,9}):(.*)", re.ASCII | re.DOTALL)
_STEPS: Final = (dotted.MAJOR, dotted.MINOR, dotted.PATCH)


def scheme_of(package: str) -> str:
    """The scheme of a package's name: `pkg:pypi` of `pkg:pypi/django`."""
    return package.partition("/")[0]


@lru_cache(maxsize=65536)
def gap(scheme: str, left: str, right: str) -> int | None:
    """`scheme` is `pkg:<purl type>` for a package, else the kind of a service or the name of a runtime."""
    if left == right:
        return 0
    if not scheme.startswith("pkg:"):
        return dotted.gap(scheme, left, right)
    ecosystem = scheme[4:]
    if _COMMIT.fullmatch(left) or _COMMIT.fullmatch(right):
        return None
    if ecosystem == "pypi":
        return _pypi_gap(left, right)
    if ecosystem not in _CLASSES and ecosystem not in _OWN:
        return dotted.gap(ecosystem, left, right, exact=True)
    return _package_gap(ecosystem, left, right)


def gap_between(scheme: str, left: tuple[str, ...], right: tuple[str, ...]) -> int | None:
    """The gap of two sets of versions, each of one at least: of their highest members, at least 1 when the sets
    differ.
    """
    if left == right:
        return 0
    if len(left) == len(right) == 1:
        return gap(scheme, left[0], right[0])
    one, other = highest(scheme, left), highest(scheme, right)
    if one is None or other is None:
        return None
    found = gap(scheme, one, other)
    return None if found is None else max(1, found)


def highest(scheme: str, versions: Iterable[str]) -> str | None:
    """The newest of several versions by the scheme's order; None where one cannot be ordered."""
    best: tuple[Any, str] | None = None
    for version in versions:
        key = _key(scheme, version)
        order = None if key is None else -1 if best is None else _order(best[0], key)
        if order is None:
            return None
        best = (key, version) if order < 0 else best
    return best[1] if best is not None else None


def _key(scheme: str, version: str) -> Any:
    if scheme.startswith("pkg:"):
        ecosystem = scheme[4:]
        if _COMMIT.fullmatch(version):
            return None
        if ecosystem == "pypi":
            return _pypi(version)
        if ecosystem in _CLASSES or ecosystem in _OWN:
            return _parsed(ecosystem, version)
    found = dotted.parse(version)
    return None if found is None or found.rest else (found.numbers, found.pre is None, found.pre)


def _pypi(version: str) -> Version | None:
    try:
        return Version(version)
    except InvalidVersion:
        return None


def _pypi_gap(left: str, right: str) -> int | None:
    one, other = _pypi(left), _pypi(right)
    if one is None or other is None:
        return None
    if one == other:
        return 0
    return dotted.MAJOR if one.epoch != other.epoch else _numbers_gap(one.release, other.release)


def _package_gap(ecosystem: str, left: str, right: str) -> int | None:
    one, other = _parsed(ecosystem, left), _parsed(ecosystem, right)
    order = None if one is None or other is None else _order(one, other)
    if not order:
        return order
    epochs = (_epoch(ecosystem, left), _epoch(ecosystem, right))
    if epochs[0][0] != epochs[1][0]:
        return dotted.MAJOR
    releases = (dotted.parse(epochs[0][1]), dotted.parse(epochs[1][1]))
    if releases[0] is None or releases[1] is None:
        return None
    return _numbers_gap(releases[0].numbers, releases[1].numbers)


def _parsed(ecosystem: str, version: str) -> Any:
    """An object that has an order, None where the version cannot be read."""
    if ecosystem in _OWN:
        return _OWN[ecosystem](version)
    try:
        return getattr(import_module("univers.versions"), _CLASSES[ecosystem])(version)
    except Exception:  # noqa: BLE001 (univers raises much on odd input: all of it means that there is no order)
        return None


def _order(one: Any, other: Any) -> int | None:
    """-1, 0 or 1 as the first is older, equal or newer; None where univers cannot tell after all."""
    try:
        return 0 if one == other else -1 if one < other else 1
    except Exception:  # noqa: BLE001 (as above: a half-read version compares with an error)
        return None


def _epoch(ecosystem: str, version: str) -> tuple[int, str]:
    found = _EPOCH.fullmatch(version) if ecosystem in _EPOCHS else None
    return (int(found[1]), found[2]) if found is not None else (0, version)


def _numbers_gap(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """The gap of two unequal versions by their release numbers; a revision, a pre-release, a build is a patch."""
    width = max(len(one), len(other))
    pairs = zip(one + (0,) * (width - len(one)), other + (0,) * (width - len(other)), strict=True)
    at = next((index for index, (a, b) in enumerate(pairs) if a != b), None)
    return _STEPS[at] if at is not None and at < len(_STEPS) else dotted.PATCH
