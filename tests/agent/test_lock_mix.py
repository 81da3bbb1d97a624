"""mix.lock: what Elixir itself evaluates the file to is what the parser says.

The fixture `git` was written by `mix deps.get` of Mix 1.14.0, with packages from git. No registry of Hex can be
reached, so `hex` was written in the form of locks of public projects. `list.txt` of both was printed by Elixir 1.14.0
of what `Code.eval_file("mix.lock")` gave: application, kind, name and version of each entry.
"""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paritycheck_agent.wire.purl import purl
from tests.agent.lock_fixtures import Reader, broken, line_of, named, seconds, told

GIT = Reader("mix", "mix/git", "mix.lock")
HEX = Reader("mix", "mix/hex", "mix.lock")


@pytest.mark.parametrize("reader", [GIT, HEX], ids=["git", "hex"])
def test_it_names_what_elixir_reads_and_no_other(reader: Reader) -> None:
    expected = set()
    for line in (reader.place / "list.txt").read_text().splitlines():
        app, _kind, name, version = line.split()
        expected.add((purl("hex", name, "acme" if app == "widgets" else None), version))
    lock = reader.read()
    assert named(lock) == expected
    assert (lock.whole, lock.warnings) == (True, [])


def test_the_name_is_the_one_of_the_package_and_the_organisation_its_namespace() -> None:
    facts = told(HEX.read())
    assert facts["acme/acme_widgets"] == {"value": "2.0.3", "scope": "direct"}
    assert "widgets" not in facts


def test_a_package_from_git_has_its_revision_for_a_version() -> None:
    assert told(HEX.read())["heroicons"] == {
        "value": "88ab3a0d790e6a47404cba02800a6b25d2afae50", "scope": "direct", "origin": "vcs",
    }  # fmt: skip
    assert {fact["origin"] for fact in told(GIT.read()).values()} == {"vcs"}


def test_direct_and_for_development_is_what_mix_exs_says() -> None:
    facts = told(HEX.read())
    assert {name for name, fact in facts.items() if fact["scope"] == "direct"} == {
        "acme/acme_widgets", "credo", "ecto_sql", "esbuild", "floki", "heroicons", "jason", "phoenix",
    }  # fmt: skip
    assert {name for name, fact in facts.items() if fact.get("groups") == ["development"]} == {
        "bunt", "credo", "file_system", "floki",
    }  # fmt: skip
    assert told(GIT.read())["acme_spec"]["groups"] == ["development"]


BUNT = b'defp deps do\n[{:credo, "~> 1.0", only: :dev}, %s]\nend\n'


@pytest.mark.parametrize(
    ("wanted", "inner", "groups"),
    [
        (b'{:jason, "~> 1.0"}', None, ["development"]),
        (b'{:heroicons, github: "a/b", app: false}', None, ["development"]),
        (b'{:heroicons, github: "a/b"}', None, None),
        (b'{:heroicons, github: "a/b", only: :test}', None, ["development"]),
        (b'{:prices, path: "prices"}', None, None),
        (b'{:prices, path: "prices"}', b"def deps, do: Other.list()", None),
        (b'{:prices, path: "prices"}', b"def project, do: [app: :prices]", ["development"]),
        (b'{:prices, path: "prices"}', b'def deps do\n[{:bunt, "~> 0.2"}]\nend', None),
        (b'{:prices, path: "prices"}', b'def deps do\n[{:bunt, "~> 0.2", only: :test}]\nend', ["development"]),
        (b"{:tax, in_umbrella: true}", None, None),
    ],
)
def test_what_production_may_bring_unseen_is_never_said_to_be_for_development(
    wanted: bytes, inner: bytes | None, groups: list[str] | None
) -> None:
    """credo, which is for development, brings bunt. What a package from git brings does not stand in the lock."""
    beside = {"mix.exs": BUNT % wanted, **({"prices/mix.exs": inner} if inner else {})}
    facts = told(HEX.read(beside=beside))
    assert facts["credo"]["groups"] == ["development"]
    assert facts["bunt"].get("groups") == groups


def test_of_an_umbrella_scope_and_groups_are_left_out() -> None:
    script = b'def project, do: [apps_path: "apps"]\ndefp deps do\n[{:credo, "~> 1.0"}]\nend\n'
    assert all("scope" not in fact for fact in HEX.read(beside={"mix.exs": script}).facts())


def test_what_is_optional_to_one_package_is_not_brought_by_it() -> None:
    script = b'defp deps do\n[{:ecto, "~> 3.0"}, {:credo, "~> 1.0", only: :dev}]\nend\n'
    lock = HEX.read(beside={"mix.exs": script})
    assert told(lock)["jason"]["groups"] == ["development"]
    assert "groups" not in told(lock)["decimal"]


