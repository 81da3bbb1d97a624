"""Units of systemd that run the application: those whose working directory lies in the checkout, and those named.

Read from the files (systemd.syntax(7), systemd.service(5)) with their drop-ins; where systemd runs, it is asked for
the state of those units. Values of `Environment=` are not kept.
"""

from __future__ import annotations

import os
import re

from paritycheck_agent.context import regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from paritycheck_agent.sources.process_types import Process, Read
    from paritycheck_agent.sources.systemd_state import State

FOLDER = "/etc/systemd/system"
FILE_BYTES = 256 * 1024
UNITS = 100
FILES = 2_000
DROP_INS = 50
SUFFIX = ".service"
UNIT = re.compile(r"[A-Za-z0-9_.\\-]{1,200}@?(?:[A-Za-z0-9_.\\-]{0,100})\.service")
KEPT = frozenset(["ExecStart", "WorkingDirectory", "KillSignal", "StandardOutput"])
# What a unit's output goes to, called as the drivers of containers are where they mean the same.
OUTPUTS = {"journal": "journald", "null": "none", "syslog": "syslog", "kmsg": "kmsg", "file": "file", "append": "file",
           "truncate": "file", "inherit": "", "tty": "tty", "socket": "socket", "fd": "fd"}  # fmt: skip


class Unit:
    """One service: `name` without its ending and, of a template, without `@`."""

    __slots__ = ("directives", "name", "names", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self.name = os.path.basename(path)[: -len(SUFFIX)].partition("@")[0]
        self.directives: dict[str, list[str]] = {}
        self.names: list[str] = []

    def last(self, directive: str) -> str:
        return (self.directives.get(directive) or [""])[-1]

    def add(self, text: str) -> None:
        """Read a unit file or a drop-in; an empty assignment takes back what was said before."""
        section = ""
        for line in _lines(text):
            if line.startswith("["):
                section = line
                continue
            name, equals, value = (part.strip() for part in line.partition("="))
            if section != "[Service]" or not equals:
                continue
            if name == "Environment":
                self.names += [word.partition("=")[0].strip("\"'") for word in value.split() if "=" in word]
            elif name in KEPT:
                self.directives[name] = [*self.directives.get(name, []), value] if value else []


def _lines(text: str) -> Iterable[str]:
    """Lines without comments, those that end in a backslash joined to the next."""
    held: list[str] = []
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith(("#", ";")):
            continue
        if line.endswith("\\"):
            held.append(line[:-1])
            continue
        yield " ".join([*held, line])
        held = []
    if held:
        yield " ".join(held)


def units(root: str, named: Collection[str], folder: str = FOLDER) -> list[Unit]:
    """The units of the checkout, ordered by name."""
    inside = os.path.join(os.path.realpath(root), "")
    wanted = {_file_name(name) for name in named}
    try:
        names = sorted(name for name in os.listdir(folder) if UNIT.fullmatch(name))[:FILES]
    except OSError:
        return []
    found = []
    for name in names:
        unit = _unit(folder, name)
        if unit is None:
            continue
        place = unit.last("WorkingDirectory").lstrip("-").strip()
        if name in wanted or (place.startswith("/") and os.path.join(os.path.realpath(place), "").startswith(inside)):
            found.append(unit)
    return found[:UNITS]


def _file_name(name: str) -> str:
    """The file of a unit as it is named: that of `worker@2` is `worker@.service`."""
    stem = name.removesuffix(SUFFIX)
    before, at, _ = stem.partition("@")
    return before + at + SUFFIX


def _unit(folder: str, name: str) -> Unit | None:
    path = os.path.join(folder, name)
    text = _read(path)
    if text is None:
        return None
    unit = Unit(path)
    unit.add(text)
    try:
        extra = sorted(os.listdir(path + ".d"))[:DROP_INS]
    except OSError:
        extra = []
    for drop_in in extra:
        more = _read(os.path.join(path + ".d", drop_in)) if drop_in.endswith(".conf") else None
        if more is not None:
            unit.add(more)
    return unit


def _read(path: str) -> str | None:
    """The text of a regular file; a masked unit is a link to /dev/null and has none."""
    try:
        with open(path, encoding="utf-8", errors="replace", opener=regular) as stream:
            return stream.read(FILE_BYTES)
    except (OSError, ValueError):
        return None


def read(
    found: Iterable[Unit],
    scripts: Mapping[str, str],
    prefixes: Collection[str] = (),
    states: Mapping[str, State] | None = None,
) -> Read:
    """The process types of units. `prefixes`: names of the application, which units often begin with. `states` by the
    unit's name, None where systemd could not be asked.
    """
    from paritycheck_agent.sources.process_types import Process, Read, driver_name, signal_name
    from paritycheck_agent.sources.programs import program_of

    processes: dict[str, Process] = {}
    for unit in found:
        name = _type(unit.name, prefixes)
        kind, binds = program_of(unit.last("ExecStart").lstrip("@-:+!|"), scripts)
        process = Process(name, unit.path, kind=kind, port=binds, here=True)
        process.reason = "unsupported-format"
        process.stop_signal = signal_name(unit.last("KillSignal") or "SIGTERM")
        word = unit.last("StandardOutput").partition(":")[0].partition("+")[0]
        process.log_driver = driver_name(OUTPUTS.get(word, ""))
        state = (states or {}).get(unit.name)
        if state is not None:
            process.replicas, process.restarts, process.exit_codes = state.replicas, state.restarts, state.exit_codes
        processes.setdefault(name, process).fill(process)
    return Read(processes.values())


def _type(name: str, prefixes: Iterable[str]) -> str:
    """`shop-web` of the application shop is `web`."""
    for prefix in prefixes:
        for mark in "-_.":
            if prefix and name.startswith(prefix + mark) and len(name) > len(prefix) + 1:
                return name[len(prefix) + 1 :]
    return name
