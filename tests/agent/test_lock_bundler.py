"""Gemfile.lock: what `bundle list` prints is what the parser says, and no platform is part of a version.

The fixtures: `bundle lock --add-platform` and `bundle list` of Bundler 2.3.15, with gems of four platforms from a
server on loopback, one from git and one from a folder. `sinatra`: `bundle lock --local` with the gems of Debian 12.
"""

from __future__ import annotations

import json
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.agent.lock_fixtures import Reader, broken, line_of, named, seconds, told

LOCK = Reader("bundler", "bundler", "Gemfile.lock")
SINATRA = Reader("bundler", "bundler/sinatra", "Gemfile.lock")
# Only JRuby has it, and `bundle list` prints what this platform has.
ELSEWHERE = {("pkg:gem/acme-jars", "1.0.3")}


def listed(reader: Reader) -> set[tuple[str, str]]:
    """(name, version) of each `  * name (version)` and `  * name (version revision)`."""
    found = set()
    for line in (reader.place / "list.txt").read_text().splitlines():
        if line.startswith("  * "):
            name, inside = line[4:].split(" (", 1)
            found.add((f"pkg:gem/{name}", inside.rstrip(")").split()[0]))
    return found


def test_it_names_what_bundler_lists_and_no_other() -> None:
    lock = LOCK.read()
    assert named(lock) - ELSEWHERE == {pair for pair in listed(LOCK) if pair[0] != "pkg:gem/prices"}
    assert named(lock) >= ELSEWHERE
    assert (lock.whole, lock.warnings, lock.local) == (True, [], {"pkg:gem/prices"})


def test_it_names_the_gems_of_debian() -> None:
    lock = SINATRA.read()
    assert named(lock) == listed(SINATRA)
    assert lock.whole


def test_a_gem_of_several_platforms_is_one_package() -> None:
    facts = {fact["name"]: fact for fact in LOCK.read().facts()}
    native = facts["pkg:gem/acme-native"]
    assert (native["value"], len(native["sources"])) == ("1.2.0", 3)


def test_scope_groups_and_origin_are_told() -> None:
    facts = told(LOCK.read())
    assert {name for name, fact in facts.items() if fact["scope"] == "direct"} == {
        "acme-console", "acme-money", "acme-spec", "acme-web", "acme_assets",
    }  # fmt: skip
    assert {name for name, fact in facts.items() if fact.get("groups") == ["development"]} == {
        "acme-color", "acme-console", "acme-diff", "acme-spec",
    }  # fmt: skip
    assert facts["acme-money"]["origin"] == "vcs"
    assert [name for name, fact in facts.items() if "origin" in fact] == ["acme-money"]


def test_what_only_tests_need_of_sinatra_is_for_development() -> None:
    development = {name for name, fact in told(SINATRA.read()).items() if "groups" in fact}
    assert development == {"diff-lcs", *(f"rspec{end}" for end in ("", "-core", "-expectations", "-mocks", "-support"))}


@pytest.mark.parametrize(
    ("gemfile", "groups"),
    [
        (b"", None),
        (b'gem "rspec", group: :test', ["development"]),
        (b"gem 'rspec', '~> 3.1', :group => [:development, :test]", ["development"]),
        (b'gem("rspec", groups: %i[test])', ["development"]),
        (b'gem "rspec", group: %w[test staging]', None),
        (b'group(*%i[development test]) do\n  gem "rspec"\nend', ["development"]),
        (b'gem "rspec", groups: [:test, :production]', None),
        (b'group :test, optional: true do\n  gem "rspec"\nend', ["optional"]),
        (b'group "development" do\n  platforms :ruby do\n    gem "rspec"\n  end\nend', ["development"]),
        (b'group :test do\n  gem "x"\nend\ngem "rspec"', None),
        (b'group(:test) do\n  if ENV["A"]\n    gem "x"\n  end\n  gem "rspec"\nend', ["development"]),
        (b'group :assets do\n  gem "rspec"\nend', None),
        (b'# group :test do\ngem "rspec" # group: :test', None),
        (b'\xff\xfegem "rspec", group: :test', None),
    ],
)
def test_groups_count_where_the_gemfile_is_plain(gemfile: bytes, groups: list[str] | None) -> None:
    assert told(SINATRA.read(beside={"Gemfile": gemfile}))["rspec"].get("groups") == groups


