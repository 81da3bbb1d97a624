"""pdm.lock, by three versions of PDM from one project, and the lock of PDM itself.

Made by `pdm lock -G:all` (1.15.5: `pdm lock`; 2.8.2; 2.29.4). `export.txt` is what `pdm export -f requirements
--without-hashes -G:all` wrote. `pdm` is the pyproject.toml of the source archive of PDM 2.20.1, locked by PDM 2.29.4.
"""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from paritycheck_agent.locks import pdm
from paritycheck_agent.wire.purl import purl
from tests.agent.lock_fixtures import alone, beside, fixture, mutated, rows_of, seconds, seen, told

if TYPE_CHECKING:
    from paritycheck_agent.packages import Lock

VERSIONS = ("1.15.5", "2.8.2", "2.29.4")
NEWEST = fixture("pdm/2.29.4", "pdm.lock")
OLDEST = fixture("pdm/1.15.5", "pdm.lock")
DIRECT = {
    "acme-rounding", "asgiref", "click", "httpx", "importlib-metadata", "mistune", "pytest", "python-dateutil",
    "sampleproject", "six",
}  # fmt: skip


def read(data: bytes) -> Lock:
    return pdm.read(data, "pdm.lock", alone)


def lock_of(folder: str) -> Lock:
    return pdm.read(fixture(f"pdm/{folder}", "pdm.lock"), "pdm.lock", beside(f"pdm/{folder}"))


def exported(folder: str) -> set[tuple[str, str]]:
    """(name, version) of each line that PDM exported; that of a git source has no version in it."""
    found = set()
    for line in fixture(f"pdm/{folder}", "export.txt").decode().splitlines():
        if line.startswith("-e"):
            continue
        asked = Requirement(line if not line.startswith("./") else f"sampleproject @ file:///{line[2:]}")
        version = str(asked.specifier).removeprefix("==")
        if asked.url:
            is_wheel = asked.url.endswith(".whl")
            version = str(parse_wheel_filename(asked.url.rpartition("/")[2])[1]) if is_wheel else "0.3.1"
        found.add((str(canonicalize_name(asked.name)), version))
    return found


def written(data: bytes) -> Any:
    return tomllib.loads(data.decode())["package"]


@pytest.mark.parametrize("folder", [*VERSIONS, "pdm"])
def test_it_names_what_is_written_and_what_pdm_exports(folder: str) -> None:
    lock, data = lock_of(folder), fixture(f"pdm/{folder}", "pdm.lock")
    entries = {(str(canonicalize_name(entry["name"])), entry["version"]) for entry in written(data)}
    assert seen(lock) == entries - {("tax", "0.3.0")}
    assert (lock.whole, lock.warnings) == (True, [])
    # PDM leaves out of an export what its markers keep from the platform it runs on.
    assert exported(folder) <= seen(lock)
    assert {name for name, _version in seen(lock) - exported(folder)} <= {
        "colorama",
        "exceptiongroup",
        "pywin32-ctypes",
    }


@pytest.mark.parametrize("version", VERSIONS[:-1])
def test_all_formats_say_the_same_of_one_project(version: str) -> None:
    """PDM 2.29 writes the groups of each package, and is the oracle for what is found without them."""
    assert told(lock_of(version)) == told(lock_of("2.29.4"))
    assert lock_of(version).local == {"pkg:pypi/tax"}


def test_groups_of_the_lock_of_pdm_are_what_it_wrote() -> None:
    project = tomllib.loads(fixture("pdm/pdm", "pyproject.toml").decode())
    kinds = {"default": "production"}
    kinds |= dict.fromkeys(project["project"].get("optional-dependencies", {}), "optional")
    kinds |= dict.fromkeys(project.get("dependency-groups", {}), "development")
    kinds |= dict.fromkeys(project["tool"]["pdm"].get("dev-dependencies", {}), "development")
    for package, entry in zip(lock_of("pdm").packages, written(fixture("pdm/pdm", "pdm.lock")), strict=True):
        assert package.groups == {kinds[group] for group in entry["groups"]}


@pytest.mark.parametrize("version", VERSIONS)
def test_scope_origin_and_extras(version: str) -> None:
    facts = told(lock_of(version))
    assert {name for name, fact in facts.items() if fact["scope"] == "direct"} == DIRECT
    assert {name: fact["origin"] for name, fact in facts.items() if "origin" in fact} == {
        "acme-rounding": "vcs", "sampleproject": "path", "six": "url",
    }  # fmt: skip
    assert facts["httpx"]["value"] == "0.27.2"  # there twice, once with its extra
    assert "groups" not in facts["socksio"]  # needed by the extra alone
    certain = {package.name for package in lock_of(version).packages if not package.conditional}
    assert {"pkg:pypi/click", "pkg:pypi/socksio"} <= certain
    assert certain.isdisjoint({"pkg:pypi/importlib-metadata", "pkg:pypi/zipp", "pkg:pypi/colorama", "pkg:pypi/asgiref"})


