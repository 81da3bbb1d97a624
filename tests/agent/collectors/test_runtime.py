"""Section runtime: of this machine as its own tools say it, and of checkouts that pin versions."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from paritycheck_agent.collectors import runtime
from paritycheck_agent.context import Context
from paritycheck_agent.redact import clean
from paritycheck_agent.wire.bodies import check_body
from paritycheck_agent.wire.canonical import split

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from paritycheck_agent.context import Collected

PATH = {"PATH": os.environ["PATH"]}


def collect(root: Path, environ: Mapping[str, str] | None = None) -> Collected:
    """What is collected; both bodies of it pass the server's check."""
    collected = runtime.collect(Context(str(root), environ or PATH, {}, str(root)))
    facts, _warnings = clean("runtime", collected.facts)
    for body in split("runtime", collected.covers, facts, collected.warnings):
        check_body(body)
    return collected


def by_name(collected: Collected) -> dict[str, dict[str, Any]]:
    return {fact["name"]: fact for fact in collected.facts}


def fake(folder: Path, name: str, script: str) -> Path:
    """A program of this name that does what the script says."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def test_the_system_is_what_the_standard_library_says(tmp_path: Path) -> None:
    facts = by_name(collect(tmp_path))
    release = platform.freedesktop_os_release()
    assert (facts["os"]["kind"], facts["os"].get("value")) == (release["ID"], release.get("VERSION_ID"))
    assert facts["arch"]["value"] == platform.machine().replace("arm64", "aarch64")
    library, version = platform.libc_ver()
    if library == "glibc":
        assert (facts["libc"]["kind"], facts["libc"]["value"]) == (library, version)


def test_an_empty_checkout_names_no_language(tmp_path: Path) -> None:
    assert by_name(collect(tmp_path)).keys() <= {"os", "libc", "arch", "timezone", "locale"}


def test_python_is_that_of_the_environment_in_the_checkout(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / ".venv")], check=True)
    (tmp_path / ".python-version").write_text("# ours\n3.12\n")
    version = ".".join(map(str, sys.version_info[:3]))
    assert by_name(collect(tmp_path))["python"] == {
        "name": "python", "value": version, "declared": "3.12", "sources": ["installed", ".python-version:2"]
    }  # fmt: skip


def test_uv_s_environments_tell_their_version_too(tmp_path: Path) -> None:
    written = "home = /usr/bin\nimplementation = CPython\nuv = 0.13.9\nversion_info = 3.11.7\n"
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "pyvenv.cfg").write_text(written)
    assert by_name(collect(tmp_path))["python"] == {"name": "python", "value": "3.11.7", "sources": ["installed"]}


def test_where_nothing_is_installed_the_pin_is_the_value(tmp_path: Path) -> None:
    (tmp_path / ".python-version").write_text("3.12.4\n")
    (tmp_path / ".nvmrc").write_text("v20.11\n")
    facts = by_name(collect(tmp_path, {"PATH": "/nonexistent"}))
    assert facts["python"] == {"name": "python", "value": "3.12.4", "sources": [".python-version:1"]}
    assert facts["node"] == {"name": "node", "value": "20.11", "sources": [".nvmrc:1"]}


def test_a_language_in_use_that_is_not_installed_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "Cargo.toml").write_text("")
    facts = by_name(collect(tmp_path, {"PATH": "/nonexistent"}))
    assert facts["rust"] == {"name": "rust", "unknown": "tool-missing"}


def test_of_a_candidate_what_it_pins_counts_and_not_the_machine_that_asks(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / ".venv")], check=True)
    (tmp_path / ".python-version").write_text("3.12.4\n")
    (tmp_path / "Cargo.toml").write_text("")
    collected = runtime.collect(Context(str(tmp_path), PATH, {}, str(tmp_path), candidate=True))
    assert collected.facts == [{"name": "python", "value": "3.12.4", "sources": [".python-version:1"]}]


def test_two_pins_that_differ_are_a_warning_and_the_first_counts(tmp_path: Path) -> None:
    (tmp_path / ".python-version").write_text("3.12\n")
    (tmp_path / ".tool-versions").write_text("python 3.11.9\nnodejs 20.1.0 18.0.0\nterraform 1.5.7 # infra\n")
    collected = collect(tmp_path, {"PATH": "/nonexistent"})
    facts = by_name(collected)
    assert collected.warnings == ["python: .python-version:1 pins 3.12, .tool-versions:1 pins 3.11.9"]
    assert (facts["python"]["value"], facts["node"]["value"]) == ("3.12", "20.1.0")
    assert facts["tool.terraform"] == {"name": "tool.terraform", "value": "1.5.7", "sources": [".tool-versions:3"]}


def test_an_interpreter_that_fails_is_a_warning_and_unknown(tmp_path: Path) -> None:
    broken = fake(tmp_path / "bin", "python", "exit 1")
    collected = collect(tmp_path, {"PARITY_PYTHON": str(broken)})
    assert by_name(collected)["python"] == {"name": "python", "unknown": "bad-reply"}
    assert collected.warnings == ["PARITY_PYTHON is no Python 3"]
