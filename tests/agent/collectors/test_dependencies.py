"""Section dependencies of real checkouts and real virtual environments."""

from __future__ import annotations

import ensurepip
import importlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.utils import canonicalize_name

from paritycheck_agent.collectors import dependencies
from paritycheck_agent.context import Context
from paritycheck_agent.redact import clean
from paritycheck_agent.sources import interpreter, lock_formats
from paritycheck_agent.wire.bodies import check_body
from paritycheck_agent.wire.canonical import split
from paritycheck_agent.wire.purl import purl
from tests.agent.lock_fixtures import fixture, listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paritycheck_agent.context import Collected

FIXTURES = Path(__file__).parents[1] / "fixtures"
LISTING = """
import importlib.metadata, json
def local(found):
    return "dir_info" in json.loads(found.read_text("direct_url.json") or "{}")
print(json.dumps([[d.metadata["Name"], d.version, local(d)] for d in importlib.metadata.distributions()]))
"""


def collect(root: Path, *, settings: Mapping[str, Any] | None = None, **environ: str) -> Collected:
    """What is collected; both bodies of it pass the server's check."""
    collected = dependencies.collect(Context(str(root), environ, settings or {}, str(root)))
    facts, _warnings = clean("dependencies", collected.facts)
    for body in split("dependencies", collected.covers, facts, collected.warnings):
        check_body(body)
    return collected


def by_name(collected: Collected) -> dict[str, dict[str, Any]]:
    return {fact["name"].removeprefix("pkg:pypi/"): fact for fact in collected.facts}


def copy(source: str, root: Path, *names: str) -> None:
    root.mkdir(parents=True, exist_ok=True)
    for name in names:
        (root / name).write_bytes(fixture(source, name))


def wheel(folder: Path, name: str, version: str) -> Path:
    """A wheel as PEP 427 has it, so that pip can install it without any network."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", "")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return path


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with a virtual environment in which pip installed some packages, h11 newer than the lock says."""
    root = tmp_path_factory.mktemp("checkout")
    packages = {"click": "8.1.7", "h11": "0.17.0", "Not_In.Lock": "1.0", "iniconfig": "2.0.0", "pluggy": "1.7.0"}
    for name, version in packages.items():
        wheel(root / "wheels", name, version)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(root / ".venv")], check=True)
    # pip out of the wheel that Python ships: installing it first would take ten times as long.
    pip = next(path for folder in bundled() for path in folder.glob("pip-*.whl"))
    command = [str(root / ".venv" / "bin" / "python"), str(pip / "pip"), "install", "-q", "--no-index", "--no-deps"]
    places = [option for folder in (root / "wheels", pip.parent) for option in ("--find-links", str(folder))]
    subprocess.run([*command, "--disable-pip-version-check", "--no-compile", *places, *packages, "pip"], check=True)
    return root


def bundled() -> list[Path]:
    """Where Python keeps the wheel of its own pip; Debian has a folder of its own for it."""
    debian = sysconfig.get_config_var("WHEEL_PKG_DIR")
    return [*([Path(debian)] if debian else []), Path(ensurepip.__file__).parent / "_bundled"]


def test_no_lock_and_no_interpreter_is_said(tmp_path: Path) -> None:
    collected = collect(tmp_path)
    assert (collected.facts, collected.covers) == ([], [])
    assert collected.warnings == ["no lock file that is read, and no interpreter of the checkout (PARITY_PYTHON)"]


def test_locks_of_two_ecosystems_are_covered_each(tmp_path: Path) -> None:
    copy("uv/shop", tmp_path, "uv.lock")
    copy("npm/v3", tmp_path, "package-lock.json")
    collected = collect(tmp_path)
    assert collected.covers == ["pkg:npm/", "pkg:pypi/"]
    assert len(collected.facts) == 27 + 39


OTHERS = {
    "cargo": ("cargo/v4", "Cargo.lock", "Cargo.toml", "prices/Cargo.toml"),
    "cocoapods": ("cocoapods", "Podfile.lock"),
    "composer": ("composer", "composer.lock", "composer.json"),
    "gem": ("bundler", "Gemfile.lock", "Gemfile"),
    "golang": ("go/1.19", "go.mod", "go.sum"),
    "hex": ("mix/hex", "mix.lock", "mix.exs", "prices/mix.exs"),
    "maven": ("gradle", "gradle.lockfile"),
    "nuget": ("nuget", "packages.lock.json"),
    "pub": ("pub", "pubspec.lock"),
}


