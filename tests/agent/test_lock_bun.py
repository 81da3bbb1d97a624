"""bun.lock, by two Buns from one project, and the lock of `ms`: all must say what Bun lists.

Made by `bun install --lockfile-only --save-text-lockfile` (1.2.0, 1.4.5). `list.txt` is what `bun pm ls --all` names;
`ms` is the published package.json of ms 2.1.3, resolved by Bun 1.4.5.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paritycheck_agent.locks import bun
from tests.agent.lock_fixtures import REVISION, alone, fixture, listed, mutated, rows_of, seconds, seen, told

if TYPE_CHECKING:
    from paritycheck_agent.packages import Lock

VERSIONS = ("1.2.0", "1.4.5")
NEWEST = fixture("bun/1.4.5", "bun.lock")
OLDEST = fixture("bun/1.2.0", "bun.lock")
DEEP = b'{"lockfileVersion": 1, "packages": {"' + b"a/" * 200 + b'b": ["b@1.0.0"]}}'
DIRECT = {
    "@emnapi/runtime", "@types/ms", "acme-rounding", "debug", "dinero.js", "fsevents", "is-odd", "isarray", "left-pad",
    "ms", "react", "semver", "send", "typescript", "use-sync-external-store",
}  # fmt: skip


def read(data: bytes) -> Lock:
    return bun.read(data, "bun.lock", alone)


def lock_of(folder: str) -> Lock:
    return read(fixture(f"bun/{folder}", "bun.lock"))


def of_packages(folder: str) -> set[tuple[str, str]]:
    """What Bun lists, in our words: it gives addresses for versions, and an alias under its own name."""
    meant = {
        ("acme-rounding", f"git+https://git.example.com/acme/rounding.git#{REVISION}"): ("acme-rounding", REVISION),
        ("is-odd", "https://registry.npmjs.org/is-odd/-/is-odd-3.0.1.tgz"): ("is-odd", "3.0.1"),
        ("left-pad", "vendor/left-pad-1.3.0.tgz"): ("left-pad", "1.3.0"),
        ("semver-five", "5.7.2"): ("semver", "5.7.2"),
    }
    packages = listed(folder) - {("prices", "workspace:packages/prices"), ("tax", "lib/tax")}
    return {meant.get(package, package) for package in packages}


@pytest.mark.parametrize("version", VERSIONS)
def test_it_names_what_bun_lists(version: str) -> None:
    lock = lock_of(version)
    assert seen(lock) == of_packages(f"bun/{version}")
    assert (lock.whole, lock.warnings) == (True, [])
    assert lock.local == {"pkg:npm/prices", "pkg:npm/shop", "pkg:npm/tax"}


def test_the_lock_of_ms_names_what_bun_lists_and_nothing_ships() -> None:
    lock = lock_of("ms")
    assert seen(lock) == listed("bun/ms")
    assert (lock.whole, lock.warnings, seen(lock, shipped=True)) == (True, [], set())


def test_both_formats_say_the_same_of_one_project() -> None:
    assert told(lock_of("1.2.0")) == told(lock_of("1.4.5"))


@pytest.mark.parametrize("version", VERSIONS)
def test_scope_groups_alias_origin_and_nested_copies(version: str) -> None:
    facts = told(lock_of(version))
    assert {name for name, fact in facts.items() if fact["scope"] == "direct"} == DIRECT
    assert {name for name, fact in facts.items() if fact.get("groups") == ["development"]} == {"isarray", "typescript"}
    assert {name for name, fact in facts.items() if fact.get("groups") == ["optional"]} == {
        "@emnapi/runtime", "fsevents", "tslib",
    }  # fmt: skip
    assert {name: fact["origin"] for name, fact in facts.items() if "origin" in fact} == {
        "acme-rounding": "vcs", "is-odd": "url", "left-pad": "path",
    }  # fmt: skip
    assert facts["ms"]["value"] == ["2.0.0", "2.1.2", "2.1.3"]
    assert facts["semver"]["value"] == ["5.7.2", "7.8.6"]


def test_the_nearest_copy_counts_and_a_scope_is_part_of_a_name() -> None:
    packages = {
        "@s/a": ["@s/a@1.0.0", "", {"dependencies": {"b": "1"}}, ""],
        "b": ["b@9.0.0", "", {}, ""],
        "@s/a/b": ["b@1.0.0", "", {"dependencies": {"@t/c": "1"}}, ""],
        "@t/c": ["@t/c@9.0.0", "", {}, ""],
        "@s/a/@t/c": ["@t/c@1.0.0", "", {"dependencies": {"b": "1"}}, ""],
    }
    workspaces = {"": {"dependencies": {"@s/a": "1"}, "devDependencies": {"b": "9", "@t/c": "9"}}}
    lock = read(json.dumps({"lockfileVersion": 1, "workspaces": workspaces, "packages": packages}).encode())
    assert {(package.name, package.version): package.groups for package in lock.packages} == {
        ("pkg:npm/%40s/a", "1.0.0"): {"production"}, ("pkg:npm/b", "9.0.0"): {"development"},
        ("pkg:npm/b", "1.0.0"): {"production"}, ("pkg:npm/%40t/c", "9.0.0"): {"development"},
        ("pkg:npm/%40t/c", "1.0.0"): {"production"},
    }  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
def test_each_source_is_the_line_of_the_package_s_key(version: str) -> None:
    for name, row in rows_of(lock_of(version), fixture(f"bun/{version}", "bun.lock")):
        assert f'["{name}@' in row


def test_comments_and_commas_are_taken_out_of_json_and_never_out_of_strings() -> None:
    data = b"""// a comment with a " and a ,
{ "lockfileVersion": 1, /* another,
 } */ "workspaces": {"": {"dependencies": {"a": "1", /**/ },},},
  "packages": {
    "a": ["a@1.0.0", "http://x/,]//,}/*", {}, "\\",]\\\\",],  // the last one ,
    "b": ["b@2.0.0", "",
      {}, "",
    ], /***/
  }, }
