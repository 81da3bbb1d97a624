"""Backing services that files declare: compose, manifests, charts, pipelines, app.json, as one list.

Whose word counts. A gate's candidate is all that its checkout declares, for that is what the change would bring: the
services of pipelines too (DESIGN.md, The gate). A report tells what its environment runs: a laptop or a server does
not run what CI tests with, so a pipeline's services count in a report from the very job that started them and nowhere
else, where they are as real as a compose file's on a laptop. Manifests and charts are for a cluster, which is asked
itself (`cluster.py`), and count in candidates alone.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paritycheck_agent.context import Context
    from paritycheck_agent.sources.compose_files import Project
    from paritycheck_agent.sources.declared_container import Container
    from paritycheck_agent.sources.images import Image

# What counts where two disagree: the first. Readers are imported where they may have a say.
READERS = (
    ("kubernetes", "paritycheck_agent.sources.manifests"),
    ("helm", "paritycheck_agent.sources.helm"),
    ("heroku", "paritycheck_agent.sources.heroku"),
    ("ci", "paritycheck_agent.sources.github_workflows"),
    ("ci", "paritycheck_agent.sources.gitlab_pipeline"),
    ("ci", "paritycheck_agent.sources.bitbucket_pipeline"),
    ("ci", "paritycheck_agent.sources.circleci_config"),
)
DOCKER = "docker"
JOBS = ("GITHUB_JOB", "CI_JOB_NAME", "CIRCLE_JOB")
# Kinds that one client speaks to: a URL of one may lead to the other.
FAMILIES = (
    ("redis", "valkey", "dragonfly", "keydb"),
    ("mysql", "mariadb"),
    ("rabbitmq", "lavinmq"),
    ("elasticsearch", "opensearch"),
    ("kafka", "redpanda"),
    ("cassandra", "scylla"),
    ("vault", "openbao"),
)


class Declared:
    """A backing service that files declare. `certain`: the configuration leads to this very container.

    `origin` is the word of `READERS`, or `compose`; `sources` where it is declared, the place that counts first. Of one
    that Docker runs `image` is what runs and `written` what the file says, None where it says none.
    """

    __slots__ = ("certain", "container", "image", "origin", "sources", "written")

    def __init__(self, origin: str, container: Container, image: Image, *, certain: bool = False) -> None:
        self.origin = origin
        self.container = container
        self.image = image
        self.certain = certain
        self.sources = [container.source]
        self.written: Image | None = None


def read(context: Context, project: Project | None, warnings: list[str]) -> list[Declared]:
    """What all files declare together, compose first. One service that several declare is there once."""
    found = _named(_of_compose(context, project), warnings)
    for origin, module in READERS if _has_a_say(context) else ():
        if origin != "ci" or context.candidate or _is_runner(context):
            reader = __import__(module, fromlist=["read"])
            _join(found, _named(list(_backing(origin, reader.read(context, warnings))), warnings), warnings)
    return found


def _has_a_say(context: Context) -> bool:
    return context.candidate or _is_runner(context)


def _is_runner(context: Context) -> bool:
    """A job of a pipeline. One that reports on behalf of another kind of instance says so, and its services are not."""
    kind = context.environ.get("PARITY_INSTANCE_KIND", "runner")
    return kind == "runner" and any(context.environ.get(name) for name in JOBS)


def _of_compose(context: Context, project: Project | None) -> list[Declared]:
    if project is None:
        return []
    from paritycheck_agent.sources import compose_files
    from paritycheck_agent.sources.declared_container import Container

    found = []
    for name, service in project.services.items():
        image = compose_files.backing(context, service)
        if image is None:
            continue
        place = (service.path, service.line)
        container = Container(name, service.image or "", place, names=service.names, ports=service.ports)
        one = Declared("compose", container, image)
        if service.running is not None:
            one.written = compose_files.declared(context, service)
            one.sources = list(dict.fromkeys([DOCKER, *one.sources]))
        found.append(one)
    return found


def _backing(origin: str, containers: Iterable[Container]) -> Iterable[Declared]:
    from paritycheck_agent.sources import images

    for container in containers:
        image = images.read(container.image)
        if image is not None:
            yield Declared(origin, container, image)


def _named(given: list[Declared], warnings: list[str]) -> list[Declared]:
    """One of each name. Several versions of it (jobs, overlays) are all used, so that none is the one declared."""
    found: dict[str, Declared] = {}
    for one in given:
        first = found.setdefault(one.container.name, one)
        if first is one:
            continue
        if first.image.kind != one.image.kind:
            warnings.append(
                f"{one.sources[0]} declares {_told(one)}, {first.sources[0]} {_told(first)}: the latter counts"
            )
            continue
        if not agree(first.image.version, one.image.version):
            first.image = type(first.image)(first.image.kind, None, first.image.variant)
        first.sources += [source for source in one.sources if source not in first.sources]
        first.container.ports = {**one.container.ports, **first.container.ports}
        first.container.names |= one.container.names
    return list(found.values())


def _join(found: list[Declared], more: list[Declared], warnings: list[str]) -> None:
    """Add what another kind of file declares: to the same service where it is told already, else as one more."""
    known = list(found)
    for one in more:
        same = _same(one, known, more)
        if same is None:
            found.append(one)
            continue
        if not agree(same.image.version, one.image.version) or same.image.kind != one.image.kind:
            warnings.append(
                f"{same.sources[0]} declares {_told(same)}, {one.sources[0]} {_told(one)}: the former counts"
            )
        same.sources += [source for source in one.sources if source not in same.sources]
        same.container.names |= one.container.names
        same.container.ports = {**one.container.ports, **same.container.ports}


def _same(one: Declared, known: list[Declared], more: list[Declared]) -> Declared | None:
    """The service that another file means too: of one family and one name, or the only one of its family in both."""
    alike = [other for other in known if related(other.image.kind, one.image.kind)]
    named = [other for other in alike if other.container.names & one.container.names]
    alone = len(alike) == 1 and sum(related(other.image.kind, one.image.kind) for other in more) == 1
    return named[0] if named else alike[0] if alone else None


def _told(declared: Declared) -> str:
    return f"{declared.image.kind} {declared.image.version or 'of no version'}"


def agree(one: str | None, other: str | None) -> bool:
    """Whether two versions are the same as far as the shorter says; none and one are two."""
    if one is None or other is None:
        return one == other
    return (one + ".").startswith(other + ".") or (other + ".").startswith(one + ".")


def related(one: str, other: str) -> bool:
    return one == other or any(one in family and other in family for family in FAMILIES)
