"""pylock.toml, by uv, PDM and pip: `packaging.pylock` is the oracle, and reads every fixture as valid.

Made by `uv export --all-groups --all-extras --format pylock.toml` (0.13.9), `pdm lock -G:all` of PDM 2.29.4 with
PDM_LOCK_FORMAT=pylock, `pip lock flask==3.1.0` (26.3). `flask` is the pyproject.toml of the source archive of Flask
3.1.0, by uv.
"""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.pylock import Pylock

from paritycheck_agent.locks import pylock
from paritycheck_agent.wire.purl import purl
from tests.agent.lock_fixtures import alone, beside, fixture, mutated, rows_of, seconds, seen, told

if TYPE_CHECKING:
    from paritycheck_agent.packages import Lock

FOLDERS = ("uv", "pdm", "pip", "flask")
UV = fixture("pylock/uv", "pylock.toml")
PDM = fixture("pylock/pdm", "pylock.toml")
PIP = fixture("pylock/pip", "pylock.toml")


def read(data: bytes) -> Lock:
    return pylock.read(data, "pylock.toml", alone)


def lock_of(folder: str) -> Lock:
    return pylock.read(fixture(f"pylock/{folder}", "pylock.toml"), "pylock.toml", beside(f"pylock/{folder}"))


def by_packaging(data: bytes) -> set[tuple[str, str | None]]:
    """(name, version) of all but folders, as `packaging` reads them."""
    document = Pylock.from_dict(tomllib.loads(data.decode()))
    packages = [package for package in document.packages if package.directory is None]
    return {(package.name, str(package.version) if package.version else None) for package in packages}


@pytest.mark.parametrize("folder", FOLDERS)
def test_it_names_what_packaging_reads(folder: str) -> None:
    lock = lock_of(folder)
    assert seen(lock) == by_packaging(fixture(f"pylock/{folder}", "pylock.toml"))
    assert (lock.whole, lock.warnings) == (True, [])
    assert lock.local == ({"pkg:pypi/tax"} if folder in {"uv", "pdm"} else set())


def test_groups_and_extras_are_read_out_of_markers() -> None:
    facts = told(lock_of("pdm"))
    assert {name: fact["groups"] for name, fact in facts.items() if "groups" in fact} == {
        "asgiref": ["optional"], "iniconfig": ["development"], "mistune": ["development"], "packaging": ["development"],
        "pluggy": ["development"], "pytest": ["development"],
    }  # fmt: skip
    certain = {package.name.removeprefix("pkg:pypi/") for package in lock_of("pdm").packages if not package.conditional}
    assert {"click", "httpx", "idna"} <= certain
    assert certain.isdisjoint({"colorama", "importlib-metadata", "zipp", "pytest", "asgiref"})


def test_a_lock_without_groups_is_all_production() -> None:
    """What is exported with all groups is installed with all groups."""
    assert all("groups" not in fact for fact in lock_of("uv").facts())
    certain = {package.name.removeprefix("pkg:pypi/") for package in lock_of("uv").packages if not package.conditional}
    assert "click" in certain
    assert "colorama" not in certain


@pytest.mark.parametrize(
    ("marker", "groups"),
    [
        ("'dev' in dependency_groups", {"development"}),
        ("'main' in dependency_groups", {"production"}),
        ("'fast' in extras", {"optional"}),
        ("'fast' in extras or 'dev' in dependency_groups", {"development", "optional"}),
        ("'dev' in dependency_groups or python_version < '3.9'", {"development", "production"}),
        ("sys_platform == 'win32'", {"production"}),
    ],
)
def test_markers_tell_groups(marker: str, groups: set[str]) -> None:
    head = 'lock-version = "1.0"\ndefault-groups = ["main"]\n'
    (package,) = read(f'{head}[[packages]]\nname = "a"\nversion = "1"\nmarker = "{marker}"\n'.encode()).packages
    assert package.groups == groups


def test_scope_and_origin_are_told() -> None:
    for folder in ("uv", "pdm"):
        facts = told(lock_of(folder))
        assert {name for name, fact in facts.items() if fact["scope"] == "direct"} == {
            "acme-rounding", "asgiref", "click", "httpx", "importlib-metadata", "mistune", "pytest", "python-dateutil",
            "sampleproject", "six",
        }  # fmt: skip
        assert {name: fact["origin"] for name, fact in facts.items() if "origin" in fact} == {
            "acme-rounding": "vcs", "sampleproject": "path", "six": "url",
        }  # fmt: skip


def test_a_pyproject_that_asks_for_nothing_is_not_what_was_locked() -> None:
    lock = pylock.read(UV, "pylock.toml", lambda _path: b"[tool.ruff]\n")
    assert all("scope" not in fact for fact in lock.facts())
    broken = pylock.read(UV, "pylock.toml", lambda _path: b"[tool")
    assert all("scope" not in fact for fact in broken.facts())
    assert broken.warnings == [
        "pylock.toml: pyproject.toml beside it is no TOML: which packages are direct is not known"
    ]