def test_gems_locked_has_its_groups_in_gems_rb() -> None:
    module = SINATRA.module
    lock = module.read(
        SINATRA.data, "gems.locked", lambda path: b'gem "rspec", group: :test' if path == "gems.rb" else None
    )
    assert told(lock)["rspec"]["groups"] == ["development"]


def test_the_sections_of_newer_versions_are_no_gems() -> None:
    newer = LOCK.data.replace(
        b"RUBY VERSION",
        b"CHECKSUMS\n  acme-color (0.4.2) sha256=1f5e\n  acme-native (1.2.0-java)\n  prices (0.1.0)\n\nRUBY VERSION",
    ).replace(b"GEM\n", b"PLUGIN SOURCE\n  remote: x\n  type: git\n  specs:\n\nGEM\n")
    lock = LOCK.read(newer.replace(b"\n", b"\r\n"))
    assert lock.whole
    assert named(lock) == named(LOCK.read())


def test_each_source_is_the_line_of_the_gem() -> None:
    for package in LOCK.read().packages:
        assert LOCK.rows()[line_of(package.source) - 1].startswith(
            f"    {package.name.removeprefix('pkg:gem/')} ({package.version}"
        )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (LOCK.data.replace(b"PLATFORMS", b"<<<<<<< HEAD\nPLATFORMS"), "line 36 is not understood"),
        (LOCK.data.replace(b"    acme-diff (1.5.0)", b"    acme-diff"), "line 21 is not understood"),
        (LOCK.data[: LOCK.data.index(b"DEPENDENCIES")], "has no section DEPENDENCIES: it is cut off"),
        (LOCK.data.replace(b"GEM\n", b"VAULT\n"), "line 15 is not understood"),
        (b"\xff", "is not UTF-8"),
    ],
)
def test_what_is_odd_is_a_warning_and_not_whole(data: bytes, said: str) -> None:
    lock = LOCK.read(data)
    assert not lock.whole
    assert lock.warnings[0] == f"Gemfile.lock: {said}"


def test_no_credential_of_a_lock_gets_into_what_is_said() -> None:
    lock = LOCK.read(LOCK.data.replace(b"https://", b"https://ann:c4n4ry-t0ken@"))
    assert lock.whole
    assert "c4n4ry" not in json.dumps([lock.facts(), lock.warnings])


def test_hostile_files_take_little_cpu() -> None:
    gems = "".join(f"    g{number} (1.0.{number}-java)\n      g{number + 1}\n" for number in range(50_000))
    assert seconds(LOCK.read, f"GEM\n  specs:\n{gems}\nDEPENDENCIES\n  g0\n".encode()) < 3
    for piece in (b"do ", b"group: [", b"group :a ", b'gem "x", ', b"(", b'gem "x", group: [:a, '):
        gemfile = (piece * 300 + b"\n") * 200
        beside = {"Gemfile": gemfile}
        assert seconds(partial(LOCK.read, beside=beside), LOCK.data) < 3
        assert LOCK.read(beside=beside).whole


def count(data: bytes) -> int:
    """How many gems a lock lists outside of PATH, by the depth of its lines."""
    section, found = "", 0
    for row in data.decode("utf-8-sig").replace("\r\n", "\n").split("\n"):
        if row.strip() and not row.startswith(" "):
            section = row.rstrip()
        elif section in {"GEM", "GIT", "PLUGIN SOURCE"} and row.startswith("    ") and row.strip() and row[4] != " ":
            found += 1
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_lock_never_crashes_and_never_loses_a_package_silently(data: st.DataObject) -> None:
    mutated = data.draw(broken(LOCK.data, SINATRA.data, added=(b"(", b")", b"-", b"    ", b"GEM\n")))
    lock = LOCK.read(mutated)
    assert lock.whole or lock.warnings
    if lock.whole:
        assert len(lock.packages) == count(mutated)
