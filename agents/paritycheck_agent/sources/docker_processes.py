"""Process types as the containers of the application show them."""

from __future__ import annotations

from paritycheck_agent.sources import docker_engine, images
from paritycheck_agent.sources.process_types import Process, Read, driver_name, signal_name
from paritycheck_agent.sources.program_wrappers import WRAPPERS
from paritycheck_agent.sources.programs import ENTRIES, INTERPRETERS, SHELLS, name_of, program_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from paritycheck_agent.context import Context
    from paritycheck_agent.sources.docker_containers import Container

SOURCE = "docker"


def read(context: Context, scripts: Mapping[str, str]) -> Read:
    """What the engine tells where it may be asked, else nothing."""
    return of(docker_engine.observe(context), scripts)


def of(found: docker_engine.Docker, scripts: Mapping[str, str]) -> Read:
    """A type for each service whose image is no backing service, of all its containers together."""
    processes: dict[str, Process] = {}
    for container in applications(found):
        process = _process(container, scripts)
        known = processes.setdefault(process.name, process)
        if known is not process:
            _add(known, process)
    return Read(processes.values(), warnings=found.warnings)


def applications(found: docker_engine.Docker) -> list[Container]:
    """The containers that run the application itself."""
    return [container for container in found.containers if images.read(container.image) is None]


def _process(container: Container, scripts: Mapping[str, str]) -> Process:
    kind, binds = _program(container.command, scripts)
    # Ports that an image names and nobody publishes are there for each of its containers, workers too.
    process = Process(container.service, SOURCE, kind=kind, port=binds or any(container.ports.values()))
    process.reason = "unsupported-format"
    process.replicas = int(container.running)
    process.restarts = container.restarts
    process.exit_codes = [] if container.exit_code is None else [container.exit_code]
    process.stop_signal = signal_name(container.stop_signal)
    process.log_driver = driver_name(container.log_driver)
    return process


def _program(command: str | list[str], scripts: Mapping[str, str]) -> tuple[str, bool]:
    """The list gives a command without its quotes, so that only its first word is certain to be no argument."""
    if not isinstance(command, str):
        return program_of(command, scripts)
    kind, binds = program_of(command, scripts, certain=False)
    first = command.partition(" ")[0]
    name = name_of(first)
    starts = name in SHELLS or name in INTERPRETERS or name in WRAPPERS or any(word in name for word in ENTRIES)
    return (kind, binds) if kind or starts else program_of([first])


def _add(known: Process, other: Process) -> None:
    replicas = (known.replicas or 0) + (other.replicas or 0)
    told = [restarts for restarts in (known.restarts, other.restarts) if restarts is not None]
    codes = sorted({*known.exit_codes, *other.exit_codes})
    known.fill(other)
    known.replicas, known.restarts, known.exit_codes = replicas, sum(told) if told else None, codes