def test_names_that_are_not_normalised_are_read_all_the_same() -> None:
    """`packaging` refuses them; files of real projects hold them."""
    lock = read(UV.replace(b'name = "importlib-metadata"', b'name = "Importlib_Metadata"'))
    assert (lock.whole, told(lock)) == (True, told(read(UV)))


def test_without_a_version_the_revision_or_the_archive_tells_it() -> None:
    data = b"""lock-version = "1.0"
[[packages]]
name = "a"
vcs = { type = "git", url = "https://git.example.com/a.git", commit-id = "f7049f4d74233df9e9b93ab859575354893547b9" }
[[packages]]
name = "b"
archive = { url = "https://example.com/b-1.2.0.tar.gz#sha256=0" }
[[packages]]
name = "c"
archive = { url = "https://example.com/c" }
"""
    lock = read(data)
    assert seen(lock) == {("a", "f7049f4d74233df9e9b93ab859575354893547b9"), ("b", "1.2.0"), ("c", None)}
    assert told(lock)["c"] == {"unknown": "unpinned", "origin": "url"}
    assert lock.whole


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_source_is_the_line_of_the_package_s_name(folder: str) -> None:
    for name, row in rows_of(lock_of(folder), fixture(f"pylock/{folder}", "pylock.toml")):
        assert row == f'name = "{name}"'


def test_packages_in_one_array_are_read_without_their_lines() -> None:
    lock = read(
        b'lock-version = "1.0"\npackages = [\n    {name = "a", version = "1.0"},\n    { name = "b", version = "2" }]\n'
    )
    assert seen(lock) == {("a", "1.0"), ("b", "2")}
    assert {package.source for package in lock.packages} == {"pylock.toml"}


@pytest.mark.parametrize(
    ("version", "whole", "said"),
    [
        (b"1.9", True, "pylock.toml: lock version 1.9 is newer than the known 1.0"),
        (b"2.0", False, "pylock.toml: lock version 2.0 is not known (known: 1.0), read as far as possible"),
        (b"new", False, "pylock.toml: has no lock version, read as far as possible"),
    ],
)
def test_a_newer_format_is_read_as_far_as_possible(version: bytes, whole: bool, said: str) -> None:  # noqa: FBT001 - a parameter of the table above
    lock = read(UV.replace(b'lock-version = "1.0"', b'lock-version = "' + version + b'"'))
    assert (lock.whole, lock.warnings) == (whole, [said])
    assert told(lock) == told(read(UV))


def test_a_broken_lock_is_a_warning_with_its_line() -> None:
    lock = read(UV.replace(b'name = "click"', b">>>>>>> theirs", 1))
    assert (lock.whole, lock.packages) == (False, [])
    assert lock.warnings[0].startswith("pylock.toml: is no TOML, line ")
    assert read(b"\xff").warnings == ["pylock.toml: is not UTF-8"]
    assert read(b'lock-version = "1.0"\n[[packages]]\nname = "a"\n').warnings == [
        "pylock.toml: a package has no name or no version"
    ]


def test_no_credential_of_a_lock_gets_into_what_is_said() -> None:
    for data in (UV, PDM):
        lock = read(data.replace(b"https://", b"https://ann:c4n4ry-t0ken@").replace(b'"v0.3.1"', b'"c4n4ry-t0ken"'))
        assert lock.whole
        assert "c4n4ry" not in json.dumps([lock.facts(), lock.warnings])


@pytest.mark.parametrize("start", [UV, PDM])
def test_three_megabytes_take_well_under_seconds(start: bytes) -> None:
    head, *entries = start.decode().partition("\n[tool.")[0].split("[[packages]]\n")
    copies = 3_000_000 // len(start)
    blocks = [entry.replace('name = "', f'name = "x{copy}-', 1) for copy in range(copies) for entry in entries]
    data = (head + "".join("[[packages]]\n" + block for block in blocks)).encode()
    assert len(read(data).packages) == copies * (len(entries) - 1)
    assert seconds(read, data) < 4


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_lock_never_crashes_and_never_loses_a_package_silently(data: st.DataObject) -> None:
    changed = mutated(data, UV, PDM, PIP, added=(b"[[packages]]\n", b"= 3", b"directory = {}\n"))
    lock = read(changed)
    try:
        entries = tomllib.loads(changed.decode())["packages"]
    except (ValueError, KeyError, RecursionError):
        return
    if lock.whole and isinstance(entries, list):
        expected = sorted(purl("pypi", str(entry["name"])) for entry in entries if "directory" not in entry)
        assert sorted(package.name for package in lock.packages) == expected
