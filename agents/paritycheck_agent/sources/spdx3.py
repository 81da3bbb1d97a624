"""SPDX 3.0 as JSON-LD, its graph read into the document of SPDX 2 (https://spdx.github.io/spdx-spec/v3.0.1/)."""

from __future__ import annotations

from paritycheck_agent.packages import tables, text
from paritycheck_agent.sources.spdx import package, relation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Table = dict[str, Any]

_RELATIONS = frozenset({"Relationship", "LifecycleScopedRelationship"})
_DEPENDS = {
    "dependsOn": "DEPENDS_ON",
    "hasPrerequisite": "HAS_PREREQUISITE",
    "hasOptionalDependency": "OPTIONAL_DEPENDENCY_OF",
    "hasProvidedDependency": "PROVIDED_DEPENDENCY_OF",
}
# A dependency that is scoped to one part of the life cycle; any other is needed.
_SCOPED = {"build": "BUILD_DEPENDENCY_OF", "development": "DEV_DEPENDENCY_OF", "test": "TEST_DEPENDENCY_OF"}
_ROOTED = frozenset({"SpdxDocument", "software_Sbom", "Bom"})


def is_one(document: Table) -> bool:
    """Whether a JSON document is a graph whose context is SPDX's."""
    context = document.get("@context")
    named = context if isinstance(context, list) else [context]
    return "@graph" in document and any("spdx.org/rdf/3" in text(each) for each in named)


def convert(document: Table) -> Table:
    """Return the document of SPDX 2 that says the same of packages and of who asks for whom."""
    graph = tables(document.get("@graph"))
    holders = {_id(each) for each in graph if _type(each) in _ROOTED}
    described = {ref for each in graph if _type(each) in _ROOTED for ref in _refs(each.get("rootElement"))}
    relations = [row for each in graph if _type(each) in _RELATIONS for row in _relations(each)]
    version = next((text(each.get("specVersion")) for each in graph if text(each.get("specVersion"))), "3.0")
    return {
        "spdxVersion": "SPDX-" + ".".join(version.split(".")[:2]),
        "documentDescribes": sorted(described - holders),
        "packages": [_package(each) for each in graph if _type(each) == "software_Package"],
        "relationships": relations,
    }


def _type(element: Table) -> str:
    return text(element.get("type") or element.get("@type"))


def _id(element: Table) -> str:
    return text(element.get("spdxId") or element.get("@id"))


def _refs(value: Any) -> list[str]:
    """Return the identifiers of one or several elements."""
    return [text(each) for each in (value if isinstance(value, list) else [value]) if text(each)]


def _package(element: Table) -> Table:
    url = text(element.get("software_packageUrl"))
    for identifier in tables(element.get("externalIdentifier")):
        if not url and text(identifier.get("externalIdentifierType")) in {"packageUrl", "purl"}:
            url = text(identifier.get("identifier"))
    purpose = text(element.get("software_primaryPurpose"))
    return package(_id(element), text(element.get("software_packageVersion")), url, purpose)


def _relations(element: Table) -> Iterator[Table]:
    kind = _DEPENDS.get(text(element.get("relationshipType")), "")
    if kind == "DEPENDS_ON":
        kind = _SCOPED.get(text(element.get("scope")), kind)
    left = text(element.get("from"))
    for right in _refs(element.get("to")) if kind else ():
        yield relation(right, kind, left) if kind.endswith("_OF") else relation(left, kind, right)
