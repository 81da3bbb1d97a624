"""The Python interpreter that counts as installed (collecting.md), found without starting it where files tell."""

from __future__ import annotations

import os

from paritycheck_agent.context import regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_TIMEOUT_S = 10
_FILE_BYTES = 64 * 1024
_VENVS = (".venv", "venv")
# What the interpreter is asked where no file tells: started with -I, so that nothing of the checkout is imported.
_QUESTION = (
    "import json,platform,sys;"
    "print(json.dumps([platform.python_version(),[p for p in sys.path if p.endswith('-packages')]]))"
)


class Interpreter:
    """An interpreter: `path` of its program, `version` ("" when not known), and its `folders` of packages."""

    __slots__ = ("folders", "path", "version")

    def __init__(self, path: str, version: str, folders: list[str]) -> None:
        self.path = path
        self.version = version
        self.folders = folders


class InterpreterFault(Exception):  # noqa: N818 - read as "raise InterpreterFault"
    """An interpreter that is named and cannot be used. `reason` is of the closed list; the text is for people."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


def find(root: str, environ: Mapping[str, str], settings: Mapping[str, Any]) -> Interpreter | None:
    """Return `PARITY_PYTHON` (or `[agent] python`), else `.venv` or `venv` of the checkout; None without either.

    Raise InterpreterFault where one is named that is not there or does not answer.
    """
    named = environ.get("PARITY_PYTHON", "")
    if named:
        return _named(os.path.join(root, named), environ)
    agent = settings.get("agent")
    stated = agent.get("python", "") if isinstance(agent, dict) else ""
    if isinstance(stated, str) and stated:
        return _stated(os.path.join(root, stated), root, environ)
    for folder in _VENVS:
        prefix = os.path.join(root, folder)
        if os.path.isfile(os.path.join(prefix, "pyvenv.cfg")):
            return _of_venv(prefix, _program(prefix))
    return None


def _named(path: str, environ: Mapping[str, str]) -> Interpreter:
    """Return the interpreter of a path to its program, or to the folder of a virtual environment."""
    if os.path.isfile(os.path.join(path, "pyvenv.cfg")):
        return _of_venv(path, _program(path))
    if not os.path.isfile(path):
        raise InterpreterFault("tool-missing", "PARITY_PYTHON names no interpreter")
    prefix = os.path.dirname(os.path.dirname(path))
    if os.path.isfile(os.path.join(prefix, "pyvenv.cfg")):
        return _of_venv(prefix, path)
    return ask(path, environ)


def _stated(path: str, root: str, environ: Mapping[str, str]) -> Interpreter:
    """Return the interpreter that the checkout's own file names. A program of the checkout is not started for it."""
    inside = os.path.join(os.path.realpath(root), "")
    prefixes = (path, os.path.dirname(os.path.dirname(path)))
    told = any(os.path.isfile(os.path.join(prefix, "pyvenv.cfg")) for prefix in prefixes)
    if not told and os.path.realpath(path).startswith(inside):
        raise InterpreterFault("no-permission", "[agent] python names a program of the checkout: use PARITY_PYTHON")
    return _named(path, environ)


def _program(prefix: str) -> str:
    names = (("bin", "python"), ("bin", "python3"), ("Scripts", "python.exe"))
    found = (os.path.join(prefix, *name) for name in names)
    return next((path for path in found if os.path.exists(path)), "")


def _of_venv(prefix: str, program: str) -> Interpreter:
    """Return the interpreter of a virtual environment: pyvenv.cfg tells the version (`version_info` of virtualenv)."""
    settings = _pyvenv(os.path.join(prefix, "pyvenv.cfg"))
    version = settings.get("version") or settings.get("version_info", "")
    version = ".".join(part for part in version.split(".") if part.isdigit())
    folders = _package_folders(prefix, version) or _package_folders(prefix)
    if settings.get("include-system-site-packages", "").lower() == "true":
        base = os.path.dirname(settings.get("home", ""))
        folders += [folder for folder in _package_folders(base, version) if folder not in folders]
    return Interpreter(program, version, folders)


def _pyvenv(path: str) -> dict[str, str]:
    try:
        with open(path, encoding="utf-8", errors="replace", opener=regular) as stream:
            rows = stream.read(_FILE_BYTES).split("\n")
    except OSError:
        return {}
    pairs = (row.partition("=") for row in rows if "=" in row)
    return {key.strip().lower(): value.strip() for key, _equals, value in pairs}


def _package_folders(prefix: str, version: str = "") -> list[str]:
    """Return the folders of packages below a prefix, of one minor version where it is given; Debian's own last."""
    minor = ".".join(version.split(".")[:2])
    found = []
    for lib in ("lib", "lib64", os.path.join("local", "lib")):
        for name in _names(os.path.join(prefix, lib)):
            if name.startswith(("python3", "pypy3")) and (not minor or name in {f"python{minor}", "python3"}):
                found += [os.path.join(prefix, lib, name, kind) for kind in ("site-packages", "dist-packages")]
    found.append(os.path.join(prefix, "Lib", "site-packages"))
    return _distinct(found)


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder), key=lambda name: (name == "python3", name))
    except OSError:
        return []


def _distinct(folders: list[str]) -> list[str]:
    """Return the folders that exist, each once: `lib64` is often a link to `lib`."""
    by_place = {os.path.realpath(folder): folder for folder in reversed(folders) if os.path.isdir(folder)}
    return [folder for folder in folders if by_place.get(os.path.realpath(folder)) == folder]


def ask(path: str, environ: Mapping[str, str]) -> Interpreter:
    """Return what an interpreter says of itself; raise InterpreterFault when it does not answer in 10 s."""
    import json
    import subprocess

    kept = {name: value for name, value in environ.items() if not name.startswith(("PYTHON", "PARITY_"))}
    try:
        answer = subprocess.run(
            [path, "-I", "-c", _QUESTION], env=kept, capture_output=True, timeout=_TIMEOUT_S, check=True, cwd="/"
        )
        version, folders = json.loads(answer.stdout)
    except subprocess.TimeoutExpired:
        raise InterpreterFault("timeout", "PARITY_PYTHON does not answer") from None
    except (OSError, ValueError, subprocess.CalledProcessError):
        raise InterpreterFault("bad-reply", "PARITY_PYTHON is no Python 3") from None
    return Interpreter(path, str(version), [str(folder) for folder in folders if os.path.isdir(str(folder))])
