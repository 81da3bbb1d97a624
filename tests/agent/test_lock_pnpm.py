"""pnpm-lock.yaml, by four majors of pnpm from one project, and the lock of `ws`: all must say what pnpm lists.

Made by `pnpm install --lockfile-only` (6.35.1 on Node 14; 7.33.7; 8.15.9; 12.21.0 with a config dependency, which gives
a document of its own). `list.txt` is what `pnpm list -r --depth Infinity --json --lockfile-only` names, `list-prod.txt`
with `--prod`; `ws` is the published package.json of ws 8.18.0, resolved by pnpm 9.15.9.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paritycheck_agent.locks import pnpm
from tests.agent.lock_fixtures import alone, fixture, listed, mutated, rows_of, seconds, seen, told

if TYPE_CHECKING:
    from paritycheck_agent.packages import Lock

VERSIONS = ("6.35.1", "7.33.7", "8.15.9", "12.21.0")
NEWEST = fixture("pnpm/12.21.0", "pnpm-lock.yaml")
OLDEST = fixture("pnpm/6.35.1", "pnpm-lock.yaml")
MIDDLE = fixture("pnpm/8.15.9", "pnpm-lock.yaml")
# What pnpm itself needs for its work; it does not list that.
CONFIG = ("@pnpm/plugin-types-fixer", "0.1.0")
DIRECT = {
    "@emnapi/runtime", "@types/ms", "acme-rounding", "debug", "dinero.js", "fsevents", "is-odd", "isarray", "left-pad",
    "ms", "react", "semver", "send", "typescript", "use-sync-external-store",
}  # fmt: skip


def read(data: bytes) -> Lock:
    return pnpm.read(data, "pnpm-lock.yaml", alone)


def lock_of(version: str) -> Lock:
    return read(fixture(f"pnpm/{version}", "pnpm-lock.yaml"))


def test_it_names_what_pnpm_lists() -> None:
    """pnpm gives a folder outside the workspace (`file:lib/tax`) for a version; such a folder is no package."""
    lock = lock_of("12.21.0")
    assert seen(lock) == (listed("pnpm/12.21.0") | {CONFIG}) - {("tax", "file:lib/tax")}
    assert (lock.whole, lock.warnings, lock.local) == (True, [], {"pkg:npm/prices", "pkg:npm/tax"})


def test_production_and_optional_are_what_pnpm_lists_without_development() -> None:
    shipped = listed("pnpm/12.21.0", "list-prod.txt") - {("tax", "file:lib/tax")}
    assert seen(lock_of("12.21.0"), shipped=True) == shipped


def test_the_lock_of_ws_names_what_pnpm_lists_and_nothing_ships() -> None:
    lock = lock_of("ws")
    assert seen(lock) == listed("pnpm/ws")
    assert (lock.whole, lock.warnings, seen(lock, shipped=True)) == (True, [], set())


@pytest.mark.parametrize("version", VERSIONS[:-1])
def test_all_formats_say_the_same_of_one_project(version: str) -> None:
    newest = told(lock_of("12.21.0"))
    del newest[CONFIG[0]]
    if version == "6.35.1":  # links the folder, so that nothing of what it needs is in the lock
        newest["ms"]["value"].remove("2.1.2")
        del newest["is-number"]  # asked for by the git source alone, whose package.json this one did not read
    found = told(lock_of(version))
    if version == "6.35.1":
        found.pop("is-number", None)
    assert found == newest


@pytest.mark.parametrize("version", ["6.35.1", "7.33.7", "8.15.9"])
def test_groups_are_what_pnpm_wrote_of_each_package(version: str) -> None:
    """Formats before 9 say `dev` and `optional` of each package: the oracle for what is found by who asks."""
    document = yaml.load(fixture(f"pnpm/{version}", "pnpm-lock.yaml"), yaml.BaseLoader)  # noqa: S506 - it makes strings only
    entries = [entry for entry in document["packages"].values() if entry["resolution"].get("type") != "directory"]
    for package, entry in zip(lock_of(version).packages, entries, strict=True):
        assert (package.groups == {"development"}) == (entry.get("dev") == "true")
        assert (package.groups == {"optional"}) == (entry.get("optional") == "true")


@pytest.mark.parametrize("version", VERSIONS)
def test_scope_alias_origin_and_several_versions(version: str) -> None:
    facts = told(lock_of(version))
    assert {name for name, fact in facts.items() if fact["scope"] == "direct"} - {CONFIG[0]} == DIRECT
    assert facts["semver"]["value"] == ["5.7.2", "7.8.6"]
    assert {name: fact["origin"] for name, fact in facts.items() if "origin" in fact} == {
        "acme-rounding": "vcs", "is-odd": "url", "left-pad": "path",
    }  # fmt: skip
    assert facts["use-sync-external-store"]["value"] == "1.2.0"


@pytest.mark.parametrize("version", VERSIONS)
def test_each_source_is_the_line_of_the_package_s_key(version: str) -> None:
    for name, row in rows_of(lock_of(version), fixture(f"pnpm/{version}", "pnpm-lock.yaml")):
        assert name in row or name == "acme-rounding"
        assert row.startswith("  ")
        assert row.endswith(":")


@pytest.mark.parametrize(
    ("key", "version", "expected"),
    [
        ("/foo/1.0.0_@babel+core@7.0.0", "5.2", ("foo", "1.0.0")),
        ("/@scope/foo/1.0.0-rc.1_bar@2.0.0", "5.4", ("@scope/foo", "1.0.0-rc.1")),
        ("registry.example.com/@scope/foo/1.0.0", "5.3", ("@scope/foo", "1.0.0")),
        ("/foo@1.0.0(@babel/core@7.0.0)(bar@2.0.0)", "6.0", ("foo", "1.0.0")),
        ("/@scope/foo@1.0.0", "6.1", ("@scope/foo", "1.0.0")),
        ("'@scope/foo@1.0.0(patch_hash=abc)'", "9.0", ("@scope/foo", "1.0.0")),
        ("foo@https://example.com/foo-1.2.3.tgz", "9.0", ("foo", "1.2.3")),
    ],
)
def test_keys_of_each_format(key: str, version: str, expected: tuple[str, str]) -> None:
    lock = read(f"lockfileVersion: '{version}'\npackages:\n  {key}:\n    resolution: {{integrity: x}}\n".encode())
    assert (seen(lock), lock.warnings) == ({expected}, [])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (NEWEST.replace(b"'9.0'", b"'10.0'"), "lock-file version 10 is not known (known: 5, 6, 9), read as far"),
        (NEWEST.replace(b"'9.0'", b"c4n4ry"), "lock-file version unknown is not known (known: 5, 6, 9), read as far"),
    ],
)  # fmt: skip
def test_a_newer_format_is_read_as_far_as_possible(data: bytes, said: str) -> None:
    lock = read(data)
    assert not lock.whole
    assert lock.warnings[0].startswith(f"pnpm-lock.yaml: {said}")
    assert told(lock) == told(read(NEWEST))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is no lock of pnpm"),
        (b"\xff", "is not UTF-8"),
        (b"lockfileVersion: '9.0'\npackages: x\n", "its packages are no mapping"),
        (b"lockfileVersion: '9.0'\npackages:\n  foo:\n    a: b\n", "a package has no name or no version"),
        (NEWEST.replace(b"\npackages:", b"\n<<<<<<< HEAD\npackages:"), "line 12 and 1 more cannot be read"),
    ],
)
def test_a_broken_lock_is_a_warning_and_not_whole(data: bytes, said: str) -> None:
    lock = read(data)
    assert not lock.whole
    assert f"pnpm-lock.yaml: {said}" in lock.warnings


def test_no_credential_of_a_lock_gets_into_what_is_said() -> None:
    for data in (NEWEST, MIDDLE, OLDEST):
        lock = read(data.replace(b"https://", b"https://ann:c4n4ry-t0ken@"))
        assert lock.whole
        assert "c4n4ry" not in json.dumps([lock.facts(), lock.warnings])


def test_three_megabytes_take_well_under_seconds() -> None:
    packages = "".join(
        f"  foo{number}@1.0.0:\n    resolution: {{integrity: sha512-{'a' * 80}}}\n\n" for number in range(10_000)
    )
    snapshots = "".join(
        f"  foo{number}@1.0.0(foo1@1.0.0):\n    dependencies:\n      foo{number + 1}: 1.0.0(foo1@1.0.0)\n\n"
        for number in range(10_000)
    )
    asked = (
        "importers:\n  .:\n    dependencies:\n      foo0:\n        specifier: 1\n        version: 1.0.0(foo1@1.0.0)\n"
    )
    data = f"lockfileVersion: '9.0'\n{asked}packages:\n{packages}snapshots:\n{snapshots}".encode()
    lock = read(data)
    assert (len(lock.packages), lock.whole) == (10_000, True)
    assert all(package.production for package in lock.packages)
    assert seconds(read, data) < 3


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_lock_never_crashes_and_never_loses_a_package_silently(data: st.DataObject) -> None:
    changed = mutated(data, NEWEST, MIDDLE, OLDEST, added=(b"    ", b"- ", b"packages:\n", b"&a", b"{}"))
    lock = read(changed)
    try:
        documents = [each for each in yaml.load_all(changed.decode(), yaml.BaseLoader) if isinstance(each, dict)]
    except (ValueError, yaml.YAMLError):
        return
    if lock.whole:
        assert len(lock.packages) == sum(_count(document.get("packages")) for document in documents)


def _count(packages: Any) -> int:
    """How many packages a document lists, by its own structure."""
    entries = packages.values() if isinstance(packages, dict) else []
    return sum("directory" not in str(_table(_table(entry).get("resolution")).get("type")) for entry in entries)


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
