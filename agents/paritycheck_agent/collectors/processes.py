"""Section processes: the types of process that this deploy runs, and the program that each of them is."""

from __future__ import annotations

import os

from paritycheck_agent.context import Collected
from paritycheck_agent.sources import process_types, program_versions
from paritycheck_agent.sources.configuration import table, texts
from paritycheck_agent.wire.limits import WARNINGS
from paritycheck_agent.wire.secrets import suspected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from paritycheck_agent.context import Context
    from paritycheck_agent.sources.process_types import Process, Read

SECTION = "processes"
TYPES = 200
_CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")


def collect(context: Context) -> Collected:
    """Every type that one of the sources tells; of what several say of one type the first source counts."""
    scripts = program_versions.scripts(context)
    found: dict[str, Process] = {}
    warnings: list[str] = []
    complete = False
    for reader in (_kubernetes,) if context.kubernetes and not context.candidate else READERS:
        read = reader(context, scripts, found)
        complete = complete or (read.complete and len(read.processes) <= TYPES)
        warnings += read.warnings
        if len(read.processes) > TYPES:
            warnings.append(
                f"types of process left out: {len(read.processes) - TYPES}; at most {TYPES} of one source are sent"
            )
        for process in read.processes[:TYPES]:
            known = found.setdefault(process.name, process)
            if known is not process:
                _contradict(known, process, warnings)
                known.fill(process)
    versions = program_versions.versions(context, [one.kind for one in found.values() if _of_this_host(context, one)])
    facts = [fact for name in sorted(found) for fact in _facts(context, found[name], versions)]
    return Collected(facts, [""] if complete else [], list(dict.fromkeys(warnings))[:WARNINGS])


def _contradict(known: Process, other: Process, warnings: list[str]) -> None:
    one, another = f"{known.sources[0]} runs {known.kind}", f"{other.sources[0]} runs {other.kind}"
    text = f"{known.name}: {one}, {another}; the first counts"
    if known.kind and other.kind and known.kind != other.kind and not suspected(text, entropy=True):
        warnings.append(text)


def _of_this_host(context: Context, process: Process) -> bool:
    """What an image runs comes from the image's packages, which are this host's only inside a container."""
    if context.elsewhere:
        return False
    environ = context.environ
    inside = environ.get("container") or environ.get("KUBERNETES_SERVICE_HOST")
    return process.here or bool(inside) or any(os.path.exists(mark) for mark in _CONTAINER_MARKS)


def _facts(context: Context, process: Process, versions: Mapping[str, str]) -> list[dict[str, Any]]:
    fact: dict[str, Any] = {"name": process.name, "sources": process.sources}
    if process.kind:
        fact["kind"] = process.kind
    else:
        fact["unknown"] = process.reason
    if process.kind in versions and _of_this_host(context, process):
        fact["value"] = versions[process.kind]
    if process.port:
        fact["port"] = "true"
    fact.update({member: seen for member, seen in process.seen().items() if seen not in (None, [])})
    said = (("stop-signal", process.stop_signal), ("log-driver", process.log_driver))
    attributes = [
        {"name": f"{process.name}.{word}", "value": value, "sources": process.sources} for word, value in said if value
    ]
    return [fact, *attributes]


# The readers, those of what runs before those of what is declared. Another source is one more, in its place in READERS.


def _kubernetes(context: Context, scripts: Mapping[str, str], _found: Mapping[str, Process]) -> Read:
    """Of a cluster, alone: what files here declare may be no process of it."""
    from paritycheck_agent.sources import kubernetes_processes

    return kubernetes_processes.read(context, scripts)


def _docker(context: Context, scripts: Mapping[str, str], _found: Mapping[str, Process]) -> Read:
    if context.candidate or table(context, "docker").get("enabled") is not True:
        return process_types.Read()
    from paritycheck_agent.sources import docker_processes

    return docker_processes.read(context, scripts)


def _systemd(context: Context, scripts: Mapping[str, str], _found: Mapping[str, Process]) -> Read:
    if context.candidate:
        return process_types.Read()
    from paritycheck_agent.sources import systemd

    named = texts(table(context, SECTION).get("units"))
    found = systemd.units(context.root, named, systemd.FOLDER)
    if not found:
        return process_types.Read()
    from paritycheck_agent.sources import systemd_state

    states = systemd_state.ask([unit.name for unit in found], context.environ)
    return systemd.read(found, scripts, _prefixes(context), states)


def _prefixes(context: Context) -> list[str]:
    named = table(context, "project").get("name")
    return [*([named] if isinstance(named, str) else []), os.path.basename(os.path.realpath(context.root))]


def _procfile(context: Context, scripts: Mapping[str, str], _found: Mapping[str, Process]) -> Read:
    if not context.exists("Procfile"):
        return process_types.Read()
    from paritycheck_agent.sources import procfile

    text = context.open_text(procfile.PATH)
    return procfile.read(text, scripts, program_versions.files(context)) if text else process_types.Read()


def _compose(context: Context, scripts: Mapping[str, str], _found: Mapping[str, Process]) -> Read:
    from paritycheck_agent.sources import configuration

    project = configuration.read(context).project
    if project is None:
        return process_types.Read()
    from paritycheck_agent.sources import containers

    read = containers.of_compose(context, project, scripts)
    read.warnings += project.warnings
    return read


def _dockerfile(context: Context, scripts: Mapping[str, str], found: Mapping[str, Process]) -> Read:
    """The last resort: an image's own command says nothing of the types that others name."""
    if found or not context.exists("Dockerfile"):
        return process_types.Read()
    from paritycheck_agent.sources import containers

    return containers.of_dockerfile(context, scripts)


READERS: tuple[Callable[[Context, Mapping[str, str], Mapping[str, Process]], Read], ...] = (
    _docker,
    _systemd,
    _procfile,
    _compose,
    _dockerfile,
)
