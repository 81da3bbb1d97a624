"""The version of a language that is installed: read from its files, asked of the program only where none tells."""

from __future__ import annotations

import os

from paritycheck_agent.context import regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMEOUT_S = 5
_FILE_BYTES = 256 * 1024
_NUMBER = r"\d{1,9}(?:\.\d{1,9}){1,3}(?:[-+.]?[0-9A-Za-z]{1,32})?"
# Version managers put the version into the folder's name: .../node/v20.11.0/bin/node, .../ruby-3.3.0/bin/ruby.
_IN_PATH = rf"/(?:v|ruby-|jdk-|go)?({_NUMBER})/(?:libexec/)?bin/[^/]+$"
# Files below the program's prefix, and the version in them.
_FILES = {
    "node": ("include/node/node_version.h", r"#define NODE_(MAJOR|MINOR|PATCH)_VERSION (\d+)"),
    "java": ("release", rf"^JAVA_VERSION=\"(?:1\.(?=8))?({_NUMBER}|\d+)"),
    "go": ("VERSION", rf"^go({_NUMBER})"),
}
# The program, its arguments and the version in its answer.
_PROGRAMS = {
    "node": ("node", ("--version",), rf"v({_NUMBER})"),
    "ruby": ("ruby", ("--version",), r"ruby (\d+\.\d+\.\d+)"),
    "php": ("php", ("--version",), r"PHP (\d+\.\d+\.\d+)"),
    "java": ("java", ("-version",), rf"version \"(?:1\.(?=8))?({_NUMBER}|\d+)"),
    "go": ("go", ("version",), rf"go version go({_NUMBER})"),
    "dotnet": ("dotnet", ("--list-runtimes",), rf"Microsoft\.NETCore\.App ({_NUMBER})"),
    "elixir": ("elixir", ("--short-version",), rf"({_NUMBER})"),
    "erlang": ("erl", ("-noshell", "-eval", "io:put_chars(erlang:system_info(otp_release)),halt()."), r"(\d+)"),
    "rust": ("rustc", ("--version",), rf"rustc ({_NUMBER})"),
}
# What would make a program load code, fetch a toolchain or print something else.
_DROPPED = frozenset({
    "NODE_OPTIONS", "RUBYOPT", "RUBYLIB", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "ERL_FLAGS",
    "ERL_AFLAGS", "ELIXIR_ERL_OPTIONS", "PHPRC", "PHP_INI_SCAN_DIR", "GOFLAGS",
})  # fmt: skip
_FIXED = {
    "LC_ALL": "C", "RUSTUP_AUTO_INSTALL": "0", "GOTOOLCHAIN": "local", "DOTNET_NOLOGO": "1",
    "DOTNET_CLI_TELEMETRY_OPTOUT": "1", "DOTNET_SKIP_FIRST_TIME_EXPERIENCE": "1",
}  # fmt: skip


class ToolFault(Exception):  # noqa: N818 - read as "raise ToolFault"
    """A version could not be found out; `reason` is of the closed list."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def version(language: str, root: str, environ: Mapping[str, str]) -> str:
    """Return the version of a language's program on PATH (of java also below JAVA_HOME); raise ToolFault."""
    name, arguments, pattern = _PROGRAMS[language]
    path = _which(name, root, environ, environ.get("JAVA_HOME", "") if language == "java" else "")
    if not path:
        raise ToolFault("tool-missing")
    return _from_files(language, os.path.realpath(path)) or _asked([path, *arguments], pattern, root, environ)


def _which(name: str, root: str, environ: Mapping[str, str], home: str) -> str:
    """Return the path of a program on PATH, never one that lies in the checkout: that would run what it reports on."""
    top = os.path.realpath(root)
    inside = os.path.join(top, "") if top != os.path.dirname(top) else "\0"  # all of a disk is no checkout
    folders = [os.path.join(home, "bin")] if home else []
    for folder in folders + environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder, name)
        runs = os.path.isabs(path) and os.access(path, os.X_OK) and os.path.isfile(path)
        if runs and not os.path.realpath(path).startswith(inside):
            return path
    return ""


def _from_files(language: str, program: str) -> str:
    import re

    match = re.search(_IN_PATH, program)
    if match:
        return match.group(1)
    if language not in _FILES:
        return ""
    relative, pattern = _FILES[language]
    text = _read(os.path.join(os.path.dirname(os.path.dirname(program)), relative))
    if language == "node":
        parts = dict(re.findall(pattern, text))
        return ".".join(parts[part] for part in ("MAJOR", "MINOR", "PATCH")) if len(parts) == len("xyz") else ""
    match = re.search(pattern, text, re.MULTILINE)
    return match.group(1) if match else ""


def _read(path: str) -> str:
    try:
        with open(path, "rb", opener=regular) as stream:
            return stream.read(_FILE_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _asked(command: list[str], pattern: str, root: str, environ: Mapping[str, str]) -> str:
    """Return the version that a program prints. In the checkout, where shims of version managers choose by folder."""
    import re
    import subprocess

    kept = {name: value for name, value in environ.items() if name not in _DROPPED and not name.startswith("PARITY_")}
    try:
        answer = subprocess.run(
            command,
            env={**kept, **_FIXED},
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_TIMEOUT_S,
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise ToolFault("timeout") from None
    except (OSError, subprocess.CalledProcessError):
        raise ToolFault("collector-failed") from None
    match = re.search(pattern, answer.stdout.decode("utf-8", "replace"))
    if match is None:
        raise ToolFault("bad-reply")
    return match.group(1)
