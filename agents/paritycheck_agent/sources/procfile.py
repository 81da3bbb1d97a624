"""The Procfile: a process type on each line, and the command that it runs."""

from __future__ import annotations

import re

from paritycheck_agent.sources.process_types import Process, Read
from paritycheck_agent.sources.programs import program_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PATH = "Procfile"
LINE = re.compile(r"([A-Za-z0-9_-]{1,200})[ \t]*:[ \t]*(\S.*)")
TYPES = 200
# Run once before a release, and no type of process that keeps running.
ONCE = frozenset(["release"])


def entries(text: str) -> dict[str, tuple[str, int]]:
    """Command and line by process type; of several lines for one type the last counts, as for those who run it."""
    found: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = LINE.fullmatch(line.strip())
        if match and len(found) < TYPES:
            found[match[1]] = (match[2], number)
    return found


def read(text: str, scripts: Mapping[str, str], files: Callable[[str], str] | None = None) -> Read:
    """The process types; `scripts` are those of package.json, `files` gives the texts of the checkout's scripts."""
    found = entries(text)
    types = {name: command for name, (command, _) in found.items()}
    processes = []
    for name, (command, number) in found.items():
        kind, binds = program_of(command, scripts, types, files=files)
        process = Process(name, f"{PATH}:{number}", kind=kind, port=binds, here=True)
        process.reason = "unsupported-format"
        processes.append(process)
    kept = [process for process in processes if process.name not in ONCE]
    return Read(kept, complete=bool(kept) and len(found) < TYPES)
