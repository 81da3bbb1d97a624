"""poetry.lock, by five versions of Poetry from one project: all formats must say the same."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paritycheck_agent.locks import poetry
from paritycheck_agent.wire.purl import purl
from tests.agent.lock_fixtures import best_seconds

if TYPE_CHECKING:
    from paritycheck_agent.packages import Lock

FIXTURES = Path(__file__).parent / "fixtures" / "poetry"
VERSIONS = ("1.1.15", "1.4.2", "1.8.5", "2.0.1", "2.5.1")
NEWEST = (FIXTURES / "2.5.1" / "poetry.lock").read_bytes()
LOCK_2_0 = (FIXTURES / "1.8.5" / "poetry.lock").read_bytes()
# `mistune` is asked for by a group that pyproject.toml of Poetry 1.1 cannot have.
ONLY_LATER = "pkg:pypi/mistune"


def read(version: str, data: bytes | None = None, *, alone: bool = False) -> Lock:
    folder = FIXTURES / version

    def sibling(path: str) -> bytes | None:
        return None if alone else (folder / path).read_bytes()

    return poetry.read(data if data is not None else (folder / "poetry.lock").read_bytes(), "poetry.lock", sibling)


def told(lock: Lock) -> dict[str, dict[str, object]]:
    return {fact["name"]: {key: fact[key] for key in fact if key != "sources"} for fact in lock.facts()}


def written(data: bytes) -> Any:
    return tomllib.loads(data.decode())["package"]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_package_that_is_written_is_told_and_no_other(version: str) -> None:
    lock = read(version)
    data = (FIXTURES / version / "poetry.lock").read_bytes()
    expected = {
        (purl("pypi", str(entry["name"])), entry["version"]) for entry in written(data) if entry["name"] != "tax"
    }
    assert {(package.name, package.version) for package in lock.packages} == expected
    assert (lock.whole, lock.warnings, lock.local) == (True, [], {"pkg:pypi/tax"})


@pytest.mark.parametrize("version", VERSIONS[:-1])
def test_all_formats_say_the_same_of_one_project(version: str) -> None:
    newest = told(read("2.5.1"))
    if version == "1.1.15":
        del newest[ONLY_LATER]
    assert told(read(version)) == newest


def test_groups_that_no_format_2_0_writes_are_found_by_who_asks() -> None:
    """Poetry 2 writes the groups, and is the oracle for what is found without them."""
    found = told(read("1.8.5"))
    for entry in written(NEWEST):
        groups = entry["groups"]
        if entry["name"] in {"tax", "asgiref"}:
            continue
        expected = None if "main" in groups else ["development"]
        assert found[purl("pypi", str(entry["name"]))].get("groups") == expected


def test_direct_is_what_pyproject_asks_for() -> None:
    direct = {name.removeprefix("pkg:pypi/") for name, fact in told(read("2.5.1")).items() if fact["scope"] == "direct"}
    assert direct == {
        "acme-rounding", "asgiref", "click", "httpx", "mistune", "packaging", "pytest", "python-dateutil",
        "sampleproject", "six",
    }  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
def test_without_pyproject_the_scope_is_left_out(version: str) -> None:
    lock = read(version, alone=True)
    assert all("scope" not in fact for fact in lock.facts())
    assert all(package.conditional for package in lock.packages)


def test_a_pyproject_that_is_no_toml_costs_the_scope_only() -> None:
    lock = poetry.read(NEWEST, "poetry.lock", lambda _path: b"[tool")
    assert lock.whole
    assert all("scope" not in fact for fact in lock.facts())
    assert lock.warnings == ["poetry.lock: pyproject.toml beside it is no TOML: which packages are direct is not known"]


def test_the_standard_tables_of_pyproject_count_too() -> None:
    project = b"""
