"""go.mod: what `go list -m all` prints is what is told, with forks under their own name and local modules left out.

The fixtures: `go mod tidy` and `go list -m all` of Go 1.19.8 in a project with local modules and a file system proxy.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paritycheck_agent.wire.purl import purl
from tests.agent.lock_fixtures import Reader, broken, line_of, named, seconds, told

NEW = Reader("gomod", "go/1.19", "go.mod")
OLD = Reader("gomod", "go/1.16", "go.mod")


def listed(reader: Reader) -> set[tuple[str, str]]:
    """(name, version) of each line of `go list -m all`: `name version`, or `name version => name version or folder`."""
    found = set()
    for line in (reader.place / "list.txt").read_text().splitlines():
        words = line.split()
        used = words[words.index("=>") + 1 :] if "=>" in words else words
        if len(used) == len(("name", "version")):
            found.add((purl("golang", used[0]), used[1]))
    return found


def test_it_names_what_go_lists_and_no_other() -> None:
    lock = NEW.read()
    assert named(lock) == listed(NEW)
    assert (lock.whole, lock.warnings) == (True, [])
    assert lock.local == {"pkg:golang/example.org/shop", "pkg:golang/example.org/prices"}


def test_before_go_1_17_what_is_brought_is_not_named_and_said_to_be_missing() -> None:
    lock = OLD.read()
    assert named(lock) < listed(OLD)
    assert {name for name, _version in listed(OLD) - named(lock)} == {
        f"pkg:golang/example.org/{name}" for name in ("deep", "diff", "round")
    }
    assert not lock.whole
    assert lock.warnings == ["go.mod: of Go 1.16 names only what is asked for directly: what that brings is not known"]


def test_direct_is_what_has_no_comment_indirect() -> None:
    facts = told(NEW.read())
    assert {name for name, fact in facts.items() if fact["scope"] == "transitive"} == {
        f"example.org/{name}" for name in ("deep", "diff", "round")
    }


@pytest.mark.parametrize("directive", ["exclude", "retract"])
def test_what_is_excluded_or_retracted_is_no_requirement(directive: str) -> None:
    assert directive in NEW.data.decode()
    versions = {version for _name, version in named(NEW.read())}
    assert versions & {"v1.0.1", "v1.1.0", "v1.8.5", "v0.3.2", "v1.0.0"} == set()


def test_a_replacement_counts_for_its_version_alone_where_it_names_one() -> None:
    data = NEW.data.replace(b"\texample.org/forked v1.0.0\n", b"\texample.org/forked v1.0.2\n")
    assert ("pkg:golang/example.org/forked", "v1.0.2") in named(NEW.read(data))
    everywhere = data.replace(b"example.org/forked v1.0.0 =>", b"example.org/forked =>")
    assert ("pkg:golang/example.org/fork", "v1.0.1-acme.2") in named(NEW.read(everywhere))


def test_each_source_is_the_line_of_the_requirement() -> None:
    for fact in NEW.read().facts():
        row = NEW.rows()[line_of(fact["sources"][0]) - 1].lower()
        assert fact["name"].removeprefix("pkg:golang/").replace("/fork", "/forked") in row


@pytest.mark.parametrize(
    ("data", "beside", "said"),
    [
        (NEW.data, {}, "has no go.sum beside it: whether these versions are selected is not known"),
        (NEW.data, {"go.sum": b"\n"}, "modules that go.sum does not know: 10; go.mod was changed"),
        (NEW.data[: NEW.data.index(b"\texample.org/old")], None, "ends inside of a block: it is cut off"),
        (NEW.data.replace(b"require (", b"<<<<<<< HEAD\nrequire (", 1), None, "line 6 is not understood"),
        (NEW.data.replace(b"module example.org/shop", b""), None, "names no module"),
        (b"\xff", None, "is not UTF-8"),
    ],
)
def test_what_is_not_sure_is_a_warning_and_not_whole(data: bytes, beside: dict[str, bytes] | None, said: str) -> None:
    lock = NEW.read(data, beside=beside)
    assert not lock.whole
    assert lock.warnings[0].startswith(f"go.mod: {said}")


def test_a_requirement_changed_by_hand_is_noticed_by_go_sum() -> None:
    lock = NEW.read(NEW.data.replace(b"gopkg.in/yaml.v3 v3.0.1", b"gopkg.in/yaml.v3 v3.0.9"))
    assert not lock.whole
    assert "modules that go.sum does not know: 1;" in lock.warnings[0]


def test_the_forms_of_newer_versions_are_read() -> None:
    data = NEW.data.replace(
        b"go 1.19\n",
        b"go 1.24rc1\n\ntoolchain go1.24.2\n\ngodebug default=go1.21\n\ntool example.org/log/cmd\n\nignore ./node\n",
    ).replace(b"\n", b"\r\n")
    assert named(NEW.read(data)) == listed(NEW)
    assert NEW.read(data).whole


def test_three_megabytes_take_little_cpu() -> None:
    lines = "".join(f"\texample.org/m{number} v1.0.{number} // indirect\n" for number in range(60_000))
    assert seconds(NEW.read, f"module a\n\ngo 1.19\n\nrequire (\n{lines})\n".encode()) < 2
    assert seconds(NEW.read, b"require (" * 300_000) < 2


def count(data: bytes) -> int:
    """How many modules a go.mod requires, by its lines alone."""
    block, found = "", 0
    for row in data.decode("utf-8-sig").replace("\r\n", "\n").split("\n"):
        words = row.partition("//")[0].split()
        if words[:1] == ["require"] and words[1:] != ["("]:
            found += 1
        elif words[1:] == ["("]:
            block = words[0]
        elif words == [")"]:
            block = ""
        elif words and block == "require":
            found += 1
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_lock_never_crashes_and_never_loses_a_package_silently(data: st.DataObject) -> None:
    mutated = data.draw(broken(NEW.data, OLD.data, added=(b"(", b")\n", b"//", b"=> ", b"require ")))
    lock = NEW.read(mutated)
    assert lock.whole or lock.warnings
    if lock.whole:
        assert 0 <= count(mutated) - len(lock.packages) <= mutated.count(b"=> .")