@pytest.mark.parametrize(
    "script", [None, b"defmodule A do\nend\n", b"defp deps do\n  [{:jason", b"defp deps, do: list()\n"]
)
def test_without_a_plain_list_of_dependencies_scope_and_groups_are_left_out(script: bytes | None) -> None:
    lock = HEX.read(beside={"mix.exs": script} if script else {})
    assert lock.whole
    assert all("scope" not in fact and "groups" not in fact for fact in lock.facts())


def test_each_source_is_the_line_of_the_entry() -> None:
    for package in HEX.read().packages:
        assert str(package.version) in HEX.rows()[line_of(package.source) - 1]


def test_older_forms_are_read() -> None:
    """Before Elixir 1.4 the first entry stood on the first line; `=>` and blanks may stand anywhere."""
    old = HEX.data.replace(b"%{\n  ", b"%{").replace(b'"bunt": ', b'"bunt" =>\n ').replace(b"\n", b"\r\n")
    assert named(HEX.read(old)) == named(HEX.read())
    short = b'%{"jason": {:hex, :jason, "1.4.1", "af15"},\n  cowlib: {:hex, :cowlib, "2.12.1"}}\n'
    assert named(HEX.read(short)) == {("pkg:hex/jason", "1.4.1"), ("pkg:hex/cowlib", "2.12.1")}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (HEX.data.replace(b'  "ecto":', b'=======\n  "ecto":'), "is not understood, line 7: read up to there"),
        (HEX.data[:-3], "is not understood, line 17: read up to there"),
        (HEX.data + b'%{"a": {:hex, :a, "1"}}', "is not understood, line 19: read up to there"),
        (HEX.data.replace(b"{:git, ", b"{:hg, "), "a package has no name or no version"),
        (b'%{"a" "b": {:hex, :b, "1"}}', "is not understood, line 1: read up to there"),
        (b"%{" + b'"a": {' * 10_000, "is not understood, line 1: read up to there"),
        (b"[]", "is not understood, line 1: read up to there"),
        (b"", "is not understood, line 1: read up to there"),
        (b"\xff", "is not UTF-8"),
    ],
)
def test_what_is_odd_is_a_warning_and_not_whole(data: bytes, said: str) -> None:
    lock = HEX.read(data)
    assert (lock.whole, lock.warnings) == (False, [f"mix.lock: {said}"])


def test_no_credential_of_a_lock_gets_into_what_is_said() -> None:
    for reader in (GIT, HEX):
        lock = reader.read(reader.data.replace(b"https://", b"https://ann:c4n4ry-t0ken@"))
        assert lock.whole
        assert "c4n4ry" not in json.dumps([lock.facts(), lock.warnings])


def test_hostile_files_take_little_cpu() -> None:
    entries = "".join(
        f'  "p{number}": {{:hex, :p{number}, "1.0.{number}", "ab", [:mix], [{{:p{number + 1}, "~> 1.0", '
        f'[hex: :p, repo: "hexpm", optional: false]}}], "hexpm", "cd"}},\n'
        for number in range(4_000)
    )
    assert seconds(HEX.read, f"%{{\n{entries}}}\n".encode()) < 4
    for piece in (b'"', b'\\"', b"%{", b":a ", b"a: ", b"# ", b'"a": {'):
        assert seconds(HEX.read, b"%{" + piece * 60_000) < 2
    for piece in (b"{:a, ", b"def deps do\n", b"{ ", b"only: [", b"{:a, only: [:b "):
        script = b"  defp deps do\n    [" + piece * 20_000 + b"\n  end\n"
        assert HEX.read(beside={"mix.exs": script}).whole


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_lock_never_crashes_and_never_loses_a_package_silently(data: st.DataObject) -> None:
    mutated = data.draw(broken(HEX.data, GIT.data, added=(b"{", b"}", b"%{", b"[", b"],", b": ")))
    lock = HEX.read(mutated)
    assert lock.whole or lock.warnings
    if lock.whole:
        # Each entry has one tuple that begins with `:hex` or `:git`, no other has; `#` hides the rest of a row.
        text = mutated.decode()
        plain = [row for row in text.split("\n") if "#" not in row]
        assert len(lock.packages) <= len(re.findall(r":(?:hex|git)\s*,", text))
        assert len(lock.packages) >= sum('": {:hex, :' in row or '": {:git, "' in row for row in plain)
