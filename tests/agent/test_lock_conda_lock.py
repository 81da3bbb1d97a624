"""conda-lock.yml. conda-lock needs channels of conda, which are not reachable here: the fixture was written in the form
of the locks of public projects (conda-lock 2, version 1 of the format), with a package for each thing that matters.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paritycheck_agent.locks import conda_lock
from paritycheck_agent.wire.purl import purl
from tests.agent.lock_fixtures import alone, fixture, mutated, rows_of, seconds, told

if TYPE_CHECKING:
    from paritycheck_agent.packages import Lock

LOCK = fixture("conda", "conda-lock.yml")
NEWER = "its version is not known (known: 1), read as far as possible"
NO_MANAGER = "a package has no name, no version or no manager that is known"
CONFLICT = LOCK.replace(b"- name: xz", b"=======\n- name: xz")
KINDS = {"conda": "pkg:conda/", "pip": "pkg:pypi/"}


def read(data: bytes) -> Lock:
    return conda_lock.read(data, "conda-lock.yml", alone)


def test_it_names_what_pyyaml_reads() -> None:
    lock = read(LOCK)
    entries = yaml.load(LOCK, yaml.BaseLoader)["package"]  # noqa: S506 - it makes strings only
    expected = [(KINDS[entry["manager"]] + entry["name"], entry["version"]) for entry in entries]
    found = [
        (package.name.replace("flask-sqlalchemy", "Flask_SQLAlchemy"), package.version) for package in lock.packages
    ]
    assert found == expected
    assert (lock.whole, lock.warnings) == (True, [])


def test_a_version_is_no_number_and_a_package_of_pip_is_of_pypi() -> None:
    facts = {fact["name"]: fact for fact in read(LOCK).facts()}
    assert facts["pkg:conda/xz"]["value"] == "0.10"
    assert facts["pkg:pypi/flask-sqlalchemy"]["value"] == "3.1.1"
    assert facts["pkg:conda/python"]["value"] == ["3.12.6", "3.12.7"]


def test_groups_are_the_categories_and_what_a_platform_lacks_is_conditional() -> None:
    assert {name: fact["groups"] for name, fact in told(read(LOCK)).items() if "groups" in fact} == {
        "iniconfig": ["development"], "sphinx": ["optional"],
    }  # fmt: skip
    assert {package.name for package in read(LOCK).packages if not package.conditional} == {
        "pkg:conda/certifi", "pkg:conda/python", "pkg:pypi/flask-sqlalchemy",
    }  # fmt: skip


def test_each_source_is_the_line_of_the_package_s_name() -> None:
    for name, row in rows_of(read(LOCK), LOCK):
        assert row.lower().replace("_sql", "-sql") == f"- name: {name}"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is no lock of conda"),
        (b"\xff", "is not UTF-8"),
        (b"version: 1\npackage: []\n---\na: b\n", "is no lock of conda"),
        (LOCK.replace(b"version: 1\nmeta", b"version: 2\nmeta"), NEWER),
        (CONFLICT, "line 115 cannot be read"),
        (LOCK.replace(b"manager: pip", b"manager: c4n4ry"), NO_MANAGER),
        (b"version: 1\npackage:\n- a\n", "a package is no mapping"),
    ],
)  # fmt: skip
def test_a_broken_lock_is_a_warning_and_not_whole(data: bytes, said: str) -> None:
    lock = read(data)
    assert not lock.whole
    assert f"conda-lock.yml: {said}" in lock.warnings
    assert "c4n4ry" not in json.dumps([lock.facts(), lock.warnings])


def test_a_mark_of_a_conflict_costs_no_package() -> None:
    assert told(read(CONFLICT)) == told(read(LOCK))


def test_three_megabytes_take_well_under_seconds() -> None:
    head, *entries = LOCK.decode().split("- name: ")
    data = (head + "".join(f"- name: x{copy}-{entry}" for copy in range(900) for entry in entries)).encode()
    assert len(read(data).packages) == 900 * len(entries)
    assert seconds(read, data) < 4


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_lock_never_crashes_and_never_loses_a_package_silently(data: st.DataObject) -> None:
    changed = mutated(data, LOCK, added=(b"\n- ", b"package:\n", b"  ", b"{}"))
    lock = read(changed)
    try:
        document = yaml.load(changed.decode(), yaml.BaseLoader)  # noqa: S506 - it makes strings only
    except (ValueError, yaml.YAMLError):
        return
    if lock.whole:
        assert [package.name for package in lock.packages] == [
            purl({"conda": "conda", "pip": "pypi"}[entry["manager"]], entry["name"]) for entry in document["package"]
        ]
