"""Bills of materials from anybody: never an exception, never an entity, and what is lost is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paritycheck_agent.sources import cyclonedx_xml, sbom
from paritycheck_agent.wire.purl import parsed, purl

if TYPE_CHECKING:
    from paritycheck_agent.packages import Lock

FIXTURES = Path(__file__).parents[1] / "fixtures" / "sbom"
NAMES = ("npm.cdx.json", "npm.spdx.json", "npm.spdx", "py.cdx.json", "py.cdx.xml", "uv.cdx.json", "shop.spdx3.json")
FILES = {name: (FIXTURES / name).read_bytes() for name in NAMES}
WHOLE = {name: len(sbom.read(data, name, lambda _path: None).packages) for name, data in FILES.items()}

KEYS = st.sampled_from([
    "bomFormat", "specVersion", "components", "metadata", "component", "purl", "bom-ref", "dependencies", "dependsOn",
    "ref", "scope", "properties", "name", "value", "compositions", "aggregate", "version", "spdxVersion", "packages",
    "relationships", "SPDXID", "externalRefs", "referenceType", "referenceLocator", "relationshipType", "@graph",
    "type", "spdxElementId", "relatedSpdxElement", "documentDescribes", "@context", "rootElement", "from", "to",
    "spdxId", "software_packageUrl", "externalIdentifier", "identifier",
])  # fmt: skip
WORDS = st.sampled_from([
    "CycloneDX", "1.6", "pkg:pypi/a@1", "pkg:npm/%40a/b@2", "pkg:%/@", "SPDX-2.3", "purl", "DEPENDS_ON", "DESCRIBES",
    "a", "SPDXRef-DOCUMENT", "DEV_DEPENDENCY_OF", "https://spdx.org/rdf/3.0.1/x", "software_Package", "Relationship",
])  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=30,
)


def told(data: bytes) -> Lock:
    """A lock whose facts the wire would take as they are: names, versions and sources are strings."""
    lock = sbom.read(data, "bom", lambda _path: None)
    assert all(fact["name"].startswith("pkg:") for fact in lock.facts())
    assert all(isinstance(package.version, (str, type(None))) for package in lock.packages)
    assert all(text.startswith("bom: ") for text in lock.warnings)
    return lock


@given(st.sampled_from(NAMES), st.data())
@settings(max_examples=300, deadline=None)
def test_bytes_that_were_changed_are_no_exception_and_no_silent_loss(name: str, data: st.DataObject) -> None:
    original = FILES[name]
    start = data.draw(st.integers(0, len(original)))
    end = data.draw(st.integers(start, min(len(original), start + 200)))
    lock = told(original[:start] + data.draw(st.binary(max_size=20)) + original[end:])
    if not lock.packages:
        assert not lock.whole
        assert lock.warnings


@given(st.sampled_from(NAMES), st.data())
@settings(max_examples=200, deadline=None)
def test_a_file_that_was_cut_off_is_never_taken_for_whole(name: str, data: st.DataObject) -> None:
    """But for tag-value, whose every line can be the last one."""
    lock = told(FILES[name][: data.draw(st.integers(0, len(FILES[name].rstrip()) - 1))])
    if name != "npm.spdx":
        assert (lock.packages, lock.whole, len(lock.warnings)) == ([], False, 1)
    assert len(lock.packages) <= WHOLE[name]


@given(st.dictionaries(KEYS, VALUES, max_size=8))
@settings(max_examples=300, deadline=None)
def test_any_json_is_no_exception(document: dict[str, Any]) -> None:
    for marks in (
        {"bomFormat": "CycloneDX"},
        {"spdxVersion": "SPDX-2.3"},
        {"@context": "https://spdx.org/rdf/3.0.1/x"},
    ):
        told(json.dumps({"@graph": [], **document, **marks}).encode())


@given(st.lists(st.sampled_from([
    "PackageName: a", "SPDXID: SPDXRef-a", "PackageVersion: <text>1</text>", "PackageComment: <text>", "</text>",
    "x</text>", "ExternalRef: PACKAGE-MANAGER purl pkg:gem/a@1", "ExternalRef: x", "Relationship: a DEPENDS_ON b",
    "Relationship: a", "FileName: x", ":", "#: x", "", "PackageName", "SPDXVersion: <text>SPDX-2.3",
]), max_size=30))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_any_order_of_tags_is_no_exception(rows: list[str]) -> None:
    lock = told("\n".join(["SPDXVersion: SPDX-2.3", *rows]).encode())
    assert len(lock.packages) <= rows.count("PackageName: a")


@given(st.text(max_size=60), st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-16-be", "latin-1"]))
@settings(max_examples=200, deadline=None)
def test_no_entity_is_ever_expanded(inner: str, encoding: str) -> None:
    text = f'<!DOCTYPE bom [<!ENTITY canary "c4n4ry">{inner}]><bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components>'
    text += '<component type="library"><purl>pkg:pypi/&canary;@1</purl></component></components></bom>'
    lock = told(text.encode(encoding, "replace"))
    assert (lock.packages, lock.whole, len(lock.warnings)) == ([], False, 1)


@given(st.text(max_size=200), st.sampled_from(["utf-8", "utf-16"]))
@settings(max_examples=200, deadline=None)
def test_the_parser_itself_stops_at_a_document_type(inner: str, encoding: str) -> None:
    """Were the words hidden from the search in the bytes, nothing declared would be looked at all the same."""
    text = f'<!DOCTYPE bom [<!ENTITY canary "c4n4ry">{inner}]><bom>&canary;</bom>'
    with pytest.raises(cyclonedx_xml.XmlFault, match="is refused"):
        cyclonedx_xml.parse(text.encode(encoding, "replace"))


@given(st.text(max_size=80))
def test_any_package_url_is_canonical_once_it_was_read(text: str) -> None:
    for url in (text, f"pkg:gem/{text}", f"pkg:npm/%40{text}@1"):
        found = parsed(url)
        if found is not None:
            kind, namespace, name, _version, _epoch = found
            again = parsed(purl(kind, name, namespace))
            assert again is not None
            assert purl(again[0], again[2], again[1]) == purl(kind, name, namespace)
