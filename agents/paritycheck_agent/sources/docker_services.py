"""Backing services and the application's own among running containers, joined with those that compose declares."""

from __future__ import annotations

from paritycheck_agent.sources import compose_files, docker_engine, docker_processes, images
from paritycheck_agent.sources.compose import Service

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paritycheck_agent.context import Context
    from paritycheck_agent.sources.docker_containers import Container

SOURCE = "docker"


def applications(context: Context) -> list[Container]:
    """The containers of the application itself."""
    return docker_processes.applications(docker_engine.observe(context))


def warnings(context: Context) -> list[str]:
    """What the engine did not tell, in words for a person."""
    return docker_engine.observe(context).warnings


def lay_over(context: Context, project: compose_files.Project | None) -> compose_files.Project | None:
    """The project with what runs of it: an image that runs counts before the one that a file names."""
    found = docker_engine.observe(context)
    running = [one for one in found.containers if one.running and images.read(one.image) is not None]
    if project is None:
        if not running:
            return None
        project = compose_files.Project()
        project.complete = found.listed
    project.warnings += found.warnings
    for container in running:
        service = project.services.setdefault(container.service, Service(container.service, SOURCE, 0))
        service.running = container.image
        service.names |= {name.lower() for name in container.names if name}
        service.ports.update({inner: outer for inner, outer in container.ports.items() if outer})
    return project
