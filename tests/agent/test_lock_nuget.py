"""packages.lock.json of NuGet. Neither .NET nor a registry of NuGet can be reached here: the fixture was written in the
form of locks of public projects, with two frameworks, two runtimes, and packages that are pinned centrally.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.agent.lock_fixtures import Reader, broken, line_of, named, seconds, told

LOCK = Reader("nuget", "nuget", "packages.lock.json")


def written(data: bytes) -> list[tuple[str, dict[str, Any]]]:
    """(name, entry) of each package of each framework."""
    frameworks = json.loads(data.decode("utf-8-sig"))["dependencies"].values()
    return [(name, entry) for listed in frameworks for name, entry in listed.items()]


def test_every_package_of_every_framework_is_told_and_no_other() -> None:
    lock = LOCK.read()
    expected = {(name.lower(), entry["resolved"]) for name, entry in written(LOCK.data) if entry["type"] != "Project"}
    assert {(name.removeprefix("pkg:nuget/").lower(), version) for name, version in named(lock)} == expected
    assert (lock.whole, lock.warnings, lock.local) == (True, [], {"pkg:nuget/shop.prices"})


def test_versions_differ_by_framework_and_names_ignore_case() -> None:
    facts = told(LOCK.read())
    assert facts["Newtonsoft.Json"] == {"value": ["12.0.3", "13.0.3"], "scope": "direct"}
    assert "newtonsoft.json" not in facts


def test_the_spelling_does_not_depend_on_the_order_of_the_frameworks() -> None:
    document = json.loads(LOCK.data)
    document["dependencies"] = dict(reversed(document["dependencies"].items()))
    assert told(LOCK.read(json.dumps(document).encode())) == told(LOCK.read())


def test_direct_is_what_a_framework_asks_for() -> None:
    facts = told(LOCK.read())
    assert {name for name, fact in facts.items() if fact["scope"] == "direct"} == {
        "Microsoft.Extensions.Logging", "Microsoft.NET.ILLink.Tasks", "Newtonsoft.Json",
    }  # fmt: skip


def test_each_source_is_the_line_where_its_entry_opens() -> None:
    """What a package needs is a key as well: `"Serilog": "[4.0.0, )"` opens nothing."""
    for data in (LOCK.data, LOCK.data.replace(b"\n", b"\r\n"), json.dumps(json.loads(LOCK.data), indent="\t").encode()):
        rows = data.decode().split("\n")
        for package in LOCK.read(data).packages:
            row = rows[line_of(package.source) - 1].strip().lower()
            assert row == f'"{package.name.removeprefix("pkg:nuget/").lower()}": {{'


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (LOCK.data.replace(b'"version": 2', b'"version": 3'), "lock-file version 3 is not known (known: 1 to 2), "),
        (LOCK.data.replace(b'"version": 2,', b""), "lock-file version unknown is not known"),
        (LOCK.data.replace(b'"resolved": "12.0.3",', b""), "a package has no name or no version"),
        (LOCK.data.replace(b'"net8.0/win-x64": {}', b'"net8.0/win-x64": []'), "a framework has no list of packages"),
        (LOCK.data.replace(b'"Serilog": {', b"=======", 1), "is no JSON, line 53"),
        (b'{"version": 1, "dependencies": []}', "is no lock of NuGet"),
        (b"\xff", "is not UTF-8"),
    ],
)
def test_what_is_odd_is_a_warning_and_not_whole(data: bytes, said: str) -> None:
    lock = LOCK.read(data)
    assert not lock.whole
    assert lock.warnings[0].startswith(f"packages.lock.json: {said}")


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert told(LOCK.read(b"\xef\xbb\xbf" + LOCK.data)) == told(LOCK.read())


def test_a_lock_of_many_packages_takes_little_cpu() -> None:
    entry = {"type": "Transitive", "resolved": "1.0.0", "contentHash": "x" * 88, "dependencies": {"A.B": "1.0.0"}}
    frameworks = {f"net{one}.0": {f"P{number}": entry for number in range(1_500)} for one in range(5)}
    data = json.dumps({"version": 1, "dependencies": frameworks}, indent=2).encode()
    assert seconds(LOCK.read, data) < 3
    assert len(LOCK.read(data).packages) == 7_500


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_lock_never_crashes_and_never_loses_a_package_silently(data: st.DataObject) -> None:
    mutated = data.draw(broken(LOCK.data, added=(b"{", b"}", b"[]", b"null,", b'"type": "Project",')))
    lock = LOCK.read(mutated)
    assert lock.whole or lock.warnings
    if lock.whole:
        kept = [name for name, entry in written(mutated) if str(entry.get("type")).lower() != "project"]
        assert len(lock.packages) == len(kept)
