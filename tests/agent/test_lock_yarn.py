"""yarn.lock, by four Yarns from one project, and the locks of express and raw-body: all must say what Yarn lists.

Made by `yarn install` (1.22.22, 2.4.2, 3.8.7, 4.18.1). `list.txt` is what `yarn list --json` of Yarn 1 and
`yarn info -A -R --json` of the others name, `list-prod.txt` what `yarn list --prod --json` does. `express` is the
published package.json of express 4.21.2 resolved by Yarn 1, `raw-body` that of raw-body 2.5.2 resolved by Yarn 4.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paritycheck_agent.locks import yarn
from tests.agent.lock_fixtures import alone, beside, fixture, listed, mutated, rows_of, seconds, seen, told

if TYPE_CHECKING:
    from paritycheck_agent.packages import Lock

BERRY = ("2.4.2", "3.8.7", "4.18.1")
CLASSIC = fixture("yarn/1.22.22", "yarn.lock")
NEWEST = fixture("yarn/4.18.1", "yarn.lock")
# Yarn 1 tells nothing of workspaces by pattern; this is the same project with its only one by name.
NAMED = {"package.json": fixture("yarn/1.22.22", "package.json").replace(b"packages/*", b"packages/prices")}
TAX = ("tax", "0.3.0")
DIRECT = {
    "@emnapi/runtime", "@types/ms", "acme-rounding", "debug", "dinero.js", "fsevents", "is-odd", "isarray", "left-pad",
    "ms", "react", "semver", "send", "use-sync-external-store",
}  # fmt: skip


def read(data: bytes) -> Lock:
    return yarn.read(data, "yarn.lock", alone)


def lock_of(folder: str) -> Lock:
    files = NAMED if folder == "1.22.22" else None
    return yarn.read(fixture(f"yarn/{folder}", "yarn.lock"), "yarn.lock", beside(f"yarn/{folder}", files))


@pytest.mark.parametrize("version", BERRY)
def test_it_names_what_yarn_lists(version: str) -> None:
    lock = lock_of(version)
    assert seen(lock) == listed(f"yarn/{version}") - {TAX}
    assert (lock.whole, lock.warnings) == (True, [])
    assert lock.local == {"pkg:npm/prices", "pkg:npm/shop", "pkg:npm/tax"}


@pytest.mark.parametrize("name", ["list.txt", "list-prod.txt"])
def test_it_names_what_yarn_1_lists(name: str) -> None:
    """Yarn 1 lists an alias under its own name, and the workspace."""
    lock = lock_of("1.22.22")
    expected = listed("yarn/1.22.22", name) - {TAX, ("prices", "0.2.0"), ("semver-five", "5.7.2")}
    assert seen(lock, shipped=name == "list-prod.txt") == expected | {("semver", "5.7.2")}
    assert (lock.whole, lock.warnings, lock.local) == (True, [], {"pkg:npm/tax"})


def test_the_locks_of_real_projects_name_what_yarn_lists() -> None:
    express, raw_body = lock_of("express"), lock_of("raw-body")
    assert seen(express) == listed("yarn/express")
    assert seen(express, shipped=True) == listed("yarn/express", "list-prod.txt")
    assert seen(raw_body) == listed("yarn/raw-body")
    for lock in (express, raw_body):
        assert (lock.whole, lock.warnings) == (True, [])
    assert {name for name, fact in told(raw_body).items() if "groups" not in fact and fact["scope"] == "direct"} == {
        "bytes", "http-errors", "iconv-lite", "unpipe",
    }  # fmt: skip


@pytest.mark.parametrize("version", ["2.4.2", "3.8.7"])
def test_all_formats_of_yarn_2_and_later_say_the_same_of_one_project(version: str) -> None:
    newest, found = told(lock_of("4.18.1")), told(lock_of(version))
    if version == "2.4.2":
        del newest["typescript"]  # its patch of then does not fit any TypeScript of now
    for name in ("semver", "fsevents"):
        found.pop(name)
        newest.pop(name)
    assert found == newest


def test_yarn_1_and_4_say_the_same_of_what_both_hold() -> None:
    """Yarn 2 and later have node-gyp for what may need to be built; Yarn 1 has not."""
    classic, newest = told(lock_of("1.22.22")), told(lock_of("4.18.1"))
    assert classic.keys() < newest.keys()
    assert {name: newest[name] for name in classic} == classic


@pytest.mark.parametrize("version", ["1.22.22", *BERRY])
def test_scope_groups_alias_and_origin(version: str) -> None:
    facts = told(lock_of(version))
    assert {name for name, fact in facts.items() if fact["scope"] == "direct"} - {"typescript"} == DIRECT
    assert facts["semver"]["value"] == ["5.7.2", "7.8.6"]
    assert {name: fact["origin"] for name, fact in facts.items() if "origin" in fact} == {
        "acme-rounding": "vcs", "is-odd": "url", "left-pad": "path",
    }  # fmt: skip
    developing = {name for name, fact in facts.items() if fact.get("groups") == ["development"]}
    assert developing - {"typescript"} == {"isarray"}
    assert {"@emnapi/runtime", "tslib", "fsevents"} <= {
        name for name, fact in facts.items() if fact.get("groups") == ["optional"]
    }


def test_yarn_1_without_all_manifests_never_calls_a_package_transitive_or_of_development() -> None:
    unknown = yarn.read(CLASSIC, "yarn.lock", beside("yarn/1.22.22"))
    assert {fact.get("scope") for fact in unknown.facts()} == {"direct", None}
    assert all("groups" not in fact for fact in unknown.facts())
    assert all("scope" not in fact for fact in read(CLASSIC).facts())


def test_yarn_4_without_manifests_knows_what_is_direct_and_not_what_is_for_development() -> None:
    facts = told(read(NEWEST))
    assert {name for name, fact in facts.items() if fact["scope"] == "direct"} == DIRECT | {"typescript"}
    assert all(fact.get("groups") != ["development"] for fact in facts.values())


def test_a_patch_and_what_it_patches_are_one_package_in_one_group() -> None:
    places = [package for package in lock_of("4.18.1").packages if package.name == "pkg:npm/typescript"]
    assert [(place.version, set(place.groups)) for place in places] == [("5.4.5", {"development"})] * 2


def test_a_range_that_resolutions_forced_elsewhere_is_found_by_its_name() -> None:
    entries = b'a@^1.0.0:\n  version "1.0.0"\n  dependencies:\n    b "^1.0.0"\n\nb@2.0.0:\n  version "2.0.0"\n'
    files = {"package.json": b'{"dependencies": {"a": "^1.0.0"}, "devDependencies": {"c": "1"}}'}
    lock = yarn.read(b"# yarn lockfile v1\n\n" + entries, "yarn.lock", beside("yarn", files))
    assert {package.name: (package.direct, set(package.groups)) for package in lock.packages} == {
        "pkg:npm/a": (True, {"production"}), "pkg:npm/b": (False, {"production"}),
    }  # fmt: skip


def test_many_versions_of_one_name_that_ask_for_each_other_are_walked_once() -> None:
    """Each entry asking for all others would be four hundred million steps."""
    entries = "".join(
        f'a@{number}:\n  version "1.0.{number}"\n  dependencies:\n    a "x"\n\n' for number in range(20_000)
    )
    data = b"# yarn lockfile v1\n" + entries.encode()
    files = {"package.json": b'{"dependencies": {"a": "x"}}'}
    assert seconds(lambda data: yarn.read(data, "yarn.lock", beside("yarn", files)), data) < 10


@pytest.mark.parametrize("version", ["1.22.22", *BERRY])
def test_each_source_is_the_line_of_the_package_s_descriptors(version: str) -> None:
    for name, row in rows_of(lock_of(version), fixture(f"yarn/{version}", "yarn.lock")):
        assert f"{name}@" in row
        assert row.endswith(":")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            NEWEST.replace(b"  version: 10", b"  version: 11", 1),
            "version 11 is not known (known: 4 to 10), read as far",
        ),
        (NEWEST.replace(b"  version: 10", b"  version: c4n4ry", 1), "version unknown is not known (known: 4 to 10), "),
    ],
)
def test_a_newer_format_is_read_as_far_as_possible(data: bytes, said: str) -> None:
    lock = read(data)
    assert not lock.whole
    assert lock.warnings[0].startswith(f"yarn.lock: {said}")
    assert told(lock) == told(read(NEWEST))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is no lock of Yarn"),
        (b"\xff", "is not UTF-8"),
        (b"__metadata:\n  version: 8\n---\na: b\n", "is no lock of Yarn"),
        (NEWEST.replace(b'\n"abbrev', b'\n<<<<<<< HEAD\n"abbrev'), "line 33 cannot be read"),
        (CLASSIC.replace(b"\ndebug@", b"\n=======\ndebug@"), "line 23 cannot be read"),
        (CLASSIC.replace(b'  version "2.6.9"', b'  verzion "2.6.9"'), "a package has no name or no version"),
    ],
)
def test_a_broken_lock_is_a_warning_and_not_whole(data: bytes, said: str) -> None:
    lock = read(data)
    assert not lock.whole
    assert f"yarn.lock: {said}" in lock.warnings


def test_no_credential_of_a_lock_gets_into_what_is_said() -> None:
    for data in (NEWEST, CLASSIC):
        lock = read(data.replace(b"https://", b"https://ann:c4n4ry-t0ken@"))
        assert lock.whole
        assert "c4n4ry" not in json.dumps([lock.facts(), lock.warnings])


CLASSIC_FORM = """foo{0}@^1.0.0, foo{0}@^1.1.0:
  version "1.2.0"
  resolved "https://example.com/{2}"
  dependencies:
    foo{1} "^1.0.0"

