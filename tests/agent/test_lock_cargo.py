"""Cargo.lock: what `cargo metadata` resolves is what the parser says, in all four versions.

The fixtures: cargo 1.95.0 wrote versions 3 and 4 of a workspace, with crates from a directory source and one from git.
Versions 1 and 2, which it only reads, are the same lock in their form; `cargo metadata --locked` took 2 as it is.
"""

from __future__ import annotations

import json
import time
import tomllib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paritycheck_agent.wire.purl import purl
from tests.agent.lock_fixtures import FIXTURES, Reader, broken, line_of, named, seconds, told

VERSIONS = ("v1", "v2", "v3", "v4")
BY_VERSION = {version: Reader("cargo", f"cargo/{version}", "Cargo.lock") for version in VERSIONS}
NEWEST = BY_VERSION["v4"]
RESOLVED = json.loads((FIXTURES / "cargo" / "metadata.json").read_text())


@pytest.mark.parametrize("version", VERSIONS)
def test_it_names_what_cargo_resolves_and_no_other(version: str) -> None:
    lock = BY_VERSION[version].read()
    assert named(lock) == {(purl("cargo", each["name"]), each["version"]) for each in RESOLVED if each["source"]}
    assert len(lock.packages) == len(named(lock))
    assert (lock.whole, lock.warnings) == (True, [])
    assert lock.local == {purl("cargo", each["name"]) for each in RESOLVED if not each["source"]}


@pytest.mark.parametrize("version", VERSIONS)
def test_all_versions_say_the_same(version: str) -> None:
    assert told(BY_VERSION[version].read()) == told(NEWEST.read())


def test_direct_is_what_the_project_and_its_workspace_ask_for_under_the_real_name() -> None:
    facts = told(NEWEST.read())
    assert {name for name, fact in facts.items() if fact["scope"] == "direct"} == {
        "acme-money", "acme-spec", "acme-tools", "cfg-if", "itoa", "libc", "log", "ryu", "serde",
    }  # fmt: skip


def test_groups_and_origin_and_several_versions_are_told() -> None:
    facts = told(NEWEST.read())
    assert {name for name, fact in facts.items() if "groups" in fact} == {"acme-spec"}
    assert facts["acme-spec"]["groups"] == ["development"]
    assert {name for name, fact in facts.items() if "origin" in fact} == {"acme-money"}
    assert facts["acme-money"] == {"value": "0.5.1", "scope": "direct", "origin": "vcs"}
    assert facts["acme-round"]["value"] == ["0.3.1", "1.0.0-rc.2+build.5"]


@pytest.mark.parametrize("version", VERSIONS)
def test_of_two_versions_the_one_that_is_brought_has_the_group(version: str) -> None:
    """Only for development something asks for the older acme-round."""
    manifest = (BY_VERSION[version].place / "Cargo.toml").read_bytes().replace(b"tools = {", b"#")
    member = (BY_VERSION[version].place / "prices" / "Cargo.toml").read_bytes()
    lock = BY_VERSION[version].read(beside={"Cargo.toml": manifest, "prices/Cargo.toml": member})
    groups = {package.version: set(package.groups) for package in lock.packages if package.name.endswith("round")}
    assert groups == {"0.3.1": {"development"}, "1.0.0-rc.2+build.5": {"production"}}


def test_members_by_a_pattern_are_found_by_their_names() -> None:
    beside = {
        "Cargo.toml": (NEWEST.place / "Cargo.toml").read_bytes().replace(b'["prices"]', b'["crates/*"]'),
        "crates/prices/Cargo.toml": (NEWEST.place / "prices" / "Cargo.toml").read_bytes(),
    }
    assert told(NEWEST.read(beside=beside)) == told(NEWEST.read())


@pytest.mark.parametrize("lost", ["Cargo.toml", "prices/Cargo.toml"])
def test_without_a_manifest_scope_and_groups_are_left_out(lost: str) -> None:
    beside = {path: (NEWEST.place / path).read_bytes() for path in {"Cargo.toml", "prices/Cargo.toml"} - {lost}}
    lock = NEWEST.read(beside=beside)
    assert lock.whole
    assert all("scope" not in fact and "groups" not in fact for fact in lock.facts())


@pytest.mark.parametrize("version", VERSIONS)
def test_each_source_is_the_line_of_its_name(version: str) -> None:
    rows = BY_VERSION[version].rows()
    for package in BY_VERSION[version].read().packages:
        at = line_of(package.source)
        assert rows[at - 2 : at + 1] == [
            "[[package]]",
            f'name = "{package.name.rpartition("/")[2]}"',
            f'version = "{package.version}"',
        ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"version = 4", b"version = 5", "lock-file version 5 is not known (known: 1 to 4), read as far as possible"),
        (b"version = 4", b'version = "x"', "lock-file version unknown is not known"),
        (b'name = "serde"', b"=======", "is no TOML, line "),
        (b'name = "serde"\n', b"", "a package has no name or no version"),
        (b"@generated", b"\xff", "is not UTF-8"),
    ],
)
def test_what_is_odd_is_a_warning_and_not_whole(old: bytes, new: bytes, said: str) -> None:
    lock = NEWEST.read(NEWEST.data.replace(old, new, 1))
    assert not lock.whole
    assert lock.warnings[0].startswith(f"Cargo.lock: {said}")


def test_no_credential_of_a_lock_gets_into_what_is_said() -> None:
    lock = NEWEST.read(NEWEST.data.replace(b"https://", b"https://ann:c4n4ry-t0ken@"))
    assert lock.whole
    assert "c4n4ry" not in json.dumps([lock.facts(), lock.warnings])


def test_a_lock_of_many_packages_takes_little_cpu() -> None:
    block = '[[package]]\nname = "p{0}"\nversion = "1.0.{0}"\nsource = "registry+x"\ndependencies = [\n "p{1}",\n]\n\n'
    data = "version = 4\n\n" + "".join(block.format(number, number + 1) for number in range(5_000))
    assert seconds(NEWEST.read, data.encode()) < 3
    assert len(NEWEST.read(data.encode()).packages) == 5_000


def test_one_name_over_and_over_takes_little_cpu() -> None:
    block = '[[package]]\nname = "p"\nversion = "1"\nsource = "registry+x"\ndependencies = [\n "p",\n "p 1",\n]\n\n'
    own = '[[package]]\nname = "own"\nversion = "1"\ndependencies = [\n' + ' "p",\n' * 3_000 + "]\n\n"
    manifest = "[workspace]\nmembers = [" + '"*/*", ' * 3_000 + ']\n[package]\nname = "own"\n[dependencies]\n'
    beside = {"Cargo.toml": (manifest + "".join(f'a{n} = {{package = "p"}}\n' for n in range(3_000))).encode()}
    data = ("version = 4\n\n" + own + block * 3_000).encode()
    started = time.process_time()
    assert NEWEST.read(data, beside=beside).whole
    assert time.process_time() - started < 5


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_lock_never_crashes_and_never_loses_a_package_silently(data: st.DataObject) -> None:
    starts = [reader.data for reader in BY_VERSION.values()]
    mutated = data.draw(broken(*starts, added=(b"[[package]]\n", b"= 3", b"{}", b"source = 1\n")))
    lock = NEWEST.read(mutated)
    assert lock.whole or lock.warnings
    if lock.whole:
        entries: list[Any] = tomllib.loads(mutated.decode()).get("package", [])
        kept = [
            purl("cargo", each["name"]) for each in entries if isinstance(each.get("source"), str) and each["source"]
        ]
        assert sorted(package.name for package in lock.packages) == sorted(kept)
