"""The version of a language: from its files, else from its program, never from one that lies in the checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from paritycheck_agent.sources import toolchains

if TYPE_CHECKING:
    from pathlib import Path


def fake(folder: Path, name: str, script: str) -> Path:
    """A program of this name that does what the script says."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


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
