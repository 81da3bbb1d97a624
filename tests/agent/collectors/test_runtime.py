"""Section runtime: of this machine as its own tools say it, and of checkouts that pin versions."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck_agent.collectors import runtime
from paritycheck_agent.context import Context
from paritycheck_agent.redact import clean
from paritycheck_agent.sources import host, pins, toolchains
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


@pytest.mark.parametrize(
    ("name", "files", "expected"),
    [
        ("python", {".python-version": "3.12.4"}, ("3.12.4", ".python-version:1")),
        ("python", {".python-version": "cpython-3.12.4\n"}, None),
        ("python", {".python-version": "pypy3.10-7.3.15"}, None),
        ("python", {".python-version": "3.13-dev"}, None),
        ("python", {"runtime.txt": "python-3.11.9\n"}, ("3.11.9", "runtime.txt:1")),
        ("python", {"pyproject.toml": '[project]\nrequires-python = "==3.12.*"\n'}, ("3.12", "pyproject.toml:2")),
        ("python", {"pyproject.toml": '[project]\nrequires-python = "==3.12.4"\n'}, ("3.12.4", "pyproject.toml:2")),
        ("python", {"pyproject.toml": '[project]\nrequires-python = ">=3.12"\n'}, None),
        ("python", {"pyproject.toml": '[project]\nrequires-python = "==3.12.*,!=3.12.1"\n'}, None),
        ("python", {"mise.toml": '[tools]\n# x\npython = "3.12.1"\n'}, ("3.12.1", "mise.toml:3")),
        ("python", {"mise.toml": '[tools]\npython = ["3.12.1", "3.11"]\n'}, ("3.12.1", "mise.toml:2")),
        ("python", {"mise.toml": '[tools]\npython = { version = "3.12.1" }\n'}, ("3.12.1", "mise.toml:2")),
        ("python", {"mise.toml": '[tools]\npython = "latest"\n'}, None),
        ("python", {"mise.toml": "[tools"}, None),
        ("node", {".nvmrc": "v20.11.0"}, ("20.11.0", ".nvmrc:1")),
        ("node", {".nvmrc": "20.x"}, ("20", ".nvmrc:1")),
        ("node", {".nvmrc": "lts/iron"}, None),
        ("node", {".nvmrc": "node"}, None),
        ("node", {".node-version": "\n\n18\n"}, ("18", ".node-version:3")),
        ("node", {"package.json": '{\n"engines": {"node": "20.11.1"}}'}, ("20.11.1", "package.json:2")),
        ("node", {"package.json": '{"engines": {"node": ">=20"}}'}, None),
        ("node", {"package.json": '{"engines": {"node": "^20.1.0"}}'}, None),
        (
            "node",
            {"package.json": '{"volta": {"node": "20.11.1"}, "engines": {"node": ">=18"}}'},
            ("20.11.1", "package.json:1"),
        ),
        ("node", {"package.json": "["}, None),
        ("tool.pnpm", {"package.json": '{"packageManager": "pnpm@9.1.0+sha512.abc"}'}, ("9.1.0", "package.json:1")),
        ("tool.pnpm", {"package.json": '{"packageManager": "pnpm@^9"}'}, None),
        ("ruby", {".ruby-version": "ruby-3.3.0\n"}, ("3.3.0", ".ruby-version:1")),
        ("java", {".tool-versions": "java temurin-21.0.2+13.0.LTS\n"}, ("21.0.2+13.0.LTS", ".tool-versions:1")),
        ("go", {".go-version": "1.22.1"}, ("1.22.1", ".go-version:1")),
        ("go", {".tool-versions": "golang 1.22.1\n"}, ("1.22.1", ".tool-versions:1")),
        ("rust", {"rust-toolchain.toml": '[toolchain]\nchannel = "1.75.0"\n'}, ("1.75.0", "rust-toolchain.toml:2")),
        ("rust", {"rust-toolchain": "stable\n"}, None),
        ("rust", {"rust-toolchain": "1.75\n"}, ("1.75", "rust-toolchain:1")),
        ("tool.ghp_x", {".tool-versions": "GHP_X 1\n"}, None),
        ("python", {".tool-versions": "python\n"}, None),
        ("python", {".tool-versions": "python ref:v3.12\n"}, None),
    ],
)
def test_what_a_file_pins(name: str, files: dict[str, str], expected: tuple[str, str] | None) -> None:
    found = {pin.name: (pin.version, pin.source) for pin in reversed(pins.pins(files.get))}
    assert found.get(name) == expected


@given(
    st.dictionaries(
        st.sampled_from([path for path, _name in pins._FILES] + [".tool-versions", "package.json", "mise.toml"]),
        st.text(max_size=60),
    )
)
def test_any_text_in_a_pinning_file_is_read_or_passed_over(files: dict[str, str]) -> None:
    for pin in pins.pins(files.get):
        assert pin.version[0].isdigit()


def test_a_pin_made_to_hang_a_pattern_does_not() -> None:
    started = time.process_time()
    assert pins.exact("1" + "a1" * 200 + "!", "python") == ""
    assert pins.exact("1" + "-a.1" * 120 + "!", "java") == ""
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    ("language", "name", "answer", "version"),
    [
        ("node", "node", "echo v20.11.0", "20.11.0"),
        ("ruby", "ruby", "echo 'ruby 3.3.0 (2023-12-25 revision 5124f9ac75) [x86_64-linux]'", "3.3.0"),
        ("php", "php", "printf 'PHP 8.2.7 (cli) (built: Jun  9 2023)\\nCopyright'", "8.2.7"),
        ("java", "java", "echo 'openjdk version \"21.0.2\" 2024-01-16' >&2", "21.0.2"),
        ("java", "java", "echo 'java version \"1.8.0_392\"' >&2", "8.0"),
        ("go", "go", "echo 'go version go1.22.1 linux/amd64'", "1.22.1"),
        ("rust", "rustc", "echo 'rustc 1.75.0 (82e1608df 2023-12-21)'", "1.75.0"),
        ("erlang", "erl", "printf 26", "26"),
        ("elixir", "elixir", "echo 1.16.0", "1.16.0"),
        ("dotnet", "dotnet", "echo 'Microsoft.NETCore.App 8.0.1 [/usr/share/dotnet]'", "8.0.1"),
    ],
)
def test_a_program_is_asked_where_no_file_tells(
    tmp_path: Path, language: str, name: str, answer: str, version: str
) -> None:
    fake(tmp_path / "tools" / "bin", name, answer)
    root = tmp_path / "checkout"
    root.mkdir()
    assert toolchains.version(language, str(root), {"PATH": str(tmp_path / "tools" / "bin")}) == version


@pytest.mark.parametrize(
    ("language", "path", "file", "text", "version"),
    [
        ("node", "versions/node/v20.11.0/bin/node", "", "", "20.11.0"),
        ("node", "x/bin/node", "x/include/node/node_version.h",
         "#define NODE_MAJOR_VERSION 20\n#define NODE_MINOR_VERSION 11\n#define NODE_PATCH_VERSION 1\n", "20.11.1"),
        ("ruby", "versions/3.3.0/bin/ruby", "", "", "3.3.0"),
        ("java", "jdk/bin/java", "jdk/release", 'IMPLEMENTOR="x"\nJAVA_VERSION="21.0.2"\n', "21.0.2"),
        ("go", "go/bin/go", "go/VERSION", "go1.22.1\ntime 2024-02-29T18:18:48Z\n", "1.22.1"),
    ],
)  # fmt: skip
def test_where_a_file_tells_the_program_is_not_started(
    tmp_path: Path, language: str, path: str, file: str, text: str, version: str
) -> None:
    program = tmp_path / path
    fake(program.parent, program.name, f"touch {tmp_path}/started")
    if file:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    environ = {"JAVA_HOME": str(tmp_path / "jdk")} if language == "java" else {"PATH": str(program.parent)}
    (tmp_path / "checkout").mkdir()
    assert toolchains.version(language, str(tmp_path / "checkout"), environ) == version
    assert toolchains.version(language, "/", environ) == version
    assert not (tmp_path / "started").exists()


def test_a_program_that_lies_in_the_checkout_is_never_started(tmp_path: Path) -> None:
    fake(tmp_path / "node_modules" / ".bin", "node", f"touch {tmp_path}/started; echo v1.2.3")
    for path in (str(tmp_path / "node_modules" / ".bin"), "node_modules/.bin", "."):
        with pytest.raises(toolchains.ToolFault) as fault:
            toolchains.version("node", str(tmp_path), {"PATH": path})
        assert fault.value.reason == "tool-missing"
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize(
    ("script", "reason"), [("exec sleep 60", "timeout"), ("exit 1", "collector-failed"), ("echo hello", "bad-reply")]
)
def test_a_program_that_does_not_answer_gives_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    monkeypatch.setattr(toolchains, "_TIMEOUT_S", 0.5)
    fake(tmp_path / "bin", "ruby", script)
    (tmp_path / "checkout").mkdir()
    with pytest.raises(toolchains.ToolFault) as fault:
        toolchains.version("ruby", str(tmp_path / "checkout"), {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"})
    assert fault.value.reason == reason


def test_a_program_gets_neither_secrets_nor_options_that_load_code(tmp_path: Path) -> None:
    fake(tmp_path / "bin", "ruby", f"env > {tmp_path}/seen; echo ruby 3.3.0")
    (tmp_path / "checkout").mkdir()
    environ = {
        "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin",
        "PARITY_TOKEN": "c4n4ry",
        "RUBYOPT": "-rc4n4ry",
        "NODE_OPTIONS": "c4n4ry",
    }
    toolchains.version("ruby", str(tmp_path / "checkout"), environ)
    assert "c4n4ry" not in (tmp_path / "seen").read_text()


def _place(root: Path, files: dict[str, str]) -> str:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return str(root)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"etc/os-release": "ID=alpine\nVERSION_ID=3.20.1\n"}, ("alpine", "3.20.1")),
        ({"etc/os-release": 'PRETTY_NAME="Ubuntu 24.04"\nID=ubuntu\nVERSION_ID="24.04"\n'}, ("ubuntu", "24.04")),
        ({"etc/os-release": "ID=arch\n"}, ("arch", "")),
        ({"usr/lib/os-release": "ID='debian'\nVERSION_ID='12'\n"}, ("debian", "12")),
        (
            {"System/Library/CoreServices/SystemVersion.plist": (
                "<plist><dict>\n<key>ProductName</key>\n<string>macOS</string>\n"
                "<key>ProductVersion</key>\n<string>15.1</string></dict></plist>"
            )},
            ("macos", "15.1"),
        ),
        ({"x": ""}, ("", "")),
    ],
)  # fmt: skip
def test_the_operating_system_of_its_files(tmp_path: Path, files: dict[str, str], expected: tuple[str, str]) -> None:
    assert host.operating_system(_place(tmp_path, files)) == expected


def test_musl_is_told_with_the_version_of_alpine_s_database(tmp_path: Path) -> None:
    database = "C:Q1x=\nP:busybox\nV:1.36.1-r29\n\nC:Q1y=\nP:musl\nV:1.2.5-r0\nA:x86_64\n\n"
    base = _place(tmp_path, {"lib/ld-musl-x86_64.so.1": "", "lib/apk/db/installed": database})
    assert host.c_library(base) == ("musl", "1.2.5")
    (tmp_path / "lib/apk/db/installed").unlink()
    assert host.c_library(base) == ("musl", "")


def test_the_timezone_is_tz_else_the_link_else_the_file_else_utc(tmp_path: Path) -> None:
    base = _place(tmp_path, {"etc/hostname": ""})
    assert host.timezone({}, base) == "UTC"
    (tmp_path / "etc/timezone").write_text("Europe/Berlin\n")
    assert host.timezone({}, base) == "Europe/Berlin"
    (tmp_path / "etc/localtime").symlink_to("/usr/share/zoneinfo/Etc/UTC")
    assert host.timezone({}, base) == "UTC"
    for written, expected in (
        (":Asia/Tokyo", "Asia/Tokyo"),
        ("/usr/share/zoneinfo/Zulu", "UTC"),
        ("CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0"),
    ):
        assert host.timezone({"TZ": written}, base) == expected
    assert host.timezone({"TZ": "c4n4ry secret"}, base) == ""


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "C"), ({"LANG": "POSIX"}, "C"), ({"LANG": "de_DE.utf8"}, "de_DE.UTF-8"), ({"LANG": "C.UTF-8"}, "C.UTF-8"),
        ({"LANG": "x", "LC_ALL": "en_US.UTF-8", "LC_CTYPE": "y"}, "en_US.UTF-8"), ({"LC_CTYPE": "UTF-8"}, "UTF-8"),
        ({"LANG": "a secret"}, ""),
    ],
)  # fmt: skip
def test_the_locale_is_spelled_one_way(environ: dict[str, str], expected: str) -> None:
    assert host.locale(environ) == expected
