"""The compose project of a checkout: which files make it up, the services they start together, and what each is."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from paritycheck_agent.context import Context
    from paritycheck_agent.sources.compose import Build, Service
    from paritycheck_agent.sources.compose_elsewhere import Include
    from paritycheck_agent.sources.dockerfile import Stage
    from paritycheck_agent.sources.images import Image

NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
ENDS = (".yaml", ".yml")
FILES = 20
DOCKERFILE_CHARS = 1024 * 1024


class Project:
    """Services by name. `complete` is False where a file is missing, cannot be read, or points elsewhere."""

    __slots__ = ("complete", "services", "warnings")

    def __init__(self) -> None:
        self.services: dict[str, Service] = {}
        self.complete = True
        self.warnings: list[str] = []


class Place:
    """A file of the project, the folder that its paths begin at, and the variables for its interpolation."""

    __slots__ = ("folder", "known", "path")

    def __init__(self, path: str, folder: str, known: Mapping[str, str]) -> None:
        self.path = path
        self.folder = folder
        self.known = known


def read(context: Context, known: Mapping[str, str]) -> Project | None:
    """The services that are started by default; None where the checkout has no compose file."""
    paths = _paths(context, known)
    if not paths:
        return None
    project = Project()
    seen: set[str] = set()
    waiting = [Place(path, os.path.dirname(paths[0]), known) for path in paths]
    while waiting and len(seen) < FILES:
        place = waiting.pop(0)
        if place.path not in seen:
            seen.add(place.path)
            waiting += _read_one(context, place, project)
    if waiting:
        project.complete = False
        project.warnings.append(f"compose: more than {FILES} files; the rest is not read")
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


def _read_one(context: Context, place: Place, project: Project) -> list[Place]:
    """Add the services of a file; returns the files it includes."""
    from paritycheck_agent.sources import compose
    from paritycheck_agent.sources.yaml import YamlError

    def opened(path: str) -> str | None:
        return None if context.candidate and not inside(context, path) else context.open_text(path)

    path, text = place.path, opened(place.path)
    if text is None:
        project.complete = False
        project.warnings.append(f"{path} is not read: no such file, no permission, or larger than 32 MB")
        return []
    try:
        found = compose.read(text, path, place.known, folder=place.folder, open_text=opened)
    except YamlError as error:
        project.complete = False
        project.warnings.append(f"{path} is not read: {error.reason} in line {error.line}")
        return []
    project.complete = project.complete and found.complete
    project.warnings += found.warnings
    for name in found.removed:
        project.services.pop(name, None)
    for name, service in found.services.items():
        if name in project.services:
            compose.merge(project.services[name], service)
        else:
            project.services[name] = service
    return [other for include in found.includes for other in _included(context, include, place, project.warnings)]


def _included(context: Context, include: Include, place: Place, warnings: list[str]) -> list[Place]:
    """The files of an include. Its variables are those of its own files, `.env` in its folder without any; those
    that the includer knows win.
    """
    from paritycheck_agent.sources import dotenv

    own: dict[str, str] = {}
    for path in include.env_files or [os.path.join(include.folder, ".env")]:
        for entry in () if context.candidate else dotenv.opened(context, path, warnings):
            value = entry.value and dotenv.interpolated(entry.value, {**own, **place.known})
            own.update({entry.name: value} if value is not None else {})
    return [Place(path, include.folder, {**own, **place.known}) for path in include.paths]


def is_compose(name: str) -> bool:
    """Whether a file's name is one that compose files have: `compose.prod.yaml`, `docker-compose-test.yml`."""
    stem = name.lower().removeprefix("docker-")
    return stem.endswith(ENDS) and stem.startswith(("compose.", "compose-", "compose_"))


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
    return lineage(context, dockerfile_of(build), build.arguments, build.target)


def dockerfile_of(build: Build) -> str:
    """The Dockerfile of a build, relative to the checkout."""
    return os.path.normpath(os.path.join(build.context, build.dockerfile))


def lineage(
    context: Context, path: str, arguments: Mapping[str, str] | None = None, target: str | None = None
) -> list[Stage]:
    """The stages that a Dockerfile's image is made of, the last first; none where the file is not read.

    Many services may be built of one file, and several sections ask for each: it is read once a run.
    """

    def stages(context: Context) -> list[Stage]:
        text = context.open_text(path)
        if text is None or len(text) > DOCKERFILE_CHARS:
            return []
        from paritycheck_agent.sources import dockerfile

        return dockerfile.stages(text, arguments)

    found: list[Stage] = context.once(f"stages of {path} with {sorted((arguments or {}).items())}", stages)
    if not found:
        return []
    from paritycheck_agent.sources import dockerfile

    return dockerfile.lineage(found, target)


def applications(context: Context, project: Project) -> list[Service]:
    """The services that run the application: those that are built here, else all that are no backing service."""
    others = [service for service in project.services.values() if backing(context, service) is None]
    built_here = [service for service in others if service.build is not None]
    return built_here or others
