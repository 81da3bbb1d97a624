"""Installed distributions: what importlib.metadata says, without it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from paritycheck_agent.sources import distributions

if TYPE_CHECKING:
    from pathlib import Path

LISTING = """
import importlib.metadata, json
def local(found):
    return "dir_info" in json.loads(found.read_text("direct_url.json") or "{}")
print(json.dumps([[d.metadata["Name"], d.version, local(d)] for d in importlib.metadata.distributions()]))
"""


def test_what_is_installed_is_what_importlib_says_of_this_very_environment() -> None:
    folders = [folder for folder in sys.path if folder.endswith("site-packages")]
    answer = subprocess.run([sys.executable, "-c", LISTING], check=True, capture_output=True, text=True, cwd="/")
    expected = {
        (f"pkg:pypi/{canonicalize_name(name)}", str(Version(version)))
        for name, version, local in json.loads(answer.stdout)
        if not local
    }
    assert len(expected) > 50
    installed = [package for package in distributions.installed(folders) if package.origin != "local"]
    assert {(package.name, package.version) for package in installed} == expected


def _information(site: Path, name: str, **files: str) -> None:
    (site / name).mkdir(parents=True)
    for file, text in files.items():
        (site / name / file.replace("_json", ".json")).write_text(text)


def test_odd_folders_of_packages_are_read_or_passed_over(tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    _information(site, "plain-1.0.dist-info", METADATA="Name: plain\nVersion: 1.0\n")
    _information(site, "left_over-1.0.dist-info")
    _information(
        site, "unversioned.dist-info", METADATA="Metadata-Version: 2.1\nName: Un.Versioned\nVersion: 2.0\n\nName: x\n"
    )
    _information(site, "old-3.0-py3.11.egg-info", **{"PKG-INFO": "Name: old\nVersion: 3.0\n"})
    _information(site, "local-1.0.dist-info", METADATA="x", direct_url_json='{"url": "file:///x", "dir_info": {}}')
    _information(
        site, "git-1.0.dist-info", METADATA="x", direct_url_json='{"url": "https://ann:c4n4ry@x", "vcs_info": {}}'
    )
    _information(
        site, "web-1.0.dist-info", METADATA="x", direct_url_json='{"url": "https://x/w.whl", "archive_info": {}}'
    )
    _information(
        site, "file-1.0.dist-info", METADATA="x", direct_url_json='{"url": "file:///w.whl", "archive_info": {}}'
    )
    _information(site, "broken-1.0.dist-info", METADATA="x", direct_url_json="[" * 100_000)
    (site / "debian-4.0.egg-info").write_text("Metadata-Version: 2.1\nName: debian\nVersion: 4.0\n")
    (site / "junk.dist-info").write_text("")
    found = {
        package.name.removeprefix("pkg:pypi/"): (package.version, package.origin)
        for package in distributions.installed([str(site)])
    }
    assert found == {
        "plain": ("1.0", "registry"), "un-versioned": ("2.0", "registry"), "old": ("3.0", "registry"),
        "git": ("1.0", "vcs"), "web": ("1.0", "url"), "file": ("1.0", "path"), "broken": ("1.0", "registry"),
        "debian": ("4.0", "registry"), "local": ("1.0", "local"),
    }  # fmt: skip


def test_pipes_are_not_waited_for(tmp_path: Path) -> None:
    _information(tmp_path, "plain-1.0.dist-info", METADATA="x")
    _information(tmp_path, "unversioned.dist-info")
    os.mkfifo(tmp_path / "plain-1.0.dist-info" / "direct_url.json")
    os.mkfifo(tmp_path / "unversioned.dist-info" / "METADATA")
    told = [(package.name, package.version) for package in distributions.installed([str(tmp_path)])]
    assert told == [("pkg:pypi/plain", "1.0")]


def test_the_first_folder_shadows_the_second(tmp_path: Path) -> None:
    _information(tmp_path / "one", "a-2.0.dist-info", METADATA="x")
    _information(tmp_path / "two", "a-1.0.dist-info", METADATA="x")
    packages = distributions.installed([str(tmp_path / "one"), str(tmp_path / "two")])
    assert [(package.name, package.version) for package in packages] == [("pkg:pypi/a", "2.0")]


def test_four_hundred_distributions_take_a_few_milliseconds(tmp_path: Path) -> None:
    for number in range(400):
        _information(tmp_path, f"package_{number}-1.{number}.dist-info", METADATA="x")
    packages, took = distributions.installed([str(tmp_path)]), []
    for _run in range(5):
        started = time.process_time()
        distributions.installed([str(tmp_path)])
        took.append(time.process_time() - started)
    assert len(packages) == 400
    assert min(took) < 0.05


def names(folder: Path, state: Path) -> list[str]:
    return [package.name for package in distributions.installed([str(folder)], state_dir=str(state))]


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock an hour ahead: what was just made has settled."""
    ahead = time.time() + 3_600
    monkeypatch.setattr(time, "time", lambda: ahead)


