"""Process types as images declare them: the application's services of a compose project, and a Dockerfile alone."""

from __future__ import annotations

import os

from paritycheck_agent.sources import compose_files, dockerfile, images, program_versions
from paritycheck_agent.sources.commands import commands
from paritycheck_agent.sources.process_types import Process, Read, driver_name, signal_name
from paritycheck_agent.sources.programs import program_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from paritycheck_agent.context import Context
    from paritycheck_agent.sources.compose import Service
    from paritycheck_agent.sources.dockerfile import Stage

DOCKERFILE = "Dockerfile"
# Official images that start the command they are given, so that a command begins with a program.
PLAIN_BASES = frozenset([
    "scratch", "python", "node", "ruby", "php", "golang", "rust", "debian", "ubuntu", "alpine", "busybox", "openjdk",
    "eclipse-temurin", "amazoncorretto", "buildpack-deps", "fedora", "rockylinux", "almalinux", "elixir", "erlang",
    "perl", "oven/bun",
])  # fmt: skip
PUBLISHER = "library/"


def of_compose(context: Context, project: compose_files.Project, scripts: Mapping[str, str]) -> Read:
    """The services that run the application, each a process type under its own name."""
    processes = [_of_service(context, service, scripts) for service in _applications(context, project)]
    return Read(processes, complete=project.complete and bool(processes))


def _applications(context: Context, project: compose_files.Project) -> list[Service]:
    """Those built here, those that run an image which is built here, else all that are no backing service; of
    them those that stay: a task that others wait for to end is no type of process.
    """
    found = compose_files.applications(context, project)
    built = {service.image for service in found if service.build is not None and service.image}
    same = [service for service in project.services.values() if service not in found and service.image in built]
    tasks = {name for service in project.services.values() for name in service.awaited}
    return [service for service in (*found, *same) if service.name not in tasks]


def _of_service(context: Context, service: Service, scripts: Mapping[str, str]) -> Process:
    chain = compose_files.built(context, service)
    words, certain = _command(service, chain)
    files = program_versions.files(context, _folder(service)) if service.build is not None else None
    kind, binds = program_of(words, scripts, files=files, certain=certain)
    # A port that the image names is that of the command it brings; a worker of the same image binds none.
    own = service.command is None and service.entrypoint is None
    exposed = service.opened or (own and any(stage.exposed for stage in chain))
    process = Process(service.name, f"{service.path}:{service.line}", kind=kind, port=binds or exposed)
    process.reason = "unsupported-format" if words else "not-collected"
    process.stop_signal = signal_name(service.stop_signal) or _stop_signal(chain)
    process.log_driver = driver_name(service.log_driver)
    if service.replicas.isascii() and service.replicas.isdigit() and len(service.replicas) <= 5:  # noqa: PLR2004 -- no one starts 100 000
        process.replicas = int(service.replicas)
    return process


def _folder(service: Service) -> str:
    """The folder that an image is built of: by custom the one that its command is run in."""
    return os.path.normpath(service.build.context if service.build is not None else os.path.dirname(service.path))


def _command(service: Service, chain: list[Stage]) -> tuple[list[str], bool]:
    """The words that are run, and whether the first is certain to be a program."""
    if service.entrypoint is not None:
        return [*_words(service.entrypoint), *_words(service.command)], True
    words, _, entry = dockerfile.running(chain)
    if service.command is not None:
        first = next((stage.entrypoint[0] for stage in chain if stage.entrypoint is not None), [])
        words = [*first, *_words(service.command)]
    return words, entry or _plain(chain)


def _words(command: str | list[str] | None) -> list[str]:
    """The words of a command as compose splits it: no shell reads it."""
    if isinstance(command, str):
        return (commands(command) or [[]])[0]
    return command or []


def _plain(chain: list[Stage]) -> bool:
    """The image that a build starts from is known to have no program of its own before the command."""
    return bool(chain) and images.split(chain[-1].base)[0].replace(PUBLISHER, "") in PLAIN_BASES


def _stop_signal(chain: list[Stage]) -> str:
    return next((signal_name(stage.stop_signal) for stage in chain if stage.stop_signal), "")


def of_dockerfile(context: Context, scripts: Mapping[str, str]) -> Read:
    """The one process that an image starts: `web` where it binds a port, else `app`."""
    chain = compose_files.lineage(context, DOCKERFILE)
    words, line, entry = dockerfile.running(chain)
    if not words:
        return Read()
    kind, binds = program_of(words, scripts, files=program_versions.files(context), certain=entry or _plain(chain))
    port = binds or any(stage.exposed for stage in chain)
    process = Process("web" if port else "app", f"{DOCKERFILE}:{line}", kind=kind, port=port)
    process.reason = "unsupported-format"
    process.stop_signal = _stop_signal(chain)
    return Read([process])
