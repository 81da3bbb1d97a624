"""Packages of the system: what dpkg-query and rpm say; apk's form as Alpine's images hold it (no apk runs here)."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paritycheck_agent.sources import apk, dpkg, host, rpm, system_packages
from paritycheck_agent.wire.purl import purl

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STATUS = """\
Package: libpq5
Status: install ok installed
Priority: optional
Architecture: amd64
Multi-Arch: same
Version: 15.18-0+deb12u1
Description: PostgreSQL C client library
 Package: fake
 Version: 6.6.6

Package: libpq5
Status: install ok installed
Architecture: i386
Version: 15.17-0+deb12u1

Package: gone
Status: deinstall ok config-files
Version: 1.0-1

Package: half
Status: install ok half-installed
Version: 1.0-1
"""
ALPINE = """\
C:Q1Deb0jNytkrjPW4N/eKLZ43BwOlw=
P:musl
V:1.2.5-r0
A:x86_64
T:the musl c library (libc) implementation
o:musl
p:so:libc.musl-x86_64.so.1=1
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755

C:Q1uKLZ43BwOlwDeb0jNytkrjPW4N/e=
P:busybox
V:1.36.1-r29
A:x86_64
"""


def system(root: Path, release: str, **files: str) -> Path:
    for name, text in {"etc/os-release": release, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def told(root: Path) -> tuple[str, set[tuple[str, str | None]]]:
    ecosystem, packages = system_packages.installed(str(root / "state" / "kept.json"), str(root))
    assert {package.source for package in packages} <= {"installed"}
    return ecosystem, {(package.name, package.version) for package in packages}


def test_of_this_machine_it_names_what_dpkg_lists(program: Callable[[str, str], str], tmp_path: Path) -> None:
    query = [program("dpkg-query", "dpkg"), "-W", "-f", "${db:Status-Status} ${Package} ${Version}\\n"]
    rows = subprocess.run(query, check=True, capture_output=True, text=True).stdout.splitlines()
    distribution = host.operating_system()[0]
    listed = (row.split() for row in rows if row.startswith("installed "))
    expected = {(purl("deb", name, distribution), version) for _status, name, version in listed}
    ecosystem, packages = system_packages.installed(str(tmp_path / "kept.json"))
    assert ecosystem == f"deb/{distribution}"
    assert {(package.name, package.version) for package in packages} == expected
    assert len(expected) > 50


def test_only_what_is_installed_counts_and_once_for_each_architecture(tmp_path: Path) -> None:
    root = system(tmp_path, 'ID=debian\nVERSION_ID="12"\n', **{"var/lib/dpkg/status": STATUS})
    libpq = "pkg:deb/debian/libpq5"
    assert told(root) == ("deb/debian", {(libpq, "15.18-0+deb12u1"), (libpq, "15.17-0+deb12u1")})


def test_an_image_without_dpkg_has_its_list_in_pieces(tmp_path: Path) -> None:
    """Distroless: a file for each package, with its settings beside it."""
    pieces = {
        "var/lib/dpkg/status.d/libc6": "Package: libc6\nVersion: 2.36-9\nArchitecture: amd64\n",
        "var/lib/dpkg/status.d/libc6.md5sums": "d41d8cd98f00b204e9800998ecf8427e  usr/lib/x\n",
        "var/lib/dpkg/status.d/tzdata": "Package: tzdata\nVersion: 2025b-0\n\n",
    }
    root = system(tmp_path, "ID=debian\n", **pieces)
    expected = {("pkg:deb/debian/libc6", "2.36-9"), ("pkg:deb/debian/tzdata", "2025b-0")}
    assert told(root) == ("deb/debian", expected)


@pytest.mark.parametrize("place", ["lib/apk/db/installed", "usr/lib/apk/db/installed"])
def test_alpine_s_database_is_read(tmp_path: Path, place: str) -> None:
    root = system(tmp_path, "ID=alpine\nVERSION_ID=3.20.3\n", **{place: ALPINE})
    expected = {("pkg:apk/alpine/musl", "1.2.5-r0"), ("pkg:apk/alpine/busybox", "1.36.1-r29")}
    assert told(root) == ("apk/alpine", expected)


@pytest.mark.e2e
def test_rpm_is_asked_once_while_its_database_stays_the_same(
    program: Callable[[str, str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, install = program("rpmbuild", "rpm"), program("rpm", "rpm")
    root = system(tmp_path / "root", "ID=rocky\nVERSION_ID=9.4\n")
    database = root / "var" / "lib" / "rpm"
    database.mkdir(parents=True)
    for name, epoch in (("acme-tools", "Epoch: 2\n"), ("plain", ""), ("zero", "Epoch: 0\n")):
        spec = tmp_path / f"{name}.spec"
        head = f"Name: {name}\n{epoch}Version: 1.4\nRelease: 3.el9\nSummary: x\nLicense: MIT\nBuildArch: noarch\n"
        spec.write_text(f"{head}%description\nx\n%files\n")
        subprocess.run([build, "-bb", "--quiet", "--define", f"_topdir {tmp_path}/top", spec], check=True)
    built = sorted((tmp_path / "top").rglob("*.rpm"))
    options = ["--nodeps", "--justdb", "--ignoreos", "--ignorearch"]
    subprocess.run([install, "--dbpath", database, "-i", *options, *built], check=True, capture_output=True)
    expected = {
        ("pkg:rpm/rocky/acme-tools", "2:1.4-3.el9"),
        ("pkg:rpm/rocky/plain", "1.4-3.el9"),
        ("pkg:rpm/rocky/zero", "1.4-3.el9"),
    }
    assert told(root) == ("rpm/rocky", expected)
    assert told(root) == ("rpm/rocky", expected)
    monkeypatch.setattr(rpm, "_PROGRAMS", ())
    assert told(root) == ("rpm/rocky", expected)
    subprocess.run([install, "--dbpath", database, "-e", "plain"], check=True)
    with pytest.raises(system_packages.SystemFault, match="no rpm to read it"):
        told(root)


@pytest.mark.parametrize(("script", "text"), [("exit 3", "does not answer"), ("exec sleep 60", "does not answer")])
def test_an_rpm_that_fails_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, text: str) -> None:
    root = system(tmp_path, "ID=rocky\n", **{"usr/lib/sysimage/rpm/rpmdb.sqlite": "x"})
    program = tmp_path / "rpm"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(rpm, "_PROGRAMS", (str(program),))
    monkeypatch.setattr(rpm, "_TIMEOUT_S", 0.5)
    with pytest.raises(system_packages.SystemFault, match=text):
        told(root)


def test_rpm_gets_nothing_of_the_environment_and_its_answer_is_read_line_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = system(tmp_path, "ID=fedora\n", **{"var/lib/rpm/Packages": "x"})
    program = tmp_path / "rpm"
    program.write_text(
        f"#!/bin/sh\nenv > {tmp_path}/seen\nprintf 'a\\t0:1-1\\ngpg-pubkey\\tx-1\\nb\\t1:2-1\\nodd\\n\\n'\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("CANARY", "c4n4ry")
    monkeypatch.setattr(rpm, "_PROGRAMS", (str(program),))
    assert told(root) == ("rpm/fedora", {("pkg:rpm/fedora/a", "1-1"), ("pkg:rpm/fedora/b", "1:2-1")})
    assert "c4n4ry" not in (tmp_path / "seen").read_text()


def test_tools_of_another_package_manager_with_an_empty_list_do_not_count(tmp_path: Path) -> None:
    files = {"var/lib/dpkg/status": "\n", "lib/apk/db/installed": ALPINE}
    assert told(system(tmp_path, "ID=alpine\n", **files))[0] == "apk/alpine"


def test_a_system_without_a_package_manager_says_nothing(tmp_path: Path) -> None:
    assert told(system(tmp_path, "ID=nixos\n")) == ("", set())


@pytest.mark.parametrize("release", ["", "NAME=x\n", "ID=../x\n", "ID=" + "a" * 70 + "\n", "ID=a b\n"])
def test_without_a_distribution_the_names_would_be_a_guess(tmp_path: Path, release: str) -> None:
    root = system(tmp_path, release, **{"var/lib/dpkg/status": STATUS})
    with pytest.raises(system_packages.SystemFault, match="no os-release"):
        told(root)


def test_too_much_is_said_and_nothing_is_told(tmp_path: Path) -> None:
    many = "".join(f"P:p{number}\nV:1\n\n" for number in range(10_001))
    root = system(tmp_path, "ID=alpine\n", **{"lib/apk/db/installed": many})
    with pytest.raises(system_packages.SystemFault, match="more than 10000"):
        told(root)
    with (root / "lib" / "apk" / "db" / "installed").open("ab") as stream:
        stream.truncate(33 * 1024 * 1024)
    with pytest.raises(system_packages.SystemFault, match="larger than 32 MB"):
        told(root)


def test_a_list_that_may_not_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = system(tmp_path, "ID=debian\n", **{"var/lib/dpkg/status": STATUS})

    def refuse(*_arguments: object) -> list[str]:
        raise PermissionError

    for name in ("parse", "files"):
        monkeypatch.setattr(dpkg, name, refuse)
        with pytest.raises(system_packages.SystemFault, match="may not be read"):
            told(root)


@given(
    st.text(alphabet=st.sampled_from("PSV:packgetusrion \n\t0.1\x00é"), max_size=300), st.sampled_from([STATUS, ALPINE])
)
@settings(max_examples=300)
def test_any_text_is_no_exception(text: str, base: str) -> None:
    for reader in (dpkg, apk):
        for mixed in (text, base[:40] + text + base[40:]):
            rows = reader.parse([mixed], "/")
            assert all(len(row) == 2 and all(row) for row in rows)