"""
BERRY_FORM = """"foo{0}@npm:^1.0.0, foo{0}@npm:^1.1.0":
  version: 1.2.0
  resolution: "foo{0}@npm:1.2.0"
  dependencies:
    foo{1}: "npm:^1.0.0"
  checksum: {2}

"""


@pytest.mark.parametrize(
    ("start", "form"), [("# yarn lockfile v1\n", CLASSIC_FORM), ("__metadata:\n  version: 8\n\n", BERRY_FORM)]
)
def test_three_megabytes_take_well_under_seconds(start: str, form: str) -> None:
    data = (start + "".join(form.format(number, number + 1, "a" * 128) for number in range(10_000))).encode()
    files = {"package.json": b'{"dependencies": {"foo0": "^1.0.0"}}'}
    lock = yarn.read(data, "yarn.lock", beside("yarn", files))
    assert (len(lock.packages), lock.whole) == (10_000, True)
    assert seconds(read, data) < 3


@pytest.mark.parametrize("piece", ["a", '"', '"\\', "\\", " ", "a@1, ", "  a b\n", "#", ":", "__metadata:\n"])
def test_no_text_takes_longer_than_its_length(piece: str) -> None:
    """A quadratic reader would need minutes for a text of this length."""
    for start in (b"# yarn lockfile v1\n", b"# yarn lockfile v1\na@1:\n  x ", b"__metadata:\n  version: 8\n"):
        assert seconds(read, start + piece.encode() * (200_000 // len(piece))) < 5


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_lock_never_crashes_and_never_loses_a_package_silently(data: st.DataObject) -> None:
    changed = mutated(data, NEWEST, CLASSIC, added=(b"  ", b"a@1:\n", b"__metadata:\n", b'@npm:", "'))
    lock = read(changed)
    try:
        text = changed.decode()
        if "\n__metadata:" in "\n" + text:
            entries = [key for key in yaml.load(text, yaml.BaseLoader) if key != "__metadata"]  # noqa: S506 - it makes strings only
        else:
            entries = [row for row in text.split("\n") if row.strip(" \r") and row[0] not in " #"]
    except (ValueError, yaml.YAMLError):
        return
    # Each folder and workspace of the fixtures has a name of its own.
    assert not lock.whole or len(lock.packages) + len(lock.local) == len(entries)