@pytest.mark.parametrize("version", VERSIONS)
def test_without_pyproject_the_scope_is_left_out_and_a_group_has_its_own_name(version: str) -> None:
    facts = told(read(fixture(f"pdm/{version}", "pdm.lock")))
    assert all("scope" not in fact for fact in facts.values())
    assert facts["mistune"].get("groups") == (["docs"] if version == "2.29.4" else None)


def test_a_pyproject_that_is_no_toml_costs_the_scope_only() -> None:
    lock = pdm.read(NEWEST, "pdm.lock", lambda _path: b"[tool")
    assert lock.whole
    assert all("scope" not in fact for fact in lock.facts())
    assert lock.warnings == ["pdm.lock: pyproject.toml beside it is no TOML: which packages are direct is not known"]


def test_many_versions_of_one_name_that_ask_for_each_other_are_walked_once() -> None:
    """Each row asking for all others would be a hundred million steps."""
    rows = "".join(
        f'[[package]]\nname = "a"\nversion = "1.{number}"\ndependencies = ["a"]\n' for number in range(10_000)
    )
    data = b'[metadata]\nlock_version = "4.5"\n' + rows.encode()
    project = b'[project]\ndependencies = ["a"]\n'
    assert seconds(lambda data: pdm.read(data, "pdm.lock", lambda _path: project), data) < 10


@pytest.mark.parametrize("version", VERSIONS)
def test_each_source_is_the_line_of_the_package_s_name(version: str) -> None:
    for name, row in rows_of(lock_of(version), fixture(f"pdm/{version}", "pdm.lock")):
        assert row == f'name = "{name}"'


@pytest.mark.parametrize(
    ("version", "whole", "said"),
    [
        (b"4.9.0", True, "pdm.lock: lock version 4.9.0 is newer than the known 3.0 to 4.5"),
        (b"5.0", False, "pdm.lock: lock version 5.0 is not known (known: 3.0 to 4.5), read as far as possible"),
        (b"2", False, "pdm.lock: lock version 2 is not known (known: 3.0 to 4.5), read as far as possible"),
        (b"new", False, "pdm.lock: has no lock version, read as far as possible"),
    ],
)
def test_a_newer_format_is_read_as_far_as_possible(version: bytes, whole: bool, said: str) -> None:  # noqa: FBT001 - a parameter of the table above
    lock = read(NEWEST.replace(b'lock_version = "4.5.1"', b'lock_version = "' + version + b'"'))
    assert (lock.whole, lock.warnings) == (whole, [said])
    assert told(lock) == told(read(NEWEST))


def test_a_broken_lock_is_a_warning_with_its_line() -> None:
    lock = read(NEWEST.replace(b'name = "click"', b">>>>>>> theirs", 1))
    assert (lock.whole, lock.packages) == (False, [])
    assert lock.warnings[0].startswith("pdm.lock: is no TOML, line ")
    assert read(b"\xff").warnings == ["pdm.lock: is not UTF-8"]


def test_no_credential_of_a_lock_gets_into_what_is_said() -> None:
    lock = read(NEWEST.replace(b"https://", b"https://ann:c4n4ry-t0ken@").replace(b'"v0.3.1"', b'"c4n4ry-t0ken"'))
    assert lock.whole
    assert "c4n4ry" not in json.dumps([lock.facts(), lock.warnings])


def test_three_megabytes_take_well_under_seconds() -> None:
    head, *entries = NEWEST.decode().split("[[package]]\n")
    copies = 3_000_000 // len(NEWEST)
    blocks = [entry.replace('name = "', f'name = "x{copy}-', 1) for copy in range(copies) for entry in entries]
    data = (head + "".join("[[package]]\n" + block for block in blocks)).encode()
    assert len(read(data).packages) == copies * (len(entries) - 1)
    assert seconds(read, data) < 3


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_lock_never_crashes_and_never_loses_a_package_silently(data: st.DataObject) -> None:
    changed = mutated(data, NEWEST, OLDEST, added=(b"[[package]]\n", b"= 3", b"extras = []\n"))
    lock = pdm.read(changed, "pdm.lock", beside("pdm/2.29.4"))
    try:
        entries = written(changed)
    except (ValueError, KeyError, RecursionError):
        return
    if lock.whole and isinstance(entries, list):
        names = sorted(purl("pypi", str(entry["name"])) for entry in entries if not _is_folder(entry))
        assert sorted(package.name for package in lock.packages) == names


def _is_folder(entry: dict[str, Any]) -> bool:
    path = entry.get("path") if entry.get("path") and isinstance(entry["path"], str) else None
    url = entry.get("url") if isinstance(entry.get("url"), str) else ""
    if "git" in entry or not (path or ("path" in entry and url) or str(url).startswith("file:")):
        return False
    return not str(path or url).partition("#")[0].endswith((".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz"))
