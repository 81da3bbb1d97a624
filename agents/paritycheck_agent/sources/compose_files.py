"""The compose project of a checkout: which files make it up, the services they start together, and what each is."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from paritycheck_agent.context import Context
    from paritycheck_agent.sources.compose import Service
    from paritycheck_agent.sources.dockerfile import Stage
    from paritycheck_agent.sources.images import Image

NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
FILES = 20
DOCKERFILE_CHARS = 1024 * 1024


class Project:
    """Services by name. `complete` is False where a file is missing, cannot be read, or points elsewhere."""

    __slots__ = ("complete", "services", "warnings")

    def __init__(self) -> None:
        self.services: dict[str, Service] = {}
        self.complete = True
        self.warnings: list[str] = []


def read(context: Context, known: Mapping[str, str]) -> Project | None:
    """The services that are started by default; None where the checkout has no compose file."""
    paths = _paths(context, known)
    if not paths:
        return None
    project = Project()
    seen: set[str] = set()
    while paths and len(seen) < FILES:
        path = paths.pop(0)
        if path not in seen:
            seen.add(path)
            paths += _read_one(context, path, known, project)
    project.complete = project.complete and not paths
    project.services = {name: service for name, service in project.services.items() if service.active}
    return project


def _paths(context: Context, known: Mapping[str, str]) -> list[str]:
    """As compose finds them: COMPOSE_FILE, else the first of its names with its override. parity.toml goes first."""
    settings = context.settings.get("services", {})
    named = settings.get("compose") if isinstance(settings, dict) else None
    if isinstance(named, list):
        return [path for path in named if isinstance(path, str)]
    if known.get("COMPOSE_FILE"):
        return known["COMPOSE_FILE"].split(known.get("COMPOSE_PATH_SEPARATOR") or os.pathsep)
    for name in NAMES:
        if context.exists(name):
            stem, dot, end = name.rpartition(".")
            overrides = (f"{stem}.override{dot}{ending}" for ending in (end, "yml", "yaml"))
            return [name, *[path for path in overrides if context.exists(path)][:1]]
    return []


def _read_one(context: Context, path: str, known: Mapping[str, str], project: Project) -> list[str]:
    """Add the services of a file; returns the files it includes."""
    from paritycheck_agent.sources import compose
    from paritycheck_agent.sources.yaml import YamlError

    stranger = getattr(context, "candidate", False) and not inside(context, path)
    text = None if stranger else context.open_text(path)
    if text is None:
        project.complete = False
        project.warnings.append(f"{path} is not read: no such file, no permission, or larger than 32 MB")
        return []
    try:
        found = compose.read(text, path, known)
    except YamlError as error:
        project.complete = False
        project.warnings.append(f"{path} is not read: {error.reason} in line {error.line}")
        return []
    project.complete = project.complete and found.complete
    for name, service in found.services.items():
        service.env_files = [(beside(path, file), line) for file, line in service.env_files]
        if name in project.services:
            compose.merge(project.services[name], service)
        else:
            project.services[name] = service
    return [beside(path, file) for file in found.includes]


def beside(path: str, other: str) -> str:
    """A path that a file names, relative to the checkout as the file's own is."""
    return os.path.normpath(os.path.join(os.path.dirname(path), other))


def inside(context: Context, path: str) -> bool:
    """The file lies in the checkout. A candidate may come from a stranger: it must not draw in other files."""
    root = os.path.realpath(context.root)
    return os.path.realpath(os.path.join(root, path)).startswith(root + os.sep)


def backing(context: Context, service: Service) -> Image | None:
    """The backing service that a service is, as it runs, else as it is declared; None for the application's own."""
    from paritycheck_agent.sources import images

    if service.running is not None:
        return images.read(service.running)
    return declared(context, service)


def declared(context: Context, service: Service) -> Image | None:
    """The backing service that a compose file declares; None for the application's own."""
    from paritycheck_agent.sources import images

    if service.build is None:
        return images.read(service.image) if service.image else None
    stages = built(context, service)
    return images.read(stages[-1].base) if stages else None


def built(context: Context, service: Service) -> list[Stage]:
    """The stages of the image that a service is built from, the last first."""
    build = service.build
    if build is None:
        return []
    path = beside(service.path, os.path.join(build.context, build.dockerfile))
    return lineage(context, path, build.arguments, build.target)


def lineage(
    context: Context, path: str, arguments: Mapping[str, str] | None = None, target: str | None = None
) -> list[Stage]:
    """The stages that a Dockerfile's image is made of, the last first; none where the file is not read."""
    text = context.open_text(path)
    if text is None or len(text) > DOCKERFILE_CHARS:
        return []
    from paritycheck_agent.sources import dockerfile

    return dockerfile.lineage(dockerfile.stages(text, arguments), target)


def applications(context: Context, project: Project) -> list[Service]:
    """The services that run the application: those that are built here, else all that are no backing service."""
    others = [service for service in project.services.values() if backing(context, service) is None]
    built_here = [service for service in others if service.build is not None]
    return built_here or others
