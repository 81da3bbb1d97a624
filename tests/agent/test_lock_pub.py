"""pubspec.lock of pub. Neither Dart nor a registry of pub can be reached here: the fixture was written in the form of
locks of public projects, with each source and each kind of dependency. PyYAML is the oracle.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.agent.lock_fixtures import Reader, broken, line_of, named, seconds, told

LOCK = Reader("pub", "pub", "pubspec.lock")


def written(data: bytes) -> dict[str, dict[str, Any]]:
    """The entries by name that come from elsewhere than the SDK or a folder. A scalar is what is written."""
    packages = yaml.load(data.decode("utf-8-sig"), Loader=yaml.BaseLoader)["packages"] or {}  # noqa: S506 - the loader that makes strings alone
    return {name: entry for name, entry in packages.items() if entry["source"] not in {"sdk", "path"}}


def test_every_package_that_is_written_is_told_and_no_other() -> None:
    lock = LOCK.read()
    assert named(lock) == {(f"pkg:pub/{name}", entry["version"]) for name, entry in written(LOCK.data).items()}
    assert len(lock.packages) == 6
    assert (lock.whole, lock.warnings, lock.local) == (True, [], {"pkg:pub/prices"})


def test_scope_groups_and_origin_are_told() -> None:
    facts = told(LOCK.read())
    assert {name for name, fact in facts.items() if fact["scope"] == "direct"} == {
        "acme_money", "build_runner", "http", "intl",
    }  # fmt: skip
    assert [name for name, fact in facts.items() if "groups" in fact] == ["build_runner"]
    assert facts["build_runner"]["groups"] == ["development"]
    assert [name for name, fact in facts.items() if fact.get("origin") == "vcs"] == ["acme_money"]


def test_each_source_is_the_line_of_the_name() -> None:
    for package in LOCK.read().packages:
        assert LOCK.rows()[line_of(package.source) - 1] == f"  {package.name.removeprefix('pkg:pub/')}:"


def test_older_locks_and_empty_ones_are_read() -> None:
    old = b'packages:\n  a:\n    description:\n      name: a\n    source: hosted\n    version: 1.0.0\nsdk: ">=1"\n'
    assert LOCK.read(old).facts() == [{"name": "pkg:pub/a", "value": "1.0.0", "sources": ["pubspec.lock:2"]}]
    assert LOCK.read(b"packages: {}\nsdks:\n  dart: any\n").whole
    assert named(LOCK.read(LOCK.data.replace(b"\n", b"\r\n"))) == named(LOCK.read())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (LOCK.data.replace(b"  http:\n", b"=======\n  http:\n"), "line 39 is not understood"),
        (LOCK.data.replace(b'    version: "1.2.1"\n', b""), "a package has no source or no version"),
        (LOCK.data.replace(b"source: git", b"source: moon"), "a package has no source or no version"),
        (LOCK.data[: LOCK.data.index(b"sdks:")], "has no section sdks, which pub writes last: it may be cut off"),
        (LOCK.data.replace(b"  http:\n", b""), "line 39 is not understood"),
        (b"\xff", "is not UTF-8"),
    ],
)
def test_what_is_odd_is_a_warning_and_not_whole(data: bytes, said: str) -> None:
    lock = LOCK.read(data)
    assert not lock.whole
    assert lock.warnings[0] == f"pubspec.lock: {said}"


def test_no_credential_of_a_lock_gets_into_what_is_said() -> None:
    lock = LOCK.read(LOCK.data.replace(b"https://", b"https://ann:c4n4ry-t0ken@"))
    assert lock.whole
    assert "c4n4ry" not in json.dumps([lock.facts(), lock.warnings])


def test_three_megabytes_take_little_cpu() -> None:
    entry = '  p{0}:\n    dependency: transitive\n    source: hosted\n    version: "1.0.{0}"\n'
    assert seconds(LOCK.read, ("packages:\n" + "".join(map(entry.format, range(40_000))) + "sdks:\n").encode()) < 3
    assert seconds(LOCK.read, b"packages:\n  a: " + b'"' * 3_000_000) < 3


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_lock_never_crashes_and_never_loses_a_package_silently(data: st.DataObject) -> None:
    mutated = data.draw(broken(LOCK.data, added=(b":", b"  ", b"    ", b"packages:\n", b"#")))
    lock = LOCK.read(mutated)
    assert lock.whole or lock.warnings
    if lock.whole:
        # By the depth of its lines alone: a name stands two blanks deep, in `packages`.
        section, names = "", 0
        for row in mutated.decode("utf-8-sig").replace("\r\n", "\n").split("\n"):
            if row.strip() and not row.lstrip().startswith("#"):
                section = section if row.startswith(" ") else row.split(":")[0]
                names += section == "packages" and row.startswith("  ") and row[2] != " "
        sources = [row.split() for row in mutated.decode().split("\n") if row.split()[:1] == ["source:"]]
        left_out = sum(words[1:2] in (["sdk"], ["path"]) for words in sources)
        assert names - left_out <= len(lock.packages) <= names
