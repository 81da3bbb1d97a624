"""The fact of a package of which both is known: what is installed, and what the locks say."""

from __future__ import annotations

from paritycheck_agent.packages import Package, members_of
from paritycheck_agent.wire import limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Made with every virtual environment: nobody asked for them, unless a lock names them.
_SEEDS = frozenset({"pkg:pypi/pip", "pkg:pypi/setuptools", "pkg:pypi/wheel"})
# Where one version alone can be installed, several that are locked are for one platform each.
_ONE = "pkg:pypi/"
_SHA1_HEX = 40


def fact(name: str, places: list[Package], own: list[Package], *, whole: bool) -> dict[str, Any] | None:
    """Return the fact of a package by its `places` in locks and its `own` in what is installed; None for no fact.

    `whole`: the locks of its ecosystem were read whole, so that what they do not name is not locked.
    """
    if not own:
        return _missing(name, places)
    if not places and whole and name in _SEEDS:
        return None
    if len(own) == len(places) == 1 and own[0].version == places[0].version and own[0].origin == places[0].origin:
        # Nearly every package, and there are a thousand of them.
        sources = [own[0].source, places[0].source]
        return {"name": name, "value": own[0].version, **members_of(places), "sources": sources}
    versions = sorted({package.version for package in own if package.version is not None})
    told: dict[str, Any] = {"name": name, "value": versions[0] if len(versions) == 1 else versions}
    told.update(members_of(places or own))
    origin = _origin(places, own)
    told.pop("origin", None)
    if origin != "registry":
        told["origin"] = origin
    locked = _locked(name, set(versions), places, whole=whole)
    if locked is not None:
        told["locked"] = locked
    told["sources"] = _sources([*own, *places])
    return told


def _sources(packages: list[Package]) -> list[str]:
    return list(dict.fromkeys(package.source for package in packages))[: limits.SOURCES]


def _origin(places: list[Package], own: list[Package]) -> str:
    """Return where it came from: what is installed knows, or the place of the lock that has the same version."""
    known = [package.origin for package in own if package.origin != "registry"]
    if known or own[0].name.startswith(_ONE):
        return min(known, default="registry")
    versions = {package.version for package in own}
    return min((place.origin for place in places if place.version in versions), default="registry")


def _locked(name: str, versions: set[str], places: list[Package], *, whole: bool) -> str | None:
    """Return the version that is locked where another is installed, "" where none is; None where they agree."""
    if not places:
        return "" if whole else None
    if not name.startswith(_ONE) and not all(_compares(place) for place in places):
        return None
    locked = {place.version for place in places if place.version is not None}
    if locked and not versions <= locked:
        return _highest(locked - versions or locked)
    if name.startswith(_ONE):
        return None
    missing = _needed(places) - versions
    return _highest(missing) if missing else None


def _compares(place: Package) -> bool:
    """Whether a lock states a version that can be found installed: a commit or nothing at all cannot."""
    commit = place.origin == "vcs" and len(place.version or "") == _SHA1_HEX
    return place.version is not None and not commit


def _missing(name: str, places: list[Package]) -> dict[str, Any] | None:
    """Return the fact of a package that is locked and not installed.

    Production needs it on every platform: absent. A marker or an extra decides, and did not ask for it here:
    unknown(not-asked), for where it decides otherwise is no drift. Development alone needs it: nothing to say.
    """
    if not any(place.ships and place.version is not None for place in places):
        return None
    needed = _needed(places)
    told: dict[str, Any] = {"name": name}
    told.update({"absent": True, "locked": _highest(needed)} if needed else {"unknown": "not-asked"})
    told.update(members_of(places))
    told["sources"] = _sources(places)
    return told


def _needed(places: list[Package]) -> set[str]:
    """Return the versions that production installs on every platform."""
    return {place.version for place in places if place.production and not place.conditional and place.version}


def _highest(versions: set[str]) -> str:
    """Return the highest of several locked versions, by their numbers."""

    def numbers(version: str) -> tuple[list[int], str]:
        return [int(part) for part in version.split(".") if part.isascii() and part.isdigit()], version

    return max(versions, key=numbers)