[project]
dependencies = ["Click>=8", "httpx[socks]>=0.27 ; python_version >= '3.8'"]
[project.optional-dependencies]
fast = ["asgiref"]
[dependency-groups]
dev = ["pytest", {include-group = "docs"}]
docs = ["mistune"]
"""
    lock = poetry.read(LOCK_2_0, "poetry.lock", lambda _path: project)
    facts = told(lock)
    direct = {name.removeprefix("pkg:pypi/") for name, fact in facts.items() if fact["scope"] == "direct"}
    assert direct == {"asgiref", "click", "httpx", "mistune", "pytest"}
    assert facts["pkg:pypi/pluggy"]["groups"] == ["development"]
    certain = {package.name for package in lock.packages if not package.conditional}
    assert "pkg:pypi/click" in certain
    assert "pkg:pypi/httpx" not in certain


def test_each_source_is_the_line_of_the_package_s_name() -> None:
    rows = NEWEST.decode().split("\n")
    for fact in read("2.5.1").facts():
        for source in fact["sources"]:
            line = rows[int(source.rpartition(":")[2]) - 1]
            assert purl("pypi", line.split('"')[1]) == fact["name"]


@pytest.mark.parametrize(
    ("version", "whole", "said"),
    [
        (b"2.9", True, "poetry.lock: lock version 2.9 is newer than the known 1.0 to 2.1"),
        (b"3.0", False, "poetry.lock: lock version 3.0 is not known (known: 1.0 to 2.1), read as far as possible"),
        (b"new", False, "poetry.lock: has no lock version, read as far as possible"),
    ],
)
def test_a_newer_format_is_read_as_far_as_possible(version: bytes, whole: bool, said: str) -> None:  # noqa: FBT001 - a parameter of the table above
    lock = read("2.5.1", NEWEST.replace(b'lock-version = "2.1"', b'lock-version = "' + version + b'"'))
    assert (lock.whole, lock.warnings) == (whole, [said])
    assert told(lock) == told(read("2.5.1"))


def test_a_broken_lock_is_a_warning_with_its_line() -> None:
    lock = read("2.5.1", NEWEST.replace(b'name = "click"', b">>>>>>> theirs", 1))
    assert (lock.whole, lock.packages) == (False, [])
    assert lock.warnings[0].startswith("poetry.lock: is no TOML, line ")


def test_no_credential_of_a_lock_gets_into_what_is_said() -> None:
    data = NEWEST.replace(b"https://", b"https://ann:c4n4ry-t0ken@").replace(b'"v0.3.1"', b'"c4n4ry-t0ken"')
    lock = read("2.5.1", data)
    assert lock.whole
    assert "c4n4ry" not in json.dumps([lock.facts(), lock.warnings])


def by_tomllib(data: bytes) -> object:
    return tomllib.loads(data.decode())


def test_a_megabyte_takes_no_longer_than_tomllib_needs_twice() -> None:
    body, _found, tail = NEWEST.decode().partition("[extras]")
    _head, *entries = body.split("[[package]]\n")
    copies = 1_000_000 // len(body)
    blocks = [entry.replace('name = "', f'name = "x{copy}-') for copy in range(copies) for entry in entries]
    data = ("".join("[[package]]\n" + block for block in blocks) + "[extras]" + tail).encode()
    lock = read("2.5.1", data)
    assert best_seconds(lambda text: read("2.5.1", text), data) < 2 * best_seconds(by_tomllib, data)
    assert len(lock.packages) == copies * 24


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_lock_never_crashes_and_never_loses_a_package_silently(data: st.DataObject) -> None:
    start = data.draw(st.sampled_from([NEWEST, LOCK_2_0]))
    at = data.draw(st.integers(0, len(start)))
    removed = data.draw(st.integers(0, 400))
    added = data.draw(
        st.one_of(st.binary(max_size=20), st.sampled_from([b"\n", b'"', b"[[package]]\n", b"= 3", b"{}"]))
    )
    mutated = start[:at] + added + start[at + removed :]
    lock = read("2.5.1", mutated)
    try:
        entries = written(mutated)
    except (ValueError, KeyError, RecursionError):
        return
    if not isinstance(entries, list):
        assert not lock.packages
        return
    if lock.whole:
        kept = [entry for entry in entries if isinstance(entry, dict) and not _is_local(entry.get("source"))]
        expected = sorted(purl("pypi", str(entry["name"])) for entry in kept)
        assert sorted(package.name for package in lock.packages) == expected


def _is_local(source: object) -> bool:
    return isinstance(source, dict) and source.get("type") == "directory"
