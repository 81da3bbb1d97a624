"""What each fact weighs in parity (gaps.md), and which dependency counts as direct or as development's alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from paritycheck.core.facts import State

if TYPE_CHECKING:
    from paritycheck.core.facts import Fact

SERVICE: Final = 10.0
RUNTIME: Final = 5.0
MIGRATION: Final = 5.0
DIRECT: Final = 2.0
ATTRIBUTE: Final = 2.0
KEY: Final = 1.0
SYSTEM: Final = 1.0
TRANSITIVE: Final = 0.5
SYSTEM_PACKAGE: Final = 0.05
"""An image has some 300 of them: together they weigh what a service and a runtime do, and drown nothing."""
NOTHING: Final = 0.0

PLATFORM: Final = frozenset({"os", "libc", "arch"})
SYSTEM_NAMES: Final = PLATFORM | {"timezone", "locale"}
_SYSTEM_PACKAGES: Final = ("pkg:deb/", "pkg:rpm/", "pkg:apk/", "pkg:alpm/")


def weight(section: str, name: str, left: Fact, right: Fact) -> float:
    """Release and processes say nothing about how far tools are apart: they weigh nothing."""
    if section == "dependencies":
        return _package(name, left, right)
    if section == "services":
        return ATTRIBUTE if "." in name else SERVICE
    if section == "runtime":
        return SYSTEM if name in SYSTEM_NAMES else RUNTIME
    return {"config": KEY, "migrations": MIGRATION}.get(section, NOTHING)


def _package(name: str, left: Fact, right: Fact) -> float:
    """A system's packages are reported of images alone: where a side was never asked, that costs no coverage."""
    if not is_system_package(name):
        return DIRECT if is_direct(name, left, right) else TRANSITIVE
    asked = all(fact.reason != "not-collected" for fact in (left, right))
    return (DIRECT if is_direct(name, left, right) else SYSTEM_PACKAGE) if asked else NOTHING


def is_system_package(name: str) -> bool:
    """A package of the operating system, not of a language."""
    return name.startswith(_SYSTEM_PACKAGES)


def is_direct(name: str, left: Fact, right: Fact) -> bool:
    """Direct wins where the sides differ. Where no format could tell, a language's package counts as direct, a
    system's does not.
    """
    one, other = left.members.get("scope"), right.members.get("scope")
    if one == "direct" or other == "direct":
        return True
    if one == "transitive" or other == "transitive":
        return False
    return not is_system_package(name)


def development_only(left: Fact, right: Fact) -> bool:
    """Whether the package is in no group that ships, on each side that has it."""
    sides = [fact for fact in (left, right) if _speaks(fact)]
    return bool(sides) and not any(_ships(fact) for fact in sides)


def _speaks(fact: Fact) -> bool:
    """Whether the fact was listed; an absent one speaks of groups where it is locked and not installed."""
    if fact.state is State.ABSENT:
        return "groups" in fact.members
    return fact.state is State.PRESENT or bool(fact.members)


def _ships(fact: Fact) -> bool:
    groups = fact.words("groups")
    return not groups or "production" in groups or "optional" in groups
