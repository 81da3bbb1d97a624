"""Installed beside locked for npm, packages of an image's system, and bills of materials as input."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.collectors import dependencies
from paritycheck_agent.context import Context
from paritycheck_agent.packages import Package
from paritycheck_agent.redact import clean
from paritycheck_agent.sources import machine, system_packages
from paritycheck_agent.wire.bodies import check_body
from paritycheck_agent.wire.canonical import split
from tests.agent.trees import FIXTURES, distributions, package, unpack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from paritycheck_agent.context import Collected

SBOMS = Path(__file__).parents[1] / "fixtures" / "sbom"
LIBPQ = "pkg:deb/debian/libpq5"


def collect(
    root: Path,
    settings: Mapping[str, Any] | None = None,
    *,
    candidate: bool = False,
    sboms: Sequence[Path] = (),
    **environ: str,
) -> Collected:
    """What is collected; both bodies of it pass the server's check."""
    named = [str(path) for path in sboms]
    state = str(root.parent / "state")
    context = Context(str(root), environ, {"dependencies": settings or {}}, state, candidate=candidate, sboms=named)
    collected = dependencies.collect(context)
    facts, _warnings = clean("dependencies", collected.facts)
    for body in split("dependencies", collected.covers, facts, collected.warnings):
        check_body(body)
    return collected


def by_name(collected: Collected) -> dict[str, dict[str, Any]]:
    return {fact["name"].removeprefix("pkg:npm/"): fact for fact in collected.facts}


