"""uv.lock: what `uv export` says of the same lock is what the parser says; odd input never crashes nor hides a loss."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from paritycheck_agent.locks import uv
from paritycheck_agent.wire.purl import purl
from tests.agent.lock_fixtures import best_seconds, seconds

if TYPE_CHECKING:
    from paritycheck_agent.packages import Lock

FIXTURES = Path(__file__).parent / "fixtures" / "uv"
SHOP = (FIXTURES / "shop" / "uv.lock").read_bytes()
DIRECT = {
    "acme-rounding", "asgiref", "click", "httpx", "idna", "importlib-metadata", "iniconfig", "mistune", "pytest",
    "python-dateutil", "sampleproject", "six", "zipp",
}  # fmt: skip


def read(data: bytes) -> Lock:
    return uv.read(data, "uv.lock", lambda _path: None)


def exported(name: str) -> set[tuple[str, str]]:
    """(name, version) of each line that `uv export` wrote; the version of a git source is not in it."""
    found = set()
    for line in (FIXTURES / "shop" / name).read_text().splitlines():
        if line.startswith("./vendor/"):
            wheel, wheel_version, *_ = parse_wheel_filename(line.rpartition("/")[2])
            found.add((str(wheel), str(wheel_version)))
        elif not line.startswith(("-e", "./")):
            asked = Requirement(line)
            version = str(asked.specifier).removeprefix("==")
            if asked.url and asked.url.endswith(".whl"):
                version = str(parse_wheel_filename(asked.url.rpartition("/")[2])[1])
            found.add((str(canonicalize_name(asked.name)), "0.3.1" if asked.name == "acme-rounding" else version))
    return found


def seen(lock: Lock, *, production: bool = False) -> set[tuple[str, str | None]]:
    packages = [package for package in lock.packages if package.production or not production]
    return {(package.name.removeprefix("pkg:pypi/"), package.version) for package in packages}


def test_it_names_what_uv_exports_in_every_group_and_extra() -> None:
    assert seen(read(SHOP)) == exported("export.txt")


def test_production_is_what_uv_exports_without_groups() -> None:
    assert seen(read(SHOP), production=True) == exported("export-production.txt")


def test_direct_is_what_the_project_and_the_members_of_its_workspace_ask_for() -> None:
    facts = read(SHOP).facts()
    assert {fact["name"].removeprefix("pkg:pypi/") for fact in facts if fact["scope"] == "direct"} == DIRECT


def test_forks_are_one_fact_with_both_versions_and_both_places() -> None:
    facts = {fact["name"]: fact for fact in read(SHOP).facts()}
    assert facts["pkg:pypi/iniconfig"]["value"] == ["1.1.1", "2.0.0"]
    assert len(facts["pkg:pypi/iniconfig"]["sources"]) == 2


def test_local_projects_are_left_out_and_known_by_name() -> None:
    lock = read(SHOP)
    assert lock.local == {"pkg:pypi/legacy", "pkg:pypi/prices", "pkg:pypi/shop", "pkg:pypi/tax"}
    assert lock.local.isdisjoint(fact["name"] for fact in lock.facts())


def test_groups_and_origins_are_told() -> None:
    facts = {fact["name"].removeprefix("pkg:pypi/"): fact for fact in read(SHOP).facts()}
    groups = {name: fact["groups"] for name, fact in facts.items() if "groups" in fact}
    assert groups == {
        "asgiref": ["optional"], "mistune": ["development"], "packaging": ["development"],
        "pluggy": ["development"], "pygments": ["development"], "pytest": ["development"],
    }  # fmt: skip
    origins = {name: fact["origin"] for name, fact in facts.items() if "origin" in fact}
    assert origins == {"acme-rounding": "vcs", "sampleproject": "path", "six": "url"}


def test_what_a_marker_guards_is_conditional() -> None:
    names = {package.name.removeprefix("pkg:pypi/") for package in read(SHOP).packages if not package.conditional}
    assert {"click", "httpx", "socksio", "attrs", "tzdata"} <= names
    assert names.isdisjoint(
        {"colorama", "importlib-metadata", "lazy-importer", "iniconfig", "typing-extensions", "pytest"}
    )


def test_each_source_is_the_line_of_the_package_s_name() -> None:
    rows = SHOP.decode().split("\n")
    for fact in read(SHOP).facts():
        for source in fact["sources"]:
            path, _colon, line = source.partition(":")
            assert path == "uv.lock"
            assert rows[int(line) - 1] == f'name = "{fact["name"].removeprefix("pkg:pypi/")}"'


@pytest.mark.parametrize("revision", ["revision-0", "revision-2"])
def test_older_revisions_of_the_format_say_the_same(revision: str) -> None:
    lock = read((FIXTURES / revision / "uv.lock").read_bytes())
    assert lock.whole
    assert seen(lock) == seen(read(SHOP))
    assert {p.name: (p.direct, p.groups, p.origin) for p in lock.packages} == {
        p.name: (p.direct, p.groups, p.origin) for p in read(SHOP).packages
    }


def test_each_package_is_a_fact_and_a_whole_lock_warns_of_nothing() -> None:
    lock = read(SHOP)
    assert (len(lock.facts()), lock.warnings) == (27, [])


def test_a_newer_format_is_read_as_far_as_possible_with_a_warning() -> None:
    lock = read(SHOP.replace(b"version = 1\n", b"version = 7\n", 1))
    assert seen(lock) == seen(read(SHOP))
    assert not lock.whole
    assert lock.warnings == ["uv.lock: format version 7 is not known (known: 1), read as far as possible"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (SHOP.replace(b'name = "click"', b"<<<<<<< HEAD", 1), "uv.lock: is no TOML, line 62"),
        (b"\xff\xfe", "uv.lock: is not UTF-8"),
        (b"x = " + b"[" * 100_000, "uv.lock: nested too deeply"),
        (b"", "uv.lock: format version unknown is not known (known: 1), read as far as possible"),
    ],
)
def test_a_broken_lock_is_a_warning_with_its_line_and_not_whole(data: bytes, said: str) -> None:
    lock = read(data)
    assert not lock.whole
    assert not lock.packages
    assert lock.warnings == [said]


def test_a_package_without_a_version_is_no_silent_loss() -> None:
    lock = read(SHOP.replace(b'name = "click"\nversion = "8.1.7"\n', b'name = "click"\n', 1))
    assert not lock.whole
    assert lock.warnings == ["uv.lock: a package has no name or no version"]


def test_no_credential_of_a_lock_gets_into_what_is_said() -> None:
    data = SHOP.replace(b"https://", b"https://ann:c4n4ry-t0ken@").replace(b"tag=v0.3.1", b"token=c4n4ry-t0ken")
    lock = read(data)
    assert lock.whole
    assert "c4n4ry" not in json.dumps([lock.facts(), lock.warnings])


def test_more_packages_than_a_lock_may_hold_are_counted_not_hidden() -> None:
    entry = '[[package]]\nname = "p{0}"\nversion = "1.0"\nsource = {{ registry = "https://pypi.org/simple" }}\n\n'
    lock = read(("version = 1\n\n" + "".join(entry.format(number) for number in range(10_001))).encode())
    assert len(lock.packages) == 10_000
    assert not lock.whole
    assert lock.warnings == ["uv.lock: more than 10000 packages, the rest is left out"]


def by_tomllib(data: bytes) -> object:
    return tomllib.loads(data.decode())


def test_a_megabyte_takes_no_longer_than_tomllib_needs_twice() -> None:
    head, *entries = SHOP.decode().split("[[package]]\n")
    copies = 1_000_000 // len(SHOP)
    blocks = [entry.replace('name = "', f'name = "x{copy}-') for copy in range(copies) for entry in entries]
    data = (head + "".join("[[package]]\n" + block for block in blocks)).encode()
    lock = read(data)
    assert best_seconds(read, data) < 2 * best_seconds(by_tomllib, data)
    assert len(lock.packages) == 28 * copies


def _oracle(data: bytes) -> list[str] | None:
    """The packages of a lock by tomllib alone, None where it is no TOML."""
    try:
        entries = tomllib.loads(data.decode()).get("package", [])
    except (ValueError, RecursionError):
        return None
    if not isinstance(entries, list):
        return []
    found = [entry for entry in entries if isinstance(entry, dict)]
    return [str(entry.get("name")) for entry in found if not _is_local(entry.get("source"))]


def _is_local(source: object) -> bool:
    return isinstance(source, dict) and not {"virtual", "editable", "directory"}.isdisjoint(source)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_lock_never_crashes_and_never_loses_a_package_silently(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(SHOP)))
    removed = data.draw(st.integers(0, 400))
    added = data.draw(
        st.one_of(st.binary(max_size=20), st.sampled_from([b"\n", b'"', b"[[package]]\n", b"= 3", b"{}"]))
    )
    mutated = SHOP[:at] + added + SHOP[at + removed :]
    lock = read(mutated)
    names = _oracle(mutated)
    if lock.whole and names is not None:
        assert sorted(package.name for package in lock.packages) == sorted(purl("pypi", name) for name in names)


@pytest.mark.parametrize("said", ["", ', version = "{}"', ', extra = ["{}"]', ', source = {{ url = "{}" }}'])
def test_a_name_that_many_ask_for_and_many_have_is_not_looked_at_by_each_of_them(said: str) -> None:
    count = 2_000
    root = 'version = 1\n[[package]]\nname = "a"\nversion = "0"\nsource = { virtual = "." }\ndependencies = ['
    blocks = [root + '{ name = "a" }]\n']
    for number in range(count):
        asked = said.format(number)
        blocks.append(f'[[package]]\nname = "a"\nversion = "{number}"\ndependencies = [{{ name = "a"{asked} }}]\n')
    data = "".join(blocks).encode()
    assert len(read(data).packages) == count
    assert seconds(read, data) < 2