def add(folder: Path, name: str) -> Path:
    place = folder / f"{name}.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text("")
    return place


@pytest.mark.usefixtures("settled")
def test_a_folder_that_is_as_it_was_is_not_looked_into_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, state = tmp_path / "site-packages", tmp_path / "state"
    vcs = add(folder, "django-5.2")
    (vcs / "direct_url.json").write_text('{"url": "https://x/y", "vcs_info": {"vcs": "git"}}')
    (add(folder, "shop-1.0") / "direct_url.json").write_text('{"url": "file:///shop", "dir_info": {}}')
    first = distributions.installed([str(folder)], state_dir=str(state))

    def never(_folder: str) -> None:
        raise AssertionError

    monkeypatch.setattr(distributions, "_of_folder", never)
    again = distributions.installed([str(folder)], state_dir=str(state))
    told = [(package.name, package.version, package.origin, package.source) for package in again]
    assert told == [(package.name, package.version, package.origin, package.source) for package in first]
    assert told == [("pkg:pypi/django", "5.2", "vcs", "installed"), ("pkg:pypi/shop", "1.0", "local", "installed")]


@pytest.mark.usefixtures("settled")
def test_whatever_is_installed_removed_or_replaced_is_seen(tmp_path: Path) -> None:
    folder, state = tmp_path / "site-packages", tmp_path / "state"
    add(folder, "django-5.2.18")
    assert names(folder, state) == ["pkg:pypi/django"]
    other = add(folder, "sqlparse-0.5")
    assert names(folder, state) == ["pkg:pypi/django", "pkg:pypi/sqlparse"]
    shutil.rmtree(other)
    assert names(folder, state) == ["pkg:pypi/django"]
    (folder / "django-5.2.18.dist-info").rename(folder / "django-5.2.19.dist-info")
    assert [package.version for package in distributions.installed([str(folder)], state_dir=str(state))] == ["5.2.19"]
    shutil.rmtree(folder)
    add(folder, "flask-3.1")
    assert names(folder, state) == ["pkg:pypi/flask"]


def test_a_folder_that_has_just_changed_is_not_kept(tmp_path: Path) -> None:
    add(tmp_path / "site-packages", "django-5.2")
    names(tmp_path / "site-packages", tmp_path / "state")
    assert not (tmp_path / "state").exists()


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": 1}', "\x00", "[" * 100_000, "rows"])
def test_what_is_kept_and_torn_is_read_anew(tmp_path: Path, text: str) -> None:
    folder, state = tmp_path / "site-packages", tmp_path / "state"
    add(folder, "django-5.2")
    names(folder, state)
    [kept] = (state / "installed").iterdir()
    if text == "rows":
        text = json.dumps({**json.loads(kept.read_text()), "rows": [["a", [1, 2]]]})
    kept.write_text(text)
    assert names(folder, state) == ["pkg:pypi/django"]