def differing(collected: Collected) -> dict[str, tuple[Any, Any]]:
    """Value and lock of what is not installed as it is locked."""
    facts = by_name(collected).items()
    return {name: (fact.get("value"), fact["locked"]) for name, fact in facts if "locked" in fact}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A checkout with a lock of npm, installed as it is locked."""
    root = unpack(tmp_path / "shop")
    shutil.copy(FIXTURES / "package-lock.json", root)
    return root


def test_a_locked_package_that_is_installed_from_its_own_tree_is_installed(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    distributions(root, acme="1.1.dev0", shop="1.0")
    for name in ("acme-1.1.dev0", "shop-1.0"):
        info = root / ".venv" / "lib" / "python3.12" / "site-packages" / f"{name}.dist-info"
        (info / "direct_url.json").write_text('{"url": "file:///src", "dir_info": {"editable": true}}')
    (root / "requirements.txt").write_text("acme==1.0\n")
    assert collect(root, {"system": False}).facts == [
        {
            "name": "pkg:pypi/acme", "value": "1.1.dev0", "origin": "path", "locked": "1.0",
            "sources": ["installed", "requirements.txt:1"],
        },
    ]  # fmt: skip


def test_what_is_installed_as_locked_differs_in_nothing(shop: Path) -> None:
    collected = collect(shop)
    facts = by_name(collected)
    assert (differing(collected), collected.covers, collected.warnings) == ({}, ["pkg:npm/"], [])
    assert facts["debug"] == {
        "name": "pkg:npm/debug", "value": "4.3.4", "scope": "direct", "sources": ["installed", "package-lock.json:35"]
    }  # fmt: skip
    assert facts["ms"]["value"] == ["2.0.0", "2.1.2"]
    assert facts["rounding"]["origin"] == "path"
    # Another platform's package is asked for where its platform is.
    assert facts["fsevents"]["unknown"] == "not-asked"
    assert "%40shop/prices" not in facts


def test_what_was_broken_on_purpose_is_told_name_by_name(shop: Path) -> None:
    shutil.rmtree(shop / "node_modules" / "debug")
    shutil.rmtree(shop / "node_modules" / "once")
    shutil.rmtree(shop / "packages" / "prices" / "node_modules" / "ms")
    package(shop / "node_modules" / "left-pad", "left-pad", "1.3.0")
    collected = collect(shop)
    assert differing(collected) == {
        "debug": (None, "4.3.4"), "left-pad": ("1.3.0", ""), "ms": ("2.1.2", "2.0.0")
    }  # fmt: skip
    assert by_name(collected)["debug"]["absent"] is True
    # Development alone needs it: nothing to say.
    assert "once" not in by_name(collected)


def test_of_a_candidate_the_lock_alone_counts(shop: Path) -> None:
    shutil.rmtree(shop / "node_modules" / "debug")
    facts = by_name(collect(shop, candidate=True))
    assert facts["debug"]["value"] == "4.3.4"
    assert all("installed" not in fact["sources"] for fact in facts.values())


def test_where_one_of_two_folders_is_not_installed_the_locks_alone_count(shop: Path) -> None:
    (shop / "admin").mkdir()
    shutil.copy(FIXTURES / "package-lock.json", shop / "admin")
    collected = collect(shop, {"folders": ["admin"]})
    assert collected.warnings == ["admin/node_modules is not there: nothing is known of what is installed of npm"]
    assert all("installed" not in fact["sources"] for fact in collected.facts)
    unpack(shop / "web")
    (shop / "admin" / "package-lock.json").unlink()
    assert collect(shop, {"folders": ["admin", "web"]}).warnings == []


def test_what_is_installed_counts_where_the_lock_is_not_read(shop: Path) -> None:
    (shop / "package-lock.json").unlink()
    (shop / "node_modules" / ".package-lock.json").unlink()
    (shop / "bun.lockb").write_bytes(b"")
    collected = collect(shop)
    assert collected.covers == ["pkg:npm/"]
    assert by_name(collected)["debug"] == {"name": "pkg:npm/debug", "value": "4.3.4", "sources": ["installed"]}
    assert differing(collected) == {}


def test_a_revision_and_a_version_are_not_compared(tmp_path: Path) -> None:
    """Version 1 of the lock knows of git the revision alone."""
    root = tmp_path / "shop"
    package(root / "node_modules" / "tax", "tax", "1.2.0")
    entry = {"version": f"git+https://git.example.com/acme/tax.git#{'a' * 40}", "from": "tax"}
    document = {"lockfileVersion": 1, "dependencies": {"tax": entry}}
    (root / "package-lock.json").write_text(json.dumps(document))
    (fact,) = collect(root).facts
    assert (fact["value"], fact.get("locked")) == ("1.2.0", None)


@pytest.fixture
def debian(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ("deb/debian", [Package(LIBPQ, "15.18-0+deb12u1", "installed")])
    monkeypatch.setattr(system_packages, "installed", lambda _kept: found)


@pytest.mark.usefixtures("debian")
def test_packages_of_the_system_are_told_of_images_and_where_the_project_says_so(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    root.mkdir()
    fact = {"name": LIBPQ, "value": "15.18-0+deb12u1", "sources": ["installed"]}
    for kind in ("container", "pod"):
        collected = collect(root, PARITY_INSTANCE_KIND=kind)
        assert (collected.facts, collected.covers, collected.warnings) == ([fact], ["pkg:deb/debian/"], [])
    assert {kind for kind in ("host", "laptop", "runner") if collect(root, PARITY_INSTANCE_KIND=kind).facts} == set()
    assert collect(root, {"system": True}, PARITY_INSTANCE_KIND="laptop").facts == [fact]
    assert collect(root, {"system": False}, PARITY_INSTANCE_KIND="pod").facts == []
    assert collect(root, {"system": True}, candidate=True).facts == []
    assert {"container", "pod"} == machine.IMAGES


def test_a_system_that_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_kept: str) -> tuple[str, list[Package]]:
        raise system_packages.SystemFault("rpm does not answer")

    monkeypatch.setattr(system_packages, "installed", fail)
    collected = collect(tmp_path, {"system": True})
    assert (collected.facts, collected.covers) == ([], [])
    assert collected.warnings[0] == "rpm does not answer: nothing is known of what the system has installed"


def test_a_system_without_a_package_manager_is_said_where_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system_packages, "installed", lambda _kept: ("", []))
    said = "no dpkg, apk or rpm: nothing is known of what the system has installed"
    assert said in collect(tmp_path, {"system": True}).warnings
    assert said not in collect(tmp_path, PARITY_INSTANCE_KIND="container").warnings


def test_a_bill_that_the_project_names_is_read_and_is_the_source(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    (root / "build").mkdir(parents=True)
    shutil.copy(SBOMS / "npm.cdx.json", root / "build" / "image.json")
    (root / "build" / "bom.json").write_text("{}")
    assert collect(root).facts == []
    for candidate in (False, True):
        collected = collect(root, {"sbom": ["build/image.json"]}, candidate=candidate)
        assert collected.covers == ["pkg:npm/"]
        assert by_name(collected)["debug"] == {
            "name": "pkg:npm/debug", "value": "4.3.4", "scope": "direct", "sources": ["build/image.json"]
        }  # fmt: skip


def test_a_bill_that_the_command_line_names_may_lie_anywhere_and_its_folder_is_not_told(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    (root / "build").mkdir(parents=True)
    outside, within = tmp_path / "c4n4ry" / "image.json", root / "build" / "py.xml"
    outside.parent.mkdir()
    shutil.copy(SBOMS / "npm.cdx.json", outside)
    shutil.copy(SBOMS / "py.cdx.xml", within)
    collected = collect(root, sboms=[outside, within])
    assert collected.covers == ["pkg:npm/", "pkg:pypi/"]
    assert {source for fact in collected.facts for source in fact["sources"]} == {"image.json", "build/py.xml"}


@pytest.mark.parametrize("path", ["../outside.json", "/etc/passwd", "../shop/../outside.json", "."])
def test_the_checkout_s_own_file_names_no_bill_outside_of_it(tmp_path: Path, path: str) -> None:
    shutil.copy(SBOMS / "npm.cdx.json", tmp_path / "outside.json")
    root = tmp_path / "shop"
    root.mkdir()
    collected = collect(root, {"sbom": [path]})
    assert collected.facts == []
    assert collected.warnings[0] == "[dependencies] sbom names a file outside of the checkout, which is not read"


def test_a_bill_that_is_missing_or_no_bill_is_said(tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_text("[")
    collected = collect(tmp_path, {"sbom": ["gone.json", "odd.json"]})
    assert collected.warnings[:2] == [
        "gone.json: cannot be read, or is larger than 32 MB",
        "odd.json: is no JSON, line 1",
    ]


def test_a_bill_stands_in_for_a_lock_that_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "bun.lockb").write_text("")
    components = [{"type": "library", "bom-ref": "a", "purl": "pkg:npm/express@5.1.0"}]
    bill = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components}
    (tmp_path / "bom.json").write_text(json.dumps(bill))
    assert collect(tmp_path).covers == []
    collected = collect(tmp_path, {"sbom": ["bom.json"]})
    assert (collected.covers, collected.warnings) == (["pkg:npm/"], [])


def test_what_is_no_closed_set_is_never_covered(tmp_path: Path) -> None:
    urls = ["pkg:github/actions/checkout@v4", "pkg:generic/x@1", "pkg:deb/debian/libpq5@15.1", "pkg:gem/rails@8"]
    components = [{"type": "library", "bom-ref": url, "purl": url} for url in urls]
    bill = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components}
    (tmp_path / "bom.json").write_text(json.dumps(bill))
    collected = collect(tmp_path, {"sbom": ["bom.json"]})
    assert (len(collected.facts), collected.covers) == (4, ["pkg:deb/debian/", "pkg:gem/"])
    components.append({"type": "library", "bom-ref": "nameless", "purl": ""})
    (tmp_path / "bom.json").write_text(json.dumps(bill))
    assert collect(tmp_path, {"sbom": ["bom.json"]}).covers == []


def test_what_is_installed_is_compared_with_a_bill_as_with_a_lock(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    distributions(root, click="8.1.8", h11="0.16.0", stray="1.0")
    shutil.copy(SBOMS / "py.cdx.json", root / "bom.json")
    facts = {fact["name"].removeprefix("pkg:pypi/"): fact for fact in collect(root, {"sbom": ["bom.json"]}).facts}
    assert (facts["click"]["value"], facts["click"]["locked"]) == ("8.1.8", "8.1.7")
    assert (facts["stray"]["value"], facts["stray"]["locked"]) == ("1.0", "")
    assert (facts["httpx"]["absent"], facts["httpx"]["locked"]) == (True, "0.28.1")
    assert facts["h11"]["sources"] == ["installed", "bom.json"]
    assert "locked" not in facts["h11"]


def test_a_bill_does_not_excuse_what_is_not_installed_as_it_is_locked(tmp_path: Path) -> None:
    """A bill of the image lists the mistake too."""
    root = tmp_path / "shop"
    distributions(root, click="8.1.7", h11="0.16.0", httpx="0.28.1")
    (root / "requirements.txt").write_text("click==8.1.8\nh11==0.16.0\n")
    shutil.copy(SBOMS / "py.cdx.json", root / "bom.json")
    facts = {fact["name"].removeprefix("pkg:pypi/"): fact for fact in collect(root, {"sbom": ["bom.json"]}).facts}
    assert (facts["click"]["value"], facts["click"]["locked"]) == ("8.1.7", "8.1.8")
    assert (facts["httpx"]["value"], facts["httpx"]["locked"]) == ("0.28.1", "")
    assert set(facts) == {"click", "h11", "httpx"}
    shutil.rmtree(root / ".venv")
    facts = {fact["name"].removeprefix("pkg:pypi/"): fact for fact in collect(root, {"sbom": ["bom.json"]}).facts}
    assert facts["click"]["value"] == ["8.1.7", "8.1.8"]
    assert len(facts) == 9


def test_a_bill_that_is_not_whole_takes_nothing_from_a_lock(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("click==8.1.7\n")
    (tmp_path / "bom.json").write_text(
        json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
            {"type": "library", "name": "nameless"}, {"type": "library", "bom-ref": "a", "purl": "pkg:pypi/a@1"},
        ]})
    )  # fmt: skip
    collected = collect(tmp_path, {"sbom": ["bom.json"]})
    assert collected.covers == ["pkg:pypi/"]
    assert {fact["name"] for fact in collected.facts} == {"pkg:pypi/a", "pkg:pypi/click"}
    assert collected.warnings == ["bom.json: components without a package URL are left out: 1"]


def test_a_bill_may_have_any_name(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"im\xffage.json")
    shutil.copy(SBOMS / "npm.cdx.json", odd)
    (tmp_path / "shop").mkdir()
    assert {source for fact in collect(tmp_path / "shop", sboms=[odd]).facts for source in fact["sources"]} == {
        "im?age.json"
    }
