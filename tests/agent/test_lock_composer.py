"""composer.lock: what `composer show --locked` prints is what the parser says.

The fixture: `composer update --no-install` of Composer 2.5.5, from a repository on disk (whose place in composer.json
was replaced by a URL), one of git and one of paths.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paritycheck_agent.wire.purl import purl
from tests.agent.lock_fixtures import Reader, broken, line_of, named, seconds, told

LOCK = Reader("composer", "composer", "composer.lock")
SHOWN = json.loads((LOCK.place / "show.json").read_text())
LOCAL = "acme/prices"
COMMIT = "50dee1450dcc314812b14462323e2c6de1575eee"


def test_it_names_what_composer_shows_and_no_other() -> None:
    """Composer shows of a branch the beginning of its commit: `dev-main 50dee14`."""
    lock = LOCK.read()
    shown = {(purl("composer", each["name"]), each["version"]) for each in SHOWN if each["name"] != LOCAL}
    assert {(name, (version or "").replace(f"#{COMMIT}", f" {COMMIT[:7]}")) for name, version in named(lock)} == shown
    assert (lock.whole, lock.warnings, lock.local) == (True, [], {f"pkg:composer/{LOCAL}"})


def test_direct_is_what_composer_calls_direct() -> None:
    facts = told(LOCK.read())
    assert {name: fact["scope"] == "direct" for name, fact in facts.items()} == {
        each["name"].lower(): each["direct-dependency"] for each in SHOWN if each["name"] != LOCAL
    }


def test_groups_and_origin_are_told_and_a_branch_has_its_commit() -> None:
    facts = told(LOCK.read())
    assert {name for name, fact in facts.items() if fact.get("groups") == ["development"]} == {"acme/diff", "acme/unit"}
    assert facts["acme/theme"] == {"value": f"dev-main#{COMMIT}", "scope": "direct", "origin": "vcs"}
    assert [name for name, fact in facts.items() if "origin" in fact] == ["acme/theme"]


def test_without_composer_json_the_scope_is_left_out() -> None:
    for beside in ({}, {"composer.json": b"{"}):
        assert all("scope" not in fact for fact in LOCK.read(beside=beside).facts())


def test_each_source_is_the_line_of_the_name_however_it_is_written() -> None:
    escaped = LOCK.data.replace(b"acme/", b"acme\\/").replace(b"\n", b"\r\n")
    for data in (LOCK.data, escaped, json.dumps(json.loads(LOCK.data), indent=1).encode()):
        rows = data.decode().split("\n")
        packages = LOCK.read(data).packages
        assert len(packages) == len(SHOWN) - 1
        for package in packages:
            row = rows[line_of(package.source) - 1].replace("\\/", "/").lower()
            assert f'"name": "{package.name.removeprefix("pkg:composer/")}"' in row


def test_a_lock_of_composer_1_may_have_no_packages_for_development() -> None:
    document = json.loads(LOCK.data)
    document["packages-dev"] = None
    lock = LOCK.read(json.dumps(document).encode())
    assert (lock.whole, len(lock.packages)) == (True, 5)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (LOCK.data.replace(b'"packages": [', b">>>>>>> theirs", 1), "is no JSON, line 8"),
        (b"\xff", "is not UTF-8"),
        (b"[" * 100_000, "is no JSON of a lock"),
        (b"[]", "is no JSON of a lock"),
        (b'{"packages": {}}', "is no lock of Composer"),
        (b'{"packages": [1]}', "packages is no list of packages"),
        (b'{"packages": [], "packages-dev": 3}', "packages-dev is no list of packages"),
        (b'{"packages": [{"name": "a/b"}]}', "a package has no name or no version"),
    ],
)
def test_what_is_odd_is_a_warning_and_not_whole(data: bytes, said: str) -> None:
    lock = LOCK.read(data)
    assert (lock.whole, lock.packages) == (False, [])
    assert lock.warnings == [f"composer.lock: {said}"]


def test_no_credential_of_a_lock_gets_into_what_is_said() -> None:
    data = LOCK.data.replace(b"https://", b"https://ann:c4n4ry-t0ken@")
    odd = data.replace(COMMIT.encode(), b"c4n4ry t0ken")
    for one in (data, odd):
        lock = LOCK.read(one)
        assert lock.whole
        assert "c4n4ry" not in json.dumps([lock.facts(), lock.warnings])


def test_a_lock_of_many_packages_takes_little_cpu() -> None:
    entry = json.loads(LOCK.data)["packages"][0]
    entries = [{**entry, "name": f"acme/p{number}"} for number in range(8_000)]
    data = json.dumps({"packages": entries}, indent=4).encode()
    assert seconds(LOCK.read, data) < 3
    assert seconds(LOCK.read, data.replace(b'"name"', b'"nome"')) < 3
    odd = (
        b'{"packages": ['
        + b'{"version": "1", "name":\n\n\n\n\n\n\n\n\n\n\n\n "a"},' * 30
        + b'{}], "x": ["a"'
        + b', "a"' * 900_000
        + b"]}"
    )
    assert seconds(LOCK.read, odd) < 6


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_lock_never_crashes_and_never_loses_a_package_silently(data: st.DataObject) -> None:
    mutated = data.draw(broken(LOCK.data, added=(b"{", b"}", b"[]", b"null,")))
    lock = LOCK.read(mutated)
    assert lock.whole or lock.warnings
    if lock.whole:
        document = json.loads(mutated)
        entries = [*document["packages"], *(document.get("packages-dev") or [])]
        paths = [each for each in entries if isinstance(each.get("dist"), dict) and each["dist"].get("type") == "path"]
        assert len(lock.packages) == len(entries) - len(paths)
