"""Podfile.lock. No CocoaPods can be reached here: the fixture was written in the form of locks of public projects, with
subspecs, names in quotes, and each kind of source. PyYAML is the oracle.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paritycheck_agent.wire.purl import purl
from tests.agent.lock_fixtures import Reader, broken, line_of, named, seconds, told

LOCK = Reader("cocoapods", "cocoapods", "Podfile.lock")


def written(data: bytes) -> set[tuple[str, str]]:
    """(pod, version) of each item of PODS, `name/subspec (version)`, whose pod has no `:path`."""
    document: Any = yaml.load(data.decode(), Loader=yaml.BaseLoader)  # noqa: S506 - the loader that makes strings alone
    local = {name for name, options in (document.get("EXTERNAL SOURCES") or {}).items() if ":path" in options}
    items = [next(iter(item)) if isinstance(item, dict) else item for item in document["PODS"]]
    pairs = [item.rstrip(")").split(" (") for item in items]
    return {
        (purl("cocoapods", name.split("/")[0]), version) for name, version in pairs if name.split("/")[0] not in local
    }


def test_every_pod_that_is_written_is_told_and_no_other() -> None:
    lock = LOCK.read()
    assert named(lock) == written(LOCK.data)
    assert len(named(lock)) == 11
    assert (lock.whole, lock.warnings, lock.local) == (True, [], {"pkg:cocoapods/React-Core", "pkg:cocoapods/Yoga"})


def test_subspecs_are_their_pod() -> None:
    facts = {fact["name"]: fact for fact in LOCK.read().facts()}
    assert facts["pkg:cocoapods/Firebase"]["value"] == "10.24.0"
    assert len(facts["pkg:cocoapods/Firebase"]["sources"]) == 3
    assert not any("/" in name.removeprefix("pkg:cocoapods/") for name in facts)


def test_scope_and_origin_are_told() -> None:
    facts = told(LOCK.read())
    assert {name for name, fact in facts.items() if fact["scope"] == "transitive"} == {
        "FirebaseAnalytics", "FirebaseCore", "FirebaseCoreInternal", "GoogleUtilities",
    }  # fmt: skip
    assert {name: fact["origin"] for name, fact in facts.items() if "origin" in fact} == {
        "DoubleConversion": "url", "MoneyKit": "vcs", "boost": "path", "hermes-engine": "path",
    }  # fmt: skip
    assert facts["UIImage%2BTint"] == {"value": "1.0.0-beta.2", "scope": "direct"}


def test_each_source_is_the_line_of_the_pod() -> None:
    for package in LOCK.read().packages:
        row = LOCK.rows()[line_of(package.source) - 1].replace("+", "%2B")
        assert package.name.removeprefix("pkg:cocoapods/") in row
        assert f"({package.version})" in row


def test_a_project_without_pods_is_read() -> None:
    lock = LOCK.read(b"PODS: []\n\nDEPENDENCIES: []\n\nCOCOAPODS: 1.15.2\n")
    assert (lock.whole, lock.packages) == (True, [])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (LOCK.data.replace(b"  - boost", b"<<<<<<< HEAD\n  - boost", 1), "line 3 is not understood"),
        (LOCK.data.replace(b"boost (1.83.0)", b"boost"), "line 3 is not understood"),
        (LOCK.data.replace(b"boost (1.83.0)", b"boost (1.83.0"), "line 3 is not understood"),
        (LOCK.data[: LOCK.data.index(b"DEPENDENCIES")], "has no section DEPENDENCIES: it may be cut off"),
        (LOCK.data[: LOCK.data.index(b"SPEC REPOS")], "has no section COCOAPODS: it may be cut off"),
        (b"\xff", "is not UTF-8"),
    ],
)
def test_what_is_odd_is_a_warning_and_not_whole(data: bytes, said: str) -> None:
    lock = LOCK.read(data)
    assert not lock.whole
    assert lock.warnings[0] == f"Podfile.lock: {said}"


def test_no_credential_of_a_lock_gets_into_what_is_said() -> None:
    lock = LOCK.read(LOCK.data.replace(b"https://", b"https://ann:c4n4ry-t0ken@"))
    assert lock.whole
    assert "c4n4ry" not in json.dumps([lock.facts(), lock.warnings])


def test_three_megabytes_take_little_cpu() -> None:
    pods = "".join(f"  - P{number} (1.0.{number}):\n    - P{number + 1}\n" for number in range(60_000))
    assert seconds(LOCK.read, f"PODS:\n{pods}\nDEPENDENCIES:\n  - P1\n\nCOCOAPODS: 1.15.2\n".encode()) < 3
    assert seconds(LOCK.read, b"PODS:\n  - " + b"(" * 3_000_000) < 3


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_lock_never_crashes_and_never_loses_a_package_silently(data: st.DataObject) -> None:
    mutated = data.draw(broken(LOCK.data, added=(b"(", b")", b"- ", b"  ", b"PODS:\n", b":path: x\n")))
    lock = LOCK.read(mutated)
    assert lock.whole or lock.warnings
    if lock.whole:
        section, names = "", []
        for row in mutated.decode("utf-8-sig").replace("\r\n", "\n").split("\n"):
            section = row.split(":")[0] if row.strip() and not row.startswith(" ") else section
            if section == "PODS" and row.startswith("  - "):
                names.append(purl("cocoapods", row[4:].strip("\"':").split(" ")[0].split("/")[0]))
        kept = [name for name in names if name not in lock.local]
        assert [package.name for package in lock.packages] == kept
