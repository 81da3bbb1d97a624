"""SPDX 2.2 and 2.3 as JSON, and the same document read from tag-value or from SPDX 3 (https://spdx.github.io)."""

from __future__ import annotations

from paritycheck_agent.packages import DEVELOPMENT, OPTIONAL, Lock, tables, text
from paritycheck_agent.sources.bom import NEEDED, Bom, Component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Table = dict[str, Any]

_VERSIONS = frozenset({"SPDX-2.1", "SPDX-2.2", "SPDX-2.3", "SPDX-3.0"})
_DOCUMENT = "SPDXRef-DOCUMENT"
# What has no package URL without being a package (2.3, primaryPackagePurpose).
_OTHERS = frozenset({
    "ARCHIVE", "CONTAINER", "DEVICE", "FILE", "FIRMWARE", "INSTALL", "OPERATING-SYSTEM", "OPERATING_SYSTEM",
    "OPERATINGSYSTEM", "SOURCE",
})  # fmt: skip
# The relationships that are dependencies: whether the left one asks, and for what alone.
_ASKS = {
    "DEPENDS_ON": (True, NEEDED),
    "HAS_PREREQUISITE": (True, NEEDED),
    "DEPENDENCY_OF": (False, NEEDED),
    "PREREQUISITE_FOR": (False, NEEDED),
    "RUNTIME_DEPENDENCY_OF": (False, NEEDED),
    "PROVIDED_DEPENDENCY_OF": (False, OPTIONAL),
    "OPTIONAL_DEPENDENCY_OF": (False, OPTIONAL),
    "DEV_DEPENDENCY_OF": (False, DEVELOPMENT),
    "BUILD_DEPENDENCY_OF": (False, DEVELOPMENT),
    "TEST_DEPENDENCY_OF": (False, DEVELOPMENT),
}


def is_one(document: Table) -> bool:
    """Whether a JSON document says that it is one of SPDX 2."""
    return text(document.get("spdxVersion")).startswith("SPDX-")


def fill(document: Table, lock: Lock) -> None:
    """Put the packages of a document into a lock."""
    bom = Bom()
    described = _described(document)
    for row in tables(document.get("relationships")):
        asks, kind = _ASKS.get(text(row.get("relationshipType")), (None, NEEDED))
        ends = [text(row.get("spdxElementId")), text(row.get("relatedSpdxElement"))]
        if asks is not None:
            who, whom = ends if asks else ends[::-1]
            bom.ask(who, whom, kind)
    bom.roots = _roots(described, bom)
    for package in tables(document.get("packages")):
        url = _package_url(package)
        ref = text(package.get("SPDXID"))
        if url:
            bom.components.append(Component(ref, url, text(package.get("versionInfo"))))
        elif ref not in bom.roots and text(package.get("primaryPackagePurpose")).upper() not in _OTHERS:
            bom.nameless += 1
    bom.fill(lock)
    if text(document.get("spdxVersion")) not in _VERSIONS:
        lock.incomplete("this version of SPDX is not known (known: 2.1 to 2.3 and 3.0), read as far as possible")


def _described(document: Table) -> set[str]:
    listed = document.get("documentDescribes")
    found = {text(ref) for ref in listed} if isinstance(listed, list) else set()
    for row in tables(document.get("relationships")):
        kind, left, right = (text(row.get(key)) for key in ("relationshipType", "spdxElementId", "relatedSpdxElement"))
        if kind == "DESCRIBES" and left == text(document.get("SPDXID") or _DOCUMENT):
            found.add(right)
        elif kind == "DESCRIBED_BY":
            found.add(left)
    return found - {""}


def _roots(described: set[str], bom: Bom) -> set[str]:
    """Return what is described and is no package of its own: of several, those that others do not ask for and that ask.

    A document may describe a list of packages and no project.
    """
    if len(described) <= 1:
        return described
    wanted = {whom for targets in bom.edges.values() for whom, _kind in targets}
    return {ref for ref in described if ref in bom.edges and ref not in wanted}


def _package_url(package: Table) -> str:
    for reference in tables(package.get("externalRefs")):
        if text(reference.get("referenceType")).rpartition("/")[2] == "purl":
            return text(reference.get("referenceLocator"))
    return ""


def relation(left: str, kind: str, right: str) -> Table:
    """Return a relationship as the JSON of SPDX 2 has it."""
    return {"spdxElementId": left, "relationshipType": kind, "relatedSpdxElement": right}


def package(ref: str, version: str, url: str, purpose: str = "") -> Table:
    """Return a package as the JSON of SPDX 2 has it, for what other forms of SPDX say of one."""
    references = [{"referenceType": "purl", "referenceLocator": url}] if url else []
    return {"SPDXID": ref, "versionInfo": version, "externalRefs": references, "primaryPackagePurpose": purpose}
