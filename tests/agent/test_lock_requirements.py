"""Requirements files: what pip, pip-compile and uv wrote is told; what is not pinned is never given a version."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from paritycheck_agent.locks import requirements
from paritycheck_agent.wire.purl import purl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paritycheck_agent.packages import Lock

FIXTURES = Path(__file__).parent / "fixtures" / "pip"
UNIVERSAL = (FIXTURES / "requirements.txt").read_bytes()
REVISION = "6e47f9306e0344f0327bd785fd5b44b4874bc238"


def read(data: bytes | str, path: str = "requirements.txt", files: Mapping[str, bytes | str] | None = None) -> Lock:
    def sibling(name: str) -> bytes | None:
        found = (files or {}).get(name)
        return found.encode() if isinstance(found, str) else found

    return requirements.read(data.encode() if isinstance(data, str) else data, path, sibling)


def fixture(name: str) -> Lock:
    def sibling(path: str) -> bytes | None:
        found = FIXTURES / path
        return found.read_bytes() if found.is_file() else None

    return requirements.read((FIXTURES / name).read_bytes(), name, sibling)


def told(lock: Lock) -> dict[str, dict[str, Any]]:
    return {fact["name"].removeprefix("pkg:pypi/"): fact for fact in lock.facts()}


def values(lock: Lock) -> dict[str, Any]:
    return {name: fact.get("value", fact.get("unknown")) for name, fact in told(lock).items()}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "hashed.txt"])
def test_it_names_what_packaging_reads_in_what_uv_and_pip_compile_wrote(name: str) -> None:
    expected = set()
    for line in (FIXTURES / name).read_text().splitlines():
        if line[:1].isalnum():
            asked = Requirement(line.rstrip(" \\"))
            expected.add((str(canonicalize_name(asked.name)), str(asked.specifier).removeprefix("==")))
    lock = fixture(name)
    assert set(values(lock).items()) == expected
    assert (lock.whole, lock.warnings) == (True, [])


def test_who_asked_tells_what_is_direct() -> None:
    direct = {"click", "httpx", "importlib-metadata", "packaging", "python-dateutil"}
    for name in ("requirements.txt", "hashed.txt"):
        assert {key for key, fact in told(fixture(name)).items() if fact["scope"] == "direct"} == direct


def test_in_an_export_of_uv_what_the_project_asks_for_is_direct() -> None:
    direct = {name for name, fact in told(fixture("uv-export.txt")).items() if fact["scope"] == "direct"}
    assert {"acme-rounding", "click", "httpx", "pytest", "python-dateutil", "sampleproject", "six"} <= direct
    assert direct.isdisjoint({"anyio", "certifi", "colorama", "h11", "peppercorn", "pluggy", "socksio", "tzdata"})


def test_pip_freeze_is_a_lock_without_scope() -> None:
    lock = fixture("freeze.txt")
    assert lock.whole
    assert values(lock) == {
        "acme-rounding": REVISION, "attrs": "26.1.0", "click": "8.1.7", "peppercorn": "0.6", "pip": "23.2.1",
        "python-dateutil": "4.0.0", "sampleproject": "4.0.0", "setuptools": "65.5.0", "six": "1.17.0",
        "tzdata": "2026.6",
    }  # fmt: skip
    facts = told(lock)
    assert all("scope" not in fact for fact in facts.values())
    assert {name: fact["origin"] for name, fact in facts.items() if "origin" in fact} == {
        "acme-rounding": "vcs", "sampleproject": "path", "six": "url",
    }  # fmt: skip


def test_a_file_of_development_says_so() -> None:
    assert all(fact["groups"] == ["development"] for fact in fixture("requirements-dev.txt").facts())
    assert all("groups" not in fact for fact in fixture("requirements.txt").facts())


def test_what_a_person_wrote_is_a_manifest_and_what_is_open_has_no_version() -> None:
    lock = fixture("requirements.in")
    assert not lock.whole
    assert lock.warnings == ["requirements.in: 3 of 5 requirements are not pinned: no lock"]
    assert values(lock) == {
        "click": "8.1.7", "httpx": "0.27.2", "importlib-metadata": "unpinned", "packaging": "unpinned",
        "python-dateutil": "unpinned",
    }  # fmt: skip
    assert all(fact["scope"] == "direct" for fact in lock.facts())


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("a==1.0", "1.0"),
        ("a == 1.0", "1.0"),
        ("a ==1.0  # why", "1.0"),
        ("a===1.0-odd", "1.0-odd"),
        ("A[x,y]==1.0", "1.0"),
        ("a (==1.0)", "1.0"),
        ("a==1.0,>=0.9", "1.0"),
        ("a>=0.9,==1.0", "1.0"),
        ("a==1!2.0", "1!2.0"),
        ("a==2.1.0+CPU", "2.1.0+cpu"),
        ("a==1.0-RC1", "1.0rc1"),
        ("a==v1.0", "1.0"),
        ("a==2024.01.02", "2024.1.2"),
        ("a==1.0;python_version<'3.9'", "1.0"),
        ("a==1.0 ; sys_platform == 'win32'", "1.0"),
        ("a==1.0 --hash=sha256:00 --hash=sha256:11", "1.0"),
        ("a==\\\n1.0", "1.0"),
        ("a\\\n==1.0 \\\n    --hash=sha256:00", "1.0"),
        ("a==23.*", "unpinned"),
        ("a!=1.0", "unpinned"),
        ("a>=1.0", "unpinned"),
        ("a~=1.0", "unpinned"),
        ("a", "unpinned"),
        ("a>=1,<2", "unpinned"),
        (f"a @ git+https://ann:pw@git.example.com/a.git@{REVISION}", REVISION),
        (f"git+https://git.example.com/a.git@{REVISION}#egg=a&subdirectory=x", REVISION),
        (f"-e git+ssh://git@git.example.com/a.git@{REVISION}#egg=a", REVISION),
        ("a @ git+https://git.example.com/a.git@main", "unpinned"),
        ("a @ https://example.com/a-1.0-py3-none-any.whl#sha256=00", "1.0"),
        ("https://example.com/x/a-1.0.tar.gz?token=c4n4ry", "1.0"),
        ("./vendor/a-1.0-py3-none-any.whl", "1.0"),
        ("a-1.0.tar.gz", "1.0"),
    ],
)
def test_what_is_a_pin_and_what_is_none(line: str, value: str) -> None:
    lock = read(line)
    assert values(lock) == {"a": value}
    assert lock.whole == (value != "unpinned")


@pytest.mark.parametrize(
    "line",
    [
        "-e .", ".", "./lib/tax", "../tax", "/srv/tax", "packages/tax", "-e ./lib/tax", "--editable=lib/tax", "-e tax",
        "tax @ file:///srv/tax", "--index-url https://ann:c4n4ry@pypi.example.com/simple", "-i https://x", "--pre",
        "--extra-index-url=https://x", "# a comment", "", "   ",
    ],
)  # fmt: skip
def test_folders_and_options_are_no_packages_and_no_loss(line: str) -> None:
    lock = read(f"a==1.0\n{line}\nb==2.0\n")
    assert values(lock) == {"a": "1.0", "b": "2.0"}
    assert (lock.whole, lock.warnings) == (True, [])


@pytest.mark.parametrize("line", ["KEY=c4n4ry", "a b c4n4ry", "<<<<<<< c4n4ry", "=c4n4ry", "a=c4n4ry"])
def test_what_is_no_requirement_is_told_by_its_line_and_not_repeated(line: str) -> None:
    lock = read(f"a==1.0\n{line}\n")
    assert not lock.whole
    assert lock.warnings == ["requirements.txt: line 2 is no requirement"]
    assert "c4n4ry" not in json.dumps(lock.facts())


def test_included_files_are_read_with_their_own_lines() -> None:
    files = {"base.txt": "a==1.0\n\nb==2.0\n", "more/x.txt": "-r ../base.txt\nc==3.0\n"}
    lock = read("-r base.txt\n-r more/x.txt\nd==4.0", files=files)
    assert lock.whole
    assert {name: fact["sources"] for name, fact in told(lock).items()} == {
        "a": ["base.txt:1"], "b": ["base.txt:3"], "c": ["more/x.txt:2"], "d": ["requirements.txt:3"],
    }  # fmt: skip


def test_a_lock_in_a_sub_folder_reads_beside_itself() -> None:
    asked: list[str] = []

    def sibling(path: str) -> bytes | None:
        asked.append(path)
        return b"a==1.0" if path == "base.txt" else None

    lock = requirements.read(b"-r base.txt\n-r ../other.txt", "api/requirements/prod.txt", sibling)
    assert asked == ["base.txt", "../other.txt"]
    assert told(lock)["a"]["sources"] == ["api/requirements/base.txt:1"]
    assert not lock.whole


def test_constraints_pin_what_is_asked_for_and_add_nothing() -> None:
    lock = read("-c pins.txt\nDjango>=5\nother==1.0", files={"pins.txt": "django==5.2.1\nunasked==9.0\nother==2.0\n"})
    assert values(lock) == {"django": "5.2.1", "other": "1.0"}
    assert lock.whole


def test_files_that_include_each_other_end() -> None:
    lock = read("-r a.txt\nx==1", files={"a.txt": "-r b.txt\ny==1", "b.txt": "-r a.txt\n-r requirements.txt\nz==1"})
    assert values(lock) == {"x": "1", "y": "1", "z": "1"}


@pytest.mark.parametrize("line", ["-r missing.txt", "-r https://example.com/all.txt", "--requirement missing.txt"])
def test_a_file_that_cannot_be_read_is_no_silent_loss(line: str) -> None:
    lock = read(f"a==1.0\n{line}\n")
    assert not lock.whole
    assert lock.warnings == ["requirements.txt: a file it includes is not in the checkout, or no file"]


def test_each_file_is_looked_for_once_and_so_many_at_most() -> None:
    looked: list[str] = []

    def beside_it(path: str) -> bytes | None:
        looked.append(path)
        return None

    rows = "-r missing.txt\n" * 3 + "".join(f"-r {number}.txt\n" for number in range(200))
    assert not requirements.read(rows.encode(), "requirements.txt", beside_it).whole
    assert looked[:2] == ["missing.txt", "0.txt"]
    assert len(looked) == len(set(looked)) < 50


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_what_a_windows_shell_wrote_is_read(encoding: str) -> None:
    lock = read("a==1.0\r\nb==2.0\r\n".encode(encoding))
    assert values(lock) == {"a": "1.0", "b": "2.0"}
    assert told(lock)["b"]["sources"] == ["requirements.txt:2"]


def test_bytes_that_are_no_text_are_no_lock() -> None:
    lock = read(b"\x00\x01\x02")
    assert (lock.whole, lock.warnings) == (False, ["requirements.txt: is no text"])


def test_marked_requirements_are_conditional() -> None:
    conditional = {
        package.name.removeprefix("pkg:pypi/")
        for package in fixture("requirements.txt").packages
        if package.conditional
    }
    assert conditional == {"colorama", "importlib-metadata", "lazy-importer", "typing-extensions", "zipp"}


def test_three_megabytes_take_well_under_a_second() -> None:
    rows = [
        f"package-{number}==1.{number}.0 \\\n    --hash=sha256:{'0' * 64} \\\n    --hash=sha256:{'1' * 64}\n    # via x"
        for number in range(9_999)
    ]
    rows += [f"# {'x' * 100}"] * 13_000
    data = "\n".join(rows).encode()
    assert len(data) > 3_000_000
    lock, took = read(data), []
    for _run in range(3):  # the best of three: other work on the machine makes each of them slower
        started = time.process_time()
        read(data)
        took.append(time.process_time() - started)
    assert min(took) < 1
    assert (len(lock.packages), lock.whole) == (9_999, True)


NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True)
RELEASES = st.lists(st.integers(0, 3000), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
SUFFIXES = st.sampled_from(["", "a1", "rc2", ".post3", ".dev4", "+local.5", "-1", "_beta", ".RC01"])
BLANKS = st.sampled_from(["", " ", "  ", "\t"])


@given(st.lists(st.tuples(NAMES, RELEASES, SUFFIXES, BLANKS, st.booleans()), max_size=20))
def test_any_pin_that_packaging_reads_is_told_alike(pins: list[tuple[str, str, str, str, bool]]) -> None:
    rows, expected = [], set()
    for name, release, suffix, blank, marked in pins:
        marker = " ; python_version >= '3.9'" if marked else ""
        row = f"{name}{blank}=={blank}{release}{suffix}{marker}"
        asked = Requirement(row)
        rows.append(row)
        expected.add((purl("pypi", asked.name), str(Version(str(asked.specifier).removeprefix("==")))))
    lock = read("\n".join(rows))
    assert {(package.name, package.version) for package in lock.packages} == expected
    assert lock.whole


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_file_never_crashes_and_never_loses_a_pin_silently(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(UNIVERSAL)))
    removed = data.draw(st.integers(0, 100))
    added = data.draw(
        st.one_of(st.binary(max_size=20), st.sampled_from([b"\n", b"-r x\n", b"-c x\n", b"\\\n", b" # "]))
    )
    mutated = UNIVERSAL[:at] + added + UNIVERSAL[at + removed :]
    lock = read(mutated)
    if lock.whole and b"\0" not in mutated and b"\\\n" not in mutated:
        rows = mutated.decode("utf-8", "replace").split("\n")
        pinned = {
            row.partition("==")[0].lower() for row in rows if "==" in row.partition(" #")[0] and row[:1].isalnum()
        }
        assert {name.partition("[")[0].strip() for name in pinned if name.isascii() and name.isalpha()} <= set(
            told(lock)
        )
