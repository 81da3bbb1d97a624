"""Pipfile.lock: what `pipenv requirements` says of the same lock is what the parser says.

Made by `pipenv lock --categories "packages dev-packages docs"` of Pipenv 2026.10.3; `requirements.txt` by `pipenv
requirements --dev`, `requirements-docs.txt` by `pipenv requirements --categories docs`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from paritycheck_agent.locks import pipfile
from tests.agent.lock_fixtures import PY_REVISION, alone, beside, fixture, mutated, rows_of, seconds, seen, told

if TYPE_CHECKING:
    from paritycheck_agent.packages import Lock

LOCK = fixture("pipenv", "Pipfile.lock")


def read(data: bytes = LOCK, *, pipfile_text: bytes | None = None) -> Lock:
    files = None if pipfile_text is None else {"Pipfile": pipfile_text}
    return pipfile.read(data, "Pipfile.lock", beside("pipenv", files))


def exported(name: str) -> set[tuple[str, str]]:
    found = set()
    for line in fixture("pipenv", name).decode().splitlines():
        if line.startswith("-"):
            continue
        if line.endswith(".whl"):
            wheel, wheel_version, *_ = parse_wheel_filename(line.rpartition("/")[2])
            found.add((str(wheel), str(wheel_version)))
        else:
            asked = Requirement(line)
            version = asked.url.rpartition("@")[2] if asked.url else str(asked.specifier).removeprefix("==")
            found.add((str(canonicalize_name(asked.name)), version))
    return found


def test_it_names_what_pipenv_exports() -> None:
    lock = read()
    assert seen(lock) == exported("requirements.txt") | exported("requirements-docs.txt")
    assert ("acme-rounding", PY_REVISION) in seen(lock)
    assert (lock.whole, lock.warnings, lock.local) == (True, [], {"pkg:pypi/tax"})


def test_scope_groups_and_origin_are_told() -> None:
    facts = told(read())
    assert {name for name, fact in facts.items() if fact["scope"] == "direct"} == {
        "acme-rounding", "click", "httpx", "importlib-metadata", "mistune", "pytest", "python-dateutil",
        "sampleproject", "six",
    }  # fmt: skip
    assert {name: fact["groups"] for name, fact in facts.items() if "groups" in fact} == {
        "mistune": ["optional"], "packaging": ["development"], "pluggy": ["development"], "pytest": ["development"],
    }  # fmt: skip
    assert {name: fact["origin"] for name, fact in facts.items() if "origin" in fact} == {
        "acme-rounding": "vcs", "sampleproject": "path", "six": "url",
    }  # fmt: skip


def test_a_marker_that_is_only_the_package_s_own_python_is_no_condition() -> None:
    certain = {package.name for package in read().packages if not package.conditional}
    assert {"pkg:pypi/click", "pkg:pypi/python-dateutil"} <= certain
    assert certain.isdisjoint({"pkg:pypi/importlib-metadata", "pkg:pypi/zipp", "pkg:pypi/pytest", "pkg:pypi/mistune"})


def test_a_range_behind_an_equals_sign_is_no_version() -> None:
    """Pipenv 2026.8.0 wrote so of a package that markers keep from its Python (fixtures/pipenv/celery)."""
    lock = read(LOCK.replace(b'"version": "==8.1.7"', b'"version": "==>=8.1.7"'))
    assert told(lock)["click"] == {"unknown": "unpinned", "scope": "direct"}
    assert lock.whole


def test_a_star_and_a_range_are_unpinned_and_counted_as_read() -> None:
    data = LOCK.replace(b'"version": "==8.1.7"', b'"version": "*"').replace(
        b'"version": "==0.6"', b'"version": ">=0.5"'
    )
    lock = read(data)
    assert lock.whole
    assert told(lock)["click"] == {"unknown": "unpinned", "scope": "direct"}
    assert told(lock)["peppercorn"]["unknown"] == "unpinned"


def test_without_a_pipfile_the_scope_is_left_out() -> None:
    lock = pipfile.read(LOCK, "Pipfile.lock", alone)
    assert all("scope" not in fact for fact in lock.facts())
    broken = read(pipfile_text=b"[packages")
    assert all("scope" not in fact for fact in broken.facts())
    assert broken.warnings == ["Pipfile.lock: the Pipfile beside it is no TOML: which packages are direct is not known"]


def test_each_source_is_the_line_of_the_package_s_key_in_its_category() -> None:
    for name, row in rows_of(read(), LOCK):
        assert row == f'        "{name}": {{'
    assert next(fact["sources"] for fact in read().facts() if fact["name"] == "pkg:pypi/iniconfig") == [
        "Pipfile.lock:88", "Pipfile.lock:164",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is no JSON, line 1"),
        (b"\xff", "is not UTF-8"),
        (b"[" * 100_000, "is no JSON of a lock"),
        (b"{}", "is no lock of Pipenv"),
        (b'{"_meta": {"pipfile-spec": 6}, "default": []}', "a category is no table"),
        (b'{"_meta": {"pipfile-spec": 6}, "default": {"a": {}}}', "a package has no name or no version"),
    ],
)
def test_a_broken_lock_is_a_warning_and_not_whole(data: bytes, said: str) -> None:
    lock = read(data)
    assert (lock.whole, lock.packages, lock.warnings) == (False, [], [f"Pipfile.lock: {said}"])


@pytest.mark.parametrize(("spec", "said"), [(b"7", "7"), (b'"c4n4ry"', "unknown")])
def test_a_newer_format_is_read_as_far_as_possible(spec: bytes, said: str) -> None:
    lock = read(LOCK.replace(b'"pipfile-spec": 6', b'"pipfile-spec": ' + spec))
    assert not lock.whole
    assert lock.warnings == [f"Pipfile.lock: pipfile-spec {said} is not known (known: 6), read as far as possible"]
    assert told(lock) == told(read())


def test_no_credential_of_a_lock_gets_into_what_is_said() -> None:
    lock = read(LOCK.replace(b"https://", b"https://ann:c4n4ry-t0ken@"))
    assert lock.whole
    assert "c4n4ry" not in json.dumps([lock.facts(), lock.warnings])


def test_three_megabytes_take_well_under_seconds() -> None:
    document = json.loads(LOCK)
    document["default"] = {f"foo{number}": {"hashes": ["a" * 200], "version": "==1.0"} for number in range(9_000)}
    data = json.dumps(document, indent=4).encode()
    assert len(read(data).packages) == 9_000 + len(document["develop"]) + len(document["docs"])
    assert seconds(read, data) < 3


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_lock_never_crashes_and_never_loses_a_package_silently(data: st.DataObject) -> None:
    changed = mutated(data, LOCK, added=(b"[]", b"null,", b'"a": 1,'))
    lock = read(changed)
    try:
        document = json.loads(changed)
    except (ValueError, RecursionError):
        assert not lock.whole
        return
    if lock.whole:
        entries = [entry for category, held in document.items() if category != "_meta" for entry in held.values()]
        assert len(lock.packages) == sum(not _is_local(entry) for entry in entries)


def _is_local(entry: dict[str, Any]) -> bool:
    """Whether an entry names a folder, or a file that is no archive."""
    kind = next((kind for kind in ("path", "file") if isinstance(entry.get(kind), str) and entry[kind]), None)
    if kind is None or not {"git", "hg", "svn", "bzr"}.isdisjoint(entry):
        return False
    if kind == "file" and "://" in entry[kind] and not entry[kind].startswith("file:"):
        return False
    return not entry[kind].partition("#")[0].partition("?")[0].endswith((".whl", ".tar.gz", ".zip", ".tgz", ".tar.bz2"))