@pytest.mark.parametrize("ecosystem", sorted(OTHERS))
def test_the_locks_of_other_languages_are_found_with_what_lies_beside_them(tmp_path: Path, ecosystem: str) -> None:
    folder, *names = OTHERS[ecosystem]
    for name in names:
        copy(f"{folder}/{Path(name).parent}", tmp_path / "app" / Path(name).parent, Path(name).name)
    collected = collect(tmp_path, settings={"dependencies": {"folders": ["app"]}})
    assert collected.covers == [f"pkg:{ecosystem}/"]
    assert collected.warnings == []
    assert len(collected.facts) >= 6
    assert all(source.startswith(f"app/{names[0]}:") for fact in collected.facts for source in fact["sources"])
    if len(names) > 1:
        assert {fact["scope"] for fact in collected.facts} == {"direct", "transitive"}


def test_named_folders_are_read_with_their_paths_and_others_are_not(tmp_path: Path) -> None:
    copy("uv/shop", tmp_path, "uv.lock")
    copy("npm/v3", tmp_path / "frontend", "package-lock.json")
    copy("npm/npm6", tmp_path / "other", "package-lock.json")
    assert collect(tmp_path).covers == ["pkg:pypi/"]
    collected = collect(tmp_path, settings={"dependencies": {"folders": ["./frontend/", "../..", "/etc", "frontend"]}})
    assert collected.covers == ["pkg:npm/", "pkg:pypi/"]
    sources = {source.partition(":")[0] for fact in collected.facts for source in fact["sources"]}
    assert sources == {"uv.lock", "frontend/package-lock.json"}


def test_npm_shrinkwrap_wins_over_package_lock(tmp_path: Path) -> None:
    copy("npm/v3", tmp_path, "package-lock.json")
    (tmp_path / "npm-shrinkwrap.json").write_text('{"lockfileVersion": 3, "packages": {"": {}}}')
    collected = collect(tmp_path)
    assert (collected.facts, collected.covers) == ([], ["pkg:npm/"])


def test_a_broken_lock_covers_nothing_and_stops_no_other(tmp_path: Path) -> None:
    copy("npm/v3", tmp_path, "package-lock.json")
    (tmp_path / "uv.lock").write_text("<<<<<<< HEAD")
    collected = collect(tmp_path)
    assert collected.covers == ["pkg:npm/"]
    assert collected.warnings == ["uv.lock: is no TOML, line 1"]


def test_one_broken_folder_uncovers_its_ecosystem(tmp_path: Path) -> None:
    copy("npm/v3", tmp_path, "package-lock.json")
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "package-lock.json").write_text("{")
    assert collect(tmp_path, settings={"dependencies": {"folders": ["web"]}}).covers == []


def test_a_manifest_beside_a_lock_takes_nothing_from_it(tmp_path: Path) -> None:
    copy("uv/shop", tmp_path, "uv.lock")
    (tmp_path / "requirements.txt").write_text("click>=8\nnever-locked>=1\n")
    collected = collect(tmp_path)
    facts = by_name(collected)
    assert collected.covers == ["pkg:pypi/"]
    assert facts["click"]["value"] == "8.1.7"
    assert facts["never-locked"]["unknown"] == "unpinned"


def test_of_several_locks_of_one_ecosystem_the_first_counts_and_the_others_are_said(tmp_path: Path) -> None:
    """Whichever is stale: two locks merged would tell of versions that never ran together."""
    copy("npm/v3", tmp_path, "package-lock.json")
    alone = collect(tmp_path)
    copy("yarn/4.18.1", tmp_path, "yarn.lock")
    copy("bun/1.4.5", tmp_path, "bun.lock")
    (tmp_path / "bun.lockb").write_bytes(b"")
    collected = collect(tmp_path)
    assert (collected.facts, collected.covers) == (alone.facts, ["pkg:npm/"])
    assert collected.warnings == [
        f"{name}: not read, for package-lock.json beside it counts" for name in ("yarn.lock", "bun.lock", "bun.lockb")
    ]