/* open"""
    lock = read(data)
    assert (seen(lock), lock.whole) == ({("a", "1.0.0"), ("b", "2.0.0")}, True)
    assert [package.source for package in lock.packages] == ["bun.lock:5", "bun.lock:6"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            NEWEST.replace(b'Version": 2', b'Version": 3'),
            "lock-file version 3 is not known (known: 0 to 2), read as far",
        ),
        (NEWEST.replace(b'Version": 2', b'Version": "c4n4ry"'), "lock-file version unknown is not known"),
    ],
)
def test_a_newer_format_is_read_as_far_as_possible(data: bytes, said: str) -> None:
    lock = read(data)
    assert not lock.whole
    assert lock.warnings[0].startswith(f"bun.lock: {said}")
    assert told(lock) == told(read(NEWEST))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is no JSON, line 1"),
        (b"\xff", "is not UTF-8"),
        (b"[" * 100_000, "is no JSON of a lock"),
        (b'{"lockfileVersion": 1, "packages": []}', "is no lock of Bun"),
        (b'{"packages": {}}', "is no lock of Bun"),
        (NEWEST.replace(b'\n    "debug":', b'\n<<<<<<< HEAD\n    "debug":', 1), "is no JSON, line 49"),
        (b'{"lockfileVersion": 1, "packages": {"a": []}}', "a package has no name or no version"),
        (DEEP, "a key is longer than 512 characters or 32 names"),
    ],
)  # fmt: skip
def test_a_broken_lock_is_a_warning_and_not_whole(data: bytes, said: str) -> None:
    lock = read(data)
    assert (lock.whole, lock.packages) == (False, [])
    assert lock.warnings == [f"bun.lock: {said}"]


def test_no_credential_of_a_lock_gets_into_what_is_said() -> None:
    lock = read(NEWEST.replace(b"https://", b"https://ann:c4n4ry-t0ken@"))
    assert lock.whole
    assert "c4n4ry" not in json.dumps([lock.facts(), lock.warnings])


def test_three_megabytes_take_well_under_seconds() -> None:
    needs = (f'{{ "dependencies": {{ "foo{number + 1}": "1" }} }}, "{"a" * 200}"' for number in range(10_000))
    rows = (f'    "foo{number}": ["foo{number}@1.0.0", "", {rest}],\n' for number, rest in enumerate(needs))
    asked = '"workspaces": {"": {"dependencies": {"foo0": "1"}}}'
    data = f'{{\n"lockfileVersion": 2, {asked},\n"packages": {{\n{"".join(rows)}}} }}'.encode()
    lock = read(data)
    assert (len(lock.packages), lock.whole) == (10_000, True)
    assert seconds(read, data) < 3


@pytest.mark.parametrize("piece", ['"', '\\"', "\\", "/", "/*", "*", "//", ",", ", ", "\n", '"a": [', "    "])
def test_no_text_takes_longer_than_its_length(piece: str) -> None:
    """A quadratic reader would need minutes for a text of this length."""
    many = piece.encode() * (200_000 // len(piece))
    for data in (many, b'{"packages": {' + many, b'{"lockfileVersion": 1, "packages": {}, "a": "' + many):
        assert seconds(read, data) < 5


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_lock_never_crashes_and_never_loses_a_package_silently(data: st.DataObject) -> None:
    changed = mutated(data, NEWEST, OLDEST, added=(b"[]", b"null,", b"//", b"/*", b","))
    lock = read(changed)
    try:
        packages = json.loads(re.sub(rb",(\s*[}\]])", rb"\1", changed)).get("packages", {})
    except (ValueError, AttributeError, RecursionError):
        return
    if lock.whole:
        assert len(lock.packages) == sum(not _is_local(entry) for entry in packages.values())


def _is_local(entry: Any) -> bool:
    """A folder, by its reference behind the name, whose first character may be the `@` of a scope."""
    reference = str(entry[0])[1:].partition("@")[2]
    return reference.startswith(("workspace:", "file:", "root:", "link:", "portal:", "./", "../", "/", "~/"))
