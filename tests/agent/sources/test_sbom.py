"""Bills of materials: what the libraries of their formats read is what is told (fixtures/sbom/README.md)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.packages import pep440
from paritycheck_agent.sources import sbom
from paritycheck_agent.wire.purl import purl

if TYPE_CHECKING:
    from paritycheck_agent.packages import Lock

FIXTURES = Path(__file__).parents[1] / "fixtures" / "sbom"
EXPECTED: dict[str, list[list[Any]]] = json.loads((FIXTURES / "expected.json").read_text())
PROJECT = {"bom-ref": "shop", "type": "application", "name": "shop"}


def read(data: str | bytes) -> Lock:
    return sbom.read(data.encode() if isinstance(data, str) else data, "bom", lambda _path: None)


def fixture(name: str) -> Lock:
    return read((FIXTURES / name).read_bytes())


def told(lock: Lock) -> dict[str, dict[str, Any]]:
    return {fact.pop("name"): fact for fact in lock.facts() if fact["sources"] == ["bom"] and fact.pop("sources")}


def cyclonedx(*components: dict[str, Any], **members: Any) -> str:
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": PROJECT}, **members}
    return json.dumps({**document, "components": list(components)})


def spdx(*packages: dict[str, Any], **members: Any) -> str:
    return json.dumps({"spdxVersion": "SPDX-2.3", "packages": list(packages), **members})


def library(url: str, **members: Any) -> dict[str, Any]:
    return {"type": "library", "bom-ref": url, "purl": url, **members}


@pytest.mark.parametrize("name", EXPECTED)
def test_it_names_what_the_library_of_the_format_reads(name: str) -> None:
    lock = fixture(name)
    expected = set()
    for kind, namespace, package, version, direct in EXPECTED[name]:
        expected.add((purl(kind, package, namespace), pep440(version) if kind == "pypi" else version, direct))
    assert {(package.name, package.version, package.direct) for package in lock.packages} == expected
    assert (lock.whole, lock.warnings) == (True, [])


def test_all_forms_say_the_same_of_one_project() -> None:
    assert told(fixture("npm.spdx.json")) == told(fixture("npm.cdx.json")) == told(fixture("npm.spdx"))
    assert told(fixture("py.cdx.xml")) == told(fixture("py.cdx.json"))


def test_the_described_project_is_no_package() -> None:
    for name in ("npm.cdx.json", "npm.spdx.json", "npm.spdx"):
        assert fixture(name).local == {"pkg:npm/shop"}
    assert fixture("shop.spdx3.json").local == {"pkg:pypi/shop"}


def test_development_and_what_it_alone_asks_for_is_in_its_group() -> None:
    facts = told(fixture("npm.spdx.json"))
    assert facts["pkg:npm/once"] == {"value": "1.4.0", "scope": "direct", "groups": ["development"]}
    assert facts["pkg:npm/wrappy"] == {"value": "1.0.2", "scope": "transitive", "groups": ["development"]}
    assert facts["pkg:npm/ms"] == {"value": ["2.0.0", "2.1.2"], "scope": "transitive"}


def test_members_of_a_workspace_of_uv_are_the_project_and_ask_directly() -> None:
    assert told(fixture("uv.cdx.json")) == {
        "pkg:pypi/click": {"value": "8.1.7", "scope": "direct"},
        "pkg:pypi/colorama": {"value": "0.4.6", "scope": "transitive"},
        "pkg:pypi/iniconfig": {"value": "2.0.0", "scope": "direct"},
    }
    assert {package.name for package in fixture("uv.cdx.json").packages if package.conditional} == {"pkg:pypi/colorama"}


def test_the_graph_of_spdx_3_is_read() -> None:
    lock = fixture("shop.spdx3.json")
    assert told(lock) == {
        "pkg:pypi/django": {"value": "5.2.19", "scope": "direct"},
        "pkg:pypi/pytest": {"value": "9.0.1", "scope": "direct", "groups": ["development"]},
        "pkg:pypi/sqlparse": {"value": "0.5.3", "scope": "transitive"},
    }
    assert (lock.whole, lock.warnings) == (True, [])


def test_components_are_found_at_every_depth() -> None:
    deep: dict[str, Any] = library("pkg:gem/rails@8.0.1")
    for number in range(400):
        deep = library(f"pkg:gem/g{number}@1.0", components=[deep])
    lock = read(cyclonedx(deep))
    assert len(lock.packages) == 401
    assert told(lock)["pkg:gem/rails"] == {"value": "8.0.1"}


def test_nesting_beyond_what_is_read_is_said() -> None:
    xml = '<bom xmlns="http://cyclonedx.org/schema/bom/1.6">' + "<components><component>" * 10_000
    skipped = '<bom xmlns="http://cyclonedx.org/schema/bom/1.6">' + "<other>" * 1_000_000
    for text in ('{"bomFormat":"CycloneDX","components":[' + '{"components":[' * 100_000, xml, skipped):
        lock = read(text)
        assert (lock.packages, lock.whole, len(lock.warnings)) == ([], False, 1)


def test_what_tools_and_evidence_are_made_of_is_no_package() -> None:
    names = {package.name for package in fixture("py.cdx.xml").packages}
    assert "pkg:pypi/click" in names
    assert not any("cyclonedx" in name for name in names)
    assert read(cyclonedx(metadata={"tools": {"components": [library("pkg:pypi/tool@1")]}})).packages == []


def test_scope_and_properties_are_groups() -> None:
    lock = read(
        cyclonedx(
            library("pkg:pypi/a@1", scope="required"),
            library("pkg:pypi/b@1", scope="optional"),
            library("pkg:pypi/c@1", scope="excluded"),
            library("pkg:pypi/d@1", properties=[{"name": "cdx:poetry:group", "value": "docs"}]),
            library("pkg:pypi/e@1", properties=[{"name": "cdx:pipenv:category", "value": "default"}]),
        )
    )
    groups = {name.rpartition("/")[2]: fact.get("groups") for name, fact in told(lock).items()}
    assert groups == {"a": None, "b": ["optional"], "c": ["development"], "d": ["docs"], "e": None}


def test_without_a_graph_nothing_is_said_of_direct() -> None:
    assert told(read(cyclonedx(library("pkg:pypi/django@5.2")))) == {"pkg:pypi/django": {"value": "5.2"}}
    assert told(fixture("requirements.spdx"))["pkg:pypi/click"] == {"value": "8.1.7"}


@pytest.mark.parametrize(
    ("url", "name", "version"),
    [
        ("pkg:pypi/Zope.Interface@7.0.0-rc1", "pkg:pypi/zope-interface", "7.0.0rc1"),
        ("pkg:npm/%40types/node@20.11.0", "pkg:npm/%40types/node", "20.11.0"),
        ("pkg:npm/@types/node@20.11.0", "pkg:npm/%40types/node", "20.11.0"),
        ("pkg:npm/@types/node", "pkg:npm/%40types/node", "9.9"),
        ("pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64", "pkg:deb/debian/libc6", "2.36-9+deb12u10"),
        ("pkg:rpm/fedora/openssl@3.2.1-1.fc40?epoch=1", "pkg:rpm/fedora/openssl", "1:3.2.1-1.fc40"),
        ("pkg:golang/github.com/Acme/shop@v1.2.0#cmd", "pkg:golang/github.com/acme/shop", "v1.2.0"),
        ("pkg:maven/org.acme/prices-core@6.1.0?type=jar", "pkg:maven/org.acme/prices-core", "6.1.0"),
        ("PKG:Cargo/serde@1.0.200", "pkg:cargo/serde", "1.0.200"),
        ("pkg:generic/a%20b%", "pkg:generic/a%20b%25", "9.9"),
    ],
)  # fmt: skip
def test_a_package_url_becomes_a_canonical_name_and_a_version(url: str, name: str, version: str) -> None:
    assert told(read(cyclonedx(library(url, version="9.9")))) == {name: {"value": version}}


@pytest.mark.parametrize(
    "url", ["", "pypi/django", "pkg:", "pkg:pypi", "pkg:pypi/", "pkg:/x@1", "pkg:p y/x@1", 3, None]
)
def test_what_is_no_package_url_is_counted_and_never_silent(url: Any) -> None:
    lock = read(cyclonedx({"type": "library", "bom-ref": "x", "purl": url, "name": "c4n4ry"}, library("pkg:gem/a@1")))
    assert [package.name for package in lock.packages] == ["pkg:gem/a"]
    assert lock.warnings == ["bom: components without a package URL are left out: 1"]
    assert not lock.whole


def test_files_and_systems_need_no_package_url() -> None:
    parts = [{"type": kind, "name": "x"} for kind in ("file", "operating-system", "data", "platform")]
    assert read(cyclonedx(*parts, library("pkg:gem/a@1"))).warnings == []
    packages = [{"SPDXID": "a", "primaryPackagePurpose": "OPERATING-SYSTEM"}, {"SPDXID": "b"}]
    assert read(spdx(*packages)).warnings == ["bom: components without a package URL are left out: 1"]


def test_a_bill_that_says_it_is_incomplete_or_is_newer_is_not_whole() -> None:
    part = library("pkg:gem/a@1")
    assert not read(cyclonedx(part, compositions=[{"aggregate": "incomplete_first_party_only"}])).whole
    assert read(cyclonedx(part, compositions=[{"aggregate": "complete"}])).whole
    assert not read(cyclonedx(part, specVersion="9.0")).whole
    assert not read(spdx(spdxVersion="SPDX-9.0")).whole


def test_a_value_in_text_marks_hides_what_looks_like_a_tag() -> None:
    text = (FIXTURES / "npm.spdx").read_text()
    fake = "PackageName: fake\nSPDXID: SPDXRef-fake\nExternalRef: PACKAGE-MANAGER purl pkg:npm/fake@6.6.6\n"
    comment = f"PackageComment: <text>Beware:\n{fake}</text>\n"
    hidden = text.replace("PackageName: debug\n", f"PackageName: debug\n{comment}")
    assert told(read(hidden)) == told(read(text))
    assert len(told(read(text))) == 8
    assert told(read(hidden.replace("\n", "\r\n"))) == told(read(text))


def test_a_value_that_is_never_closed_is_said() -> None:
    lock = read(
        "SPDXVersion: SPDX-2.3\nPackageName: a\nPackageComment: <text>\nExternalRef: PACKAGE-MANAGER purl pkg:gem/a\n"
    )
    assert lock.packages == []
    assert not lock.whole
    assert lock.warnings[-1] == "bom: a value is not closed, what follows it is not read"


def test_a_reference_of_a_file_is_none_of_the_package_before_it() -> None:
    text = "SPDXVersion: SPDX-2.3\nPackageName: a\nSPDXID: SPDXRef-a\nExternalRef: PACKAGE-MANAGER purl pkg:gem/a@1\n"
    lock = read(text + "FileName: b\nSPDXID: SPDXRef-b\nExternalRef: PACKAGE-MANAGER purl pkg:gem/b@1\n")
    assert [package.name for package in lock.packages] == ["pkg:gem/a"]


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{}", '{"bomFormat": "other"}', "<a/>", "hello", "\x00", '{"@graph": []}']
)
def test_what_is_no_bill_of_materials_is_said(text: str) -> None:
    lock = read(text)
    assert (lock.packages, lock.whole, len(lock.warnings)) == ([], False, 1)


BOMB = """<?xml version="1.0"?><!DOCTYPE bom [<!ENTITY a "c4n4ry"><!ENTITY b "&a;&a;&a;&a;">]>
<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components><component type="library"><name>x</name>
<purl>pkg:pypi/&b;@1</purl></component></components></bom>"""
OUTSIDE = BOMB.replace('"c4n4ry"', 'SYSTEM "file:///etc/passwd"')


@pytest.mark.parametrize("text", [BOMB, OUTSIDE, BOMB.partition("[")[0] + 'SYSTEM "http://127.0.0.1/x.dtd"><bom/>'])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_before_anything_is_read(text: str, encoding: str) -> None:
    lock = read(text.encode(encoding))
    assert lock.warnings == ["bom: declares a document type or an entity, which is refused"]
    assert (lock.packages, lock.whole) == ([], False)


def test_xml_in_other_encodings_is_read() -> None:
    text = (FIXTURES / "py.cdx.xml").read_text()
    assert told(read(text.encode("utf-16"))) == told(read(text.encode("utf-8-sig"))) == told(fixture("py.cdx.xml"))
    for encoding in ("ebcdic-none", "shift_jis"):
        lock = read(text.replace('version="1.0"', f'version="1.0" encoding="{encoding}"', 1))
        assert (lock.packages, lock.whole) == ([], False)


def test_it_is_read_in_linear_time_up_to_the_limit_of_packages() -> None:
    lock = read(cyclonedx(*(library(f"pkg:gem/g{number}@1") for number in range(10_050))))
    assert len(lock.packages) == 10_000
    assert lock.warnings == ["bom: more than 10000 packages, the rest is left out"]