def test_a_first_lock_that_is_broken_counts_all_the_same(tmp_path: Path) -> None:
    copy("uv/shop", tmp_path, "uv.lock")
    (tmp_path / "poetry.lock").write_text("<<<<<<< HEAD")
    assert collect(tmp_path).covers == ["pkg:pypi/"]
    (tmp_path / "uv.lock").write_text("<<<<<<< HEAD")
    copy("pdm/2.29.4", tmp_path, "pdm.lock")
    collected = collect(tmp_path)
    assert (collected.facts, collected.covers) == ([], [])
    assert collected.warnings == [
        "uv.lock: is no TOML, line 1",
        "poetry.lock: not read, for uv.lock beside it counts",
        "pdm.lock: not read, for uv.lock beside it counts",
    ]


def test_locks_of_one_ecosystem_in_two_folders_count_both(tmp_path: Path) -> None:
    copy("npm/v3", tmp_path, "package-lock.json")
    (tmp_path / "web").mkdir()
    copy("yarn/4.18.1", tmp_path / "web", "yarn.lock")
    collected = collect(tmp_path, settings={"dependencies": {"folders": ["web"]}})
    assert (collected.covers, collected.warnings) == (["pkg:npm/"], [])
    assert {source.partition(":")[0] for fact in collected.facts for source in fact["sources"]} == {
        "package-lock.json", "web/yarn.lock",
    }  # fmt: skip


def test_a_workspace_of_yarn_is_told_apart_by_the_manifests_beside_its_lock(tmp_path: Path) -> None:
    copy("yarn/4.18.1", tmp_path / "web", "yarn.lock", "package.json")
    copy("yarn/4.18.1/packages/prices", tmp_path / "web" / "packages" / "prices", "package.json")
    collected = collect(tmp_path, settings={"dependencies": {"folders": ["web"]}})
    groups = {fact["name"]: fact.get("groups") for fact in collected.facts}
    assert groups["pkg:npm/isarray"] == ["development"]
    assert groups["pkg:npm/dinero.js"] is None


def test_conda_and_the_packages_of_pip_in_it_are_told_and_conda_alone_is_covered(tmp_path: Path) -> None:
    copy("conda", tmp_path, "conda-lock.yml", "environment.yml")
    collected = collect(tmp_path)
    facts = {fact["name"]: fact for fact in collected.facts}
    assert collected.covers == ["pkg:conda/"]
    assert facts["pkg:conda/xz"]["value"] == "0.10"
    assert facts["pkg:conda/python"]["scope"] == "direct"
    assert facts["pkg:pypi/flask-sqlalchemy"]["value"] == "3.1.1"


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("pnpm/ws", "pnpm-lock.yaml"),
        ("yarn/express", "yarn.lock"),
        ("yarn/raw-body", "yarn.lock"),
        ("bun/ms", "bun.lock"),
    ],
)
def test_locks_of_real_projects_are_told_whole_and_fit_the_wire(tmp_path: Path, folder: str, name: str) -> None:
    copy(folder, tmp_path, name, "package.json")
    collected = collect(tmp_path)
    assert (collected.covers, collected.warnings) == (["pkg:npm/"], [])
    assert [fact["name"] for fact in collected.facts] == sorted({purl("npm", found) for found, _ in listed(folder)})


@pytest.mark.parametrize(
    ("folder", "name", "key"), [("pdm/pdm", "pdm.lock", "package"), ("pylock/flask", "pylock.toml", "packages")]
)
def test_locks_of_real_python_projects_are_told_whole_and_fit_the_wire(
    tmp_path: Path, folder: str, name: str, key: str
) -> None:
    copy(folder, tmp_path, name, "pyproject.toml")
    collected = collect(tmp_path)
    assert (collected.covers, collected.warnings) == (["pkg:pypi/"], [])
    entries = tomllib.loads(fixture(folder, name).decode())[key]
    assert [fact["name"] for fact in collected.facts] == sorted({purl("pypi", entry["name"]) for entry in entries})


@pytest.mark.parametrize(
    ("name", "why"),
    [("bun.lockb", "this format is not read"), ("go.sum", "says nothing without the file it belongs to")],
)
def test_a_format_that_is_not_read_is_said(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / name).write_text("")
    collected = collect(tmp_path)
    assert collected.covers == []
    assert collected.warnings[0] == f"{name}: {why}"


