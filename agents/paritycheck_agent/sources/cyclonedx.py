"""CycloneDX, as JSON or as the same document read from XML (https://cyclonedx.org/specification/overview/)."""

from __future__ import annotations

from paritycheck_agent.packages import DEVELOPMENT, OPTIONAL, PRODUCTION, Lock, table, tables, text
from paritycheck_agent.sources.bom import Bom, Component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Table = dict[str, Any]

_VERSIONS = frozenset({"1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7"})
# Components that are packages, and need a package URL to say which.
_PACKAGES = frozenset({"application", "framework", "library", ""})
# "excluded" is what was there to build and test and is not shipped.
_SCOPES = {"optional": OPTIONAL, "excluded": DEVELOPMENT}
# Properties in which the tools of one ecosystem say more than a scope can; "" stands for their default group.
_FLAGS = {"cdx:npm:package:development": DEVELOPMENT, "cdx:npm:package:optional": OPTIONAL}
_GROUPS = ("cdx:poetry:group", "cdx:pipenv:category", "cdx:poetry:package:group")
_NAMES = {"main": PRODUCTION, "default": PRODUCTION, "dev": DEVELOPMENT, "develop": DEVELOPMENT}
_MARKER = "uv:package:marker"
_OWN = ("uv:package:is_project_root", "uv:package:is_synthetic_root", "uv:workspace:path")


def is_one(document: Table) -> bool:
    """Whether a JSON document says that it is a CycloneDX bill of materials."""
    return document.get("bomFormat") == "CycloneDX"


def fill(document: Table, lock: Lock) -> None:
    """Put the packages of a bill of materials into a lock."""
    bom = Bom()
    described = table(table(document.get("metadata")).get("component"))
    for component in _walk([described]):
        # What the described component is made of is the project's own: the members of its workspace.
        bom.roots.add(_ref(component))
        bom.components += [_component(component)] if text(component.get("purl")) else []
    for component in _walk(tables(document.get("components"))):
        if text(component.get("purl")):
            bom.components.append(_component(component))
        elif _is_own(component):
            bom.roots.add(_ref(component))
        elif text(component.get("type")) in _PACKAGES:
            bom.nameless += 1
    for entry in tables(document.get("dependencies")):
        wanted = entry.get("dependsOn")
        for ref in wanted if isinstance(wanted, list) else ():
            bom.ask(text(entry.get("ref")), text(ref))
    bom.fill(lock)
    _check(document, lock)


def _check(document: Table, lock: Lock) -> None:
    if text(document.get("specVersion")) not in _VERSIONS:
        lock.incomplete("this version of CycloneDX is not known (known: 1.0 to 1.7), read as far as possible")
    if any(text(part.get("aggregate")).startswith("incomplete") for part in tables(document.get("compositions"))):
        lock.incomplete("says of itself that it is not complete")


def _walk(components: list[Table]) -> Iterator[Table]:
    """Yield components and what they are made of, at every depth. Iterative: nesting costs no stack."""
    waiting = components[::-1]
    while waiting:
        component = waiting.pop()
        yield component
        waiting += tables(component.get("components"))[::-1]


def _ref(component: Table) -> str:
    return text(component.get("bom-ref")) or text(component.get("purl"))


def _is_own(component: Table) -> bool:
    """Whether uv says that a component is the project or a member of its workspace: those have no package URL."""
    return not _properties(component).keys().isdisjoint(_OWN)


def _properties(component: Table) -> dict[str, str]:
    return {text(each.get("name")): text(each.get("value")) for each in tables(component.get("properties"))}


def _component(component: Table) -> Component:
    said = _properties(component)
    groups = {_SCOPES.get(text(component.get("scope")), "")}
    groups |= {group for name, group in _FLAGS.items() if said.get(name) == "true"}
    groups |= {_NAMES.get(said[name], said[name]) for name in _GROUPS if said.get(name)}
    return Component(
        _ref(component),
        text(component.get("purl")),
        text(component.get("version")),
        groups - {""},
        conditional=bool(said.get(_MARKER)),
    )