def test_includes_never_leave_the_checkout(tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("stolen==1.0\n")
    root = tmp_path / "checkout"
    (root / "api").mkdir(parents=True)
    (root / "shared.txt").write_text("shared==1.0\n")
    (root / "api" / "requirements.txt").write_text(
        f"-r ../../outside.txt\n-r {tmp_path}/outside.txt\n-r ../shared.txt\n"
    )
    collected = collect(root, settings={"dependencies": {"folders": ["api"]}})
    assert set(by_name(collected)) == {"shared"}
    assert collected.covers == []


def test_at_most_twenty_locks_are_read(tmp_path: Path) -> None:
    folders = [f"f{number:02}" for number in range(25)]
    for folder in folders:
        copy("npm/v3", tmp_path / folder, "package-lock.json")
    collected = collect(tmp_path, settings={"dependencies": {"folders": folders}})
    assert collected.covers == []
    assert len(collected.warnings) == 5
    assert collected.warnings[0] == "f20/package-lock.json: left out, at most 20 lock files are read"


def test_a_lock_that_is_too_large_is_said(tmp_path: Path) -> None:
    with (tmp_path / "uv.lock").open("wb") as stream:
        stream.truncate(33 * 1024 * 1024)
    collected = collect(tmp_path)
    assert (collected.facts, collected.covers) == ([], [])
    assert collected.warnings[0] == "uv.lock: cannot be read, or is larger than 32 MB"


def test_a_name_that_may_not_be_sent_uncovers_its_ecosystem(tmp_path: Path) -> None:
    for name in ("a" * 300, "ghp_0123456789abcdefghij"):
        document = {"lockfileVersion": 3, "packages": {f"node_modules/{name}": {"version": "1.0.0"}}}
        (tmp_path / "package-lock.json").write_text(json.dumps(document))
        assert collect(tmp_path).covers == []


def test_the_installed_version_is_the_value_and_the_lock_s_is_locked(environment: Path) -> None:
    copy("uv/shop", environment, "uv.lock")
    collected = collect(environment)
    facts = by_name(collected)
    assert collected.covers == ["pkg:pypi/"]
    assert facts["click"] == {
        "name": "pkg:pypi/click", "value": "8.1.7", "scope": "direct", "sources": ["installed", "uv.lock:62"]
    }  # fmt: skip
    assert facts["h11"] == {
        "name": "pkg:pypi/h11", "value": "0.17.0", "locked": "0.16.0", "scope": "transitive",
        "sources": ["installed", "uv.lock:83"],
    }  # fmt: skip
    assert facts["not-in-lock"] == {
        "name": "pkg:pypi/not-in-lock", "value": "1.0", "locked": "", "sources": ["installed"]
    }  # fmt: skip


def test_what_is_installed_keeps_the_groups_of_the_lock(environment: Path) -> None:
    copy("uv/shop", environment, "uv.lock")
    assert by_name(collect(environment))["pluggy"]["groups"] == ["development"]


def test_the_project_itself_is_no_package_wherever_it_was_installed_from(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("click==8.1.7\n")
    (tmp_path / "pyproject.toml").write_text('[build-system]\nrequires = []\n[project]\nname = "Not.In_lock"\n')
    facts = by_name(collect(tmp_path, PARITY_PYTHON=str(environment / ".venv")))
    assert "not-in-lock" not in facts
    assert facts["h11"]["locked"] == ""


def test_one_of_the_forks_that_is_installed_is_as_locked(environment: Path) -> None:
    copy("uv/shop", environment, "uv.lock")
    assert "locked" not in by_name(collect(environment))["iniconfig"]


def test_what_production_needs_and_is_not_installed_is_absent_and_locked(environment: Path) -> None:
    copy("uv/shop", environment, "uv.lock")
    facts = by_name(collect(environment))
    assert facts["httpx"] == {
        "name": "pkg:pypi/httpx", "absent": True, "locked": "0.28.1", "scope": "direct", "sources": ["uv.lock:105"]
    }  # fmt: skip
    # A marker or an extra decides on these, and did not ask for them here.
    for name in ("colorama", "importlib-metadata", "asgiref"):
        assert facts[name]["unknown"] == "not-asked"
        assert "locked" not in facts[name]
    assert {"pytest", "mistune"}.isdisjoint(facts)


def test_of_a_candidate_the_locks_alone_count(environment: Path) -> None:
    copy("uv/shop", environment, "uv.lock")
    context = Context(str(environment), {}, {}, str(environment / "state"), candidate=True)
    collected = dependencies.collect(context)
    assert (len(collected.facts), collected.covers) == (27, ["pkg:pypi/"])
    assert all("installed" not in fact["sources"] for fact in collected.facts)


def test_the_registry_says_of_each_format_what_its_module_says() -> None:
    for names, ecosystem, module, _every in lock_formats.FORMATS:
        found = importlib.import_module(module)
        assert (names, ecosystem) == (found.FILENAMES, found.ECOSYSTEM)


def run(root: Path, state: Path) -> tuple[list[dict[str, Any]], list[str], list[str], set[str]]:
    """Facts, covers and warnings of a run of its own, and the modules that it imported."""
    script = """
import json, sys
from paritycheck_agent.collectors import dependencies
from paritycheck_agent.context import Context
found = dependencies.collect(Context(sys.argv[1], {"PARITY_INSTANCE_KIND": "host"}, {}, sys.argv[2]))
print(json.dumps([found.facts, found.covers, found.warnings, sorted(sys.modules)]))
"""
    command = [sys.executable, "-c", script, str(root), str(state)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    facts, covers, warnings, modules = json.loads(answer.stdout)
    return facts, covers, warnings, set(modules)


def test_a_lock_that_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    root, state = tmp_path / "checkout", tmp_path / "state"
    copy("poetry/1.8.5", root, "poetry.lock", "pyproject.toml")
    copy("npm/v1", root, "package-lock.json", "package.json")
    (root / "requirements.txt").write_text("a==1.0\n<<<<<<<\n")
    first, second = run(root, state), run(root, state)
    assert first[:3] == second[:3]
    assert first[2] == ["requirements.txt: line 2 is no requirement"]
    assert {"tomllib", "paritycheck_agent.locks.npm"} <= first[3]
    assert not any(name == "tomllib" or name.startswith("paritycheck_agent.locks") for name in second[3])
    assert all(path.stat().st_mode & 0o077 == 0 for path in (state / "locks").iterdir())


def test_what_changes_in_a_lock_or_beside_it_is_read_again(tmp_path: Path) -> None:
    root, state = tmp_path / "checkout", tmp_path / "state"
    copy("poetry/1.8.5", root, "poetry.lock", "pyproject.toml")
    before = run(root, state)[0]
    (root / "pyproject.toml").unlink()
    without = run(root, state)[0]
    assert "scope" in before[0]
    assert "scope" not in without[0]
    (root / "poetry.lock").write_bytes((root / "poetry.lock").read_bytes().replace(b'"8.1.7"', b'"8.1.8"'))
    assert {fact["name"]: fact.get("value") for fact in run(root, state)[0]}["pkg:pypi/click"] == "8.1.8"
    shutil.copy(FIXTURES / "poetry" / "1.8.5" / "pyproject.toml", root)
    assert "scope" in run(root, state)[0][0]


@pytest.mark.parametrize("odd", [b"", b"{", b"[]", b'{"key": 3}', b"\xff", b"[" * 100_000])
def test_a_torn_memory_is_no_memory(tmp_path: Path, odd: bytes) -> None:
    root, state = tmp_path / "checkout", tmp_path / "state"
    copy("uv/shop", root, "uv.lock")
    collected = dependencies.collect(Context(str(root), {}, {}, str(state)))
    (kept,) = (state / "locks").iterdir()
    whole = json.loads(kept.read_bytes())
    for torn in (odd, json.dumps({**whole, "lock": {**whole["lock"], "packages": [["a"]]}}).encode()):
        kept.write_bytes(torn)
        assert dependencies.collect(Context(str(root), {}, {}, str(state))).facts == collected.facts


def test_a_state_directory_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    copy("uv/shop", tmp_path, "uv.lock")
    for state in ("/proc/none", str(tmp_path / "uv.lock")):
        assert len(dependencies.collect(Context(str(tmp_path), {}, {}, state)).facts) == 27


def test_pip_of_the_environment_is_told_only_where_nothing_is_locked(environment: Path, tmp_path: Path) -> None:
    copy("uv/shop", environment, "uv.lock")
    assert "pip" not in by_name(collect(environment))
    collected = collect(tmp_path, PARITY_PYTHON=str(environment / ".venv" / "bin" / "python"))
    assert "pip" in by_name(collected)
    assert all("locked" not in fact for fact in collected.facts)


def test_a_lock_that_is_not_whole_calls_nothing_not_locked(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("click>=8\nh11==0.16.0\n")
    facts = by_name(collect(tmp_path, PARITY_PYTHON=str(environment / ".venv")))
    assert "locked" not in facts["not-in-lock"]
    assert (facts["click"]["value"], facts["h11"]["locked"]) == ("8.1.7", "0.16.0")


def test_the_interpreter_is_the_named_one_else_that_of_the_checkout_else_none(
    environment: Path, tmp_path: Path
) -> None:
    named = environment / ".venv" / "bin" / "python"
    assert interpreter.find(str(tmp_path), {"PATH": os.environ["PATH"], "VIRTUAL_ENV": sys.prefix}, {}) is None
    for environ, settings in (
        ({"PARITY_PYTHON": str(named)}, {}),
        ({}, {"agent": {"python": str(named)}}),
        ({"PARITY_PYTHON": os.path.relpath(named, tmp_path)}, {}),
    ):
        found = interpreter.find(str(tmp_path), environ, settings)
        assert found is not None
        assert [Path(folder).resolve() for folder in found.folders] == [
            (environment / ".venv" / "lib" / f"python3.{sys.version_info.minor}" / "site-packages").resolve()
        ]
    here = interpreter.find(str(environment), {}, {})
    assert here is not None
    assert here.version == ".".join(map(str, sys.version_info[:3]))


def test_an_interpreter_that_is_no_environment_is_asked(environment: Path, tmp_path: Path) -> None:
    base = Path(os.path.realpath(environment / ".venv" / "bin" / "python"))
    found = interpreter.find(str(tmp_path), {"PARITY_PYTHON": str(base)}, {})
    assert found is not None
    assert found.version == ".".join(map(str, sys.version_info[:3]))
    question = "import json,sys;print(json.dumps([p for p in sys.path if p.endswith('-packages')]))"
    answer = subprocess.run([base, "-I", "-c", question], check=True, capture_output=True, text=True)
    assert found.folders == json.loads(answer.stdout)


@pytest.mark.parametrize(
    ("script", "reason"), [("exit 3", "bad-reply"), ("echo hello", "bad-reply"), ("exec sleep 60", "timeout")]
)
def test_an_interpreter_that_does_not_answer_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    monkeypatch.setattr(interpreter, "_TIMEOUT_S", 0.5)
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    with pytest.raises(interpreter.InterpreterFault) as fault:
        interpreter.find(str(tmp_path), {"PARITY_PYTHON": str(program)}, {})
    assert fault.value.reason == reason
    copy("uv/shop", tmp_path, "uv.lock")
    collected = collect(tmp_path, PARITY_PYTHON=str(program))
    assert len(collected.facts) == 27
    assert len(collected.warnings) == 1


def test_a_program_of_the_checkout_is_not_started_because_its_own_file_says_so(tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    program.chmod(0o755)
    for stated in ("python", str(program), "./x/../python"):
        with pytest.raises(interpreter.InterpreterFault) as fault:
            interpreter.find(str(tmp_path), {}, {"agent": {"python": stated}})
        assert fault.value.reason == "no-permission"
    assert not (tmp_path / "started").exists()


def test_an_interpreter_that_is_not_there_is_a_warning_without_its_path(tmp_path: Path) -> None:
    collected = collect(tmp_path, PARITY_PYTHON="/c4n4ry/python")
    assert collected.warnings[0] == "PARITY_PYTHON names no interpreter: nothing is known of what is installed"


def test_packages_of_the_system_count_where_the_environment_sees_them(environment: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", "--system-site-packages", str(tmp_path / ".venv")], check=True
    )
    answer = subprocess.run(
        [tmp_path / ".venv" / "bin" / "python", "-I", "-c", LISTING], check=True, capture_output=True, text=True
    )
    expected = {
        f"pkg:pypi/{canonicalize_name(name)}" for name, _version, local in json.loads(answer.stdout) if not local
    }
    assert {fact["name"] for fact in collect(tmp_path).facts} == expected
    assert environment.exists()
