"""`parity lint`: services that compose files and pipelines declare, against each other and against parity.toml."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase

from paritycheck_agent.runner.lint_findings import ERROR, NOTE, WARNING, Finding
from paritycheck_agent.sources import compose_files, declarations, dotenv, images, targets, tracked
from paritycheck_agent.sources.configuration import DECLARATIONS, table, texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping

    from paritycheck_agent.context import Context
    from paritycheck_agent.sources.compose import Service
    from paritycheck_agent.sources.images import Image

FILES = 40
WORDS = ("same", "same-minor", "same-major", "present", "absent", "must-differ", "ignore")
# Components that have to be equal, by expectation; the shipped one is `same-minor`.
_COMPARED = {"same": 9, "same-minor": 2, "same-major": 1}
_TESTS = frozenset(["test", "tests", "spec", "testdata", "fixtures", "examples", "node_modules"])
_OWN = frozenset([
    "pyproject.toml", "setup.py", "package.json", "go.mod", "Gemfile", "composer.json", "pom.xml", "build.gradle",
    "Cargo.toml", "mix.exs", "requirements.txt",
])  # fmt: skip
_PIN = "pin it to what production runs, such as postgres:16.9"


class Place:
    """A service as one file declares it."""

    __slots__ = ("image", "line", "name", "path")

    def __init__(self, name: str, image: Image, path: str, line: int) -> None:
        self.name = name
        self.image = image
        self.path = path
        self.line = line

    @property
    def told(self) -> str:
        return f"{self.image.kind} {self.image.version or 'of no version'}"

    @property
    def source(self) -> str:
        return f"{self.path}:{self.line}"


def examine(context: Context) -> Iterator[Finding]:
    """Yield what compose files, the services of pipelines, templates and parity.toml do not agree on."""
    paths = tracked.files(context)
    present = frozenset(paths)
    files = _compose(paths)[:FILES]
    known = _examples(context, paths)
    groups: dict[str, list[Place]] = {}
    given: dict[str, list[tuple[str, str, int]]] = {}
    for path in files:
        services = yield from _services(context, path, known)
        groups.setdefault(_app(path, present), []).extend(_places(context, services))
        _note_urls(services, given)
    for group in groups.values():
        yield from _against_each_other(context, group)
    yield from _pipelines(context, groups.get("", []))
    yield from _against_examples(context, paths, given)
    yield from _unjudged(context, [place for group in groups.values() for place in group])


def _compose(paths: Iterable[str]) -> list[str]:
    """Compose files, the one that compose itself would take first: the others are compared with it."""
    found = [path for path in paths if compose_files.is_compose(path.rpartition("/")[2])]
    found = [path for path in found if _TESTS.isdisjoint(path.split("/"))]
    plain = compose_files.NAMES
    return sorted(found, key=lambda path: (path.count("/"), path.rpartition("/")[2] not in plain, path))


def _app(path: str, paths: frozenset[str]) -> str:
    """The folder of the application that a compose file is of: its own where that holds one, else the checkout."""
    folder = path.rpartition("/")[0]
    return folder if folder and any(f"{folder}/{name}" in paths for name in _OWN) else ""


def _examples(context: Context, paths: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in _templates(paths):
        for entry in dotenv.opened(context, path, []):
            if entry.value:
                found.setdefault(entry.name, entry.value)
    return found


def _templates(paths: Iterable[str]) -> list[str]:
    return [path for path in paths if path.rpartition("/")[2] in DECLARATIONS and _TESTS.isdisjoint(path.split("/"))]


def _services(context: Context, path: str, known: Mapping[str, str]) -> Generator[Finding, None, list[Service]]:
    """Yield what is wrong with a file's images; return its services, none where it cannot be read."""
    from paritycheck_agent.sources import compose
    from paritycheck_agent.sources.yaml import YamlError

    def opened(other: str) -> str | None:
        return context.open_text(other) if compose_files.inside(context, other) else None

    text = opened(path)
    if text is None:
        return []
    try:
        found = compose.read(text, path, known, folder=os.path.dirname(path), open_text=opened)
    except YamlError as error:
        said = "is not read: " + ("no YAML" if error.reason == "parse-failed" else error.reason)
        yield Finding("compose-unread", ERROR, (path, error.line), said, "`docker compose config` says more")
        return []
    rows = text.split("\n")
    services = list(found.services.values())
    for service in services:
        # What a variable says is known where it runs, and not here.
        row = rows[service.line - 1] if 0 < service.line <= len(rows) else ""
        if service.image and service.build is None and "$" not in row:
            yield from _unpinned(service.image, service.path, service.line)
    return services


def _unpinned(reference: str, path: str, line: int) -> Iterator[Finding]:
    tag, image = images.split(reference)[1], images.read(reference)
    place, digest = (path, line), "@" in reference
    if image is not None and image.version is None:
        said = f"the tag `{_plain(tag)}`" if tag else "a digest alone" if digest else "an image without a tag"
        severity = WARNING if digest or tag not in ("", "latest") else ERROR
        yield Finding("service-unpinned", severity, place, f"{image.kind}: {said} states no version", _PIN)
    elif image is None and not digest and tag in ("", "latest"):
        said = "an image without a tag is `latest`" if not tag else "`latest` is another image every few weeks"
        yield Finding("image-unpinned", WARNING, place, said, "name a version, or a digest")


def _plain(tag: str) -> str:
    """A tag as it may be shown: what is none may be anything."""
    return tag if tag.isascii() and tag.replace("-", "").replace("_", "").replace(".", "").isalnum() else "..."


def _places(context: Context, services: Iterable[Service]) -> Iterator[Place]:
    for service in services:
        image = compose_files.declared(context, service)
        if image is not None:
            yield Place(service.name.lower(), image, service.path, service.line)


def _against_each_other(context: Context, group: list[Place]) -> Iterator[Finding]:
    """Yield what one name means in one file of an application, and not in the first that has it."""
    first: dict[str, Place] = {}
    for place in group:
        other = first.setdefault(place.name, place)
        if other.path != place.path:
            yield from _differing(context, place, other)


def _pipelines(context: Context, group: list[Place]) -> Iterator[Finding]:
    """Yield what pipelines test with, and compose does not run. Several versions of one service are a matrix."""
    for origin, module in declarations.READERS if group else ():
        if origin != "ci":
            continue
        found = [
            Place(container.name.lower(), image, container.path, container.line)
            for container in __import__(module, fromlist=["read"]).read(context, [])
            for image in [images.read(container.image)]
            if image is not None
        ]
        for place in found:
            beside = [one for one in found if one.name == place.name and one.path == place.path]
            if len({one.told for one in beside}) > 1:
                continue
            other = _meant(place, group)
            if other is not None and place.image.version is not None:
                yield from _differing(context, place, other)


def _meant(place: Place, group: list[Place]) -> Place | None:
    """The service of compose that a pipeline's stands for: of one name, else the only one of its family."""
    named = [other for other in group if other.name == place.name]
    alike = {other.name: other for other in reversed(group) if declarations.related(other.image.kind, place.image.kind)}
    return named[0] if named else next(iter(alike.values())) if len(alike) == 1 else None


def _differing(context: Context, place: Place, other: Place) -> Iterator[Finding]:
    word = _expectation(context, place)
    hint = f"run the same in both, or say so in parity.toml: [tools.services] {place.name} = ..."
    if word not in _COMPARED:
        return
    text = f"{place.name} is {place.told} here, and {other.told} in {other.source}"
    if not declarations.related(place.image.kind, other.image.kind):
        yield Finding("service-kind", ERROR, (place.path, place.line), text, hint).about([other.path])
    elif not _agree(place.image.version, other.image.version, _COMPARED[word]):
        severity = WARNING if _agree(place.image.version, other.image.version, 1) else ERROR
        text += f" ({word} is expected)"
        yield Finding("service-version", severity, (place.path, place.line), text, hint).about([other.path])


def _agree(one: str | None, other: str | None, components: int) -> bool:
    """Whether two versions are equal in so many components, as far as both state them; one that is not known is."""
    if one is None or other is None:
        return True
    pairs = list(zip(one.split("."), other.split(".")))
    return all(mine == theirs for mine, theirs in pairs[:components])


def _expectation(context: Context, place: Place) -> str:
    """What parity.toml expects of a service, by its name or its kind: the most specific of its globs."""
    return max(_rules(context, place), default=((), "same-minor"))[1]


def _rules(context: Context, place: Place) -> Iterator[tuple[tuple[bool, int, int, bool], str]]:
    for pattern, word in _patterns(context):
        for name in (place.name, place.image.kind):
            if word in WORDS and fnmatchcase(name, pattern):
                prefix = min((at for at in map(pattern.find, "*?[") if at >= 0), default=len(pattern))
                yield (prefix == len(pattern), prefix, len(pattern), name == place.name), word


def _patterns(context: Context) -> list[tuple[str, str]]:
    rules = table(context, "tools").get("services")
    found: list[tuple[str, str]] = []
    for key, value in rules.items() if isinstance(rules, dict) else ():
        if isinstance(value, str):
            found.append((key, value))
        elif key in WORDS:
            found += [(pattern, key) for pattern in texts(value)]
    return found


def _unjudged(context: Context, places: Iterable[Place]) -> Iterator[Finding]:
    """Yield services that no glob of `[tools.services]` is about, where that table says something of others."""
    seen: set[str] = set()
    for place in places if _patterns(context) else ():
        if place.name not in seen and not any(_rules(context, place)):
            text = f"parity.toml says nothing of {place.name} ({place.image.kind}): same-minor, as shipped, is expected"
            hint = f'[tools.services] {place.name} = "same-major", or "*" for all of them'
            yield Finding("service-unjudged", NOTE, (place.path, place.line), text, hint).about(["parity.toml"])
        seen.add(place.name)


def _note_urls(services: Iterable[Service], given: dict[str, list[tuple[str, str, int]]]) -> None:
    """Note the kind of each service that a compose file gives the address of, by the name of the variable."""
    for service in services:
        for name, (value, line) in service.environment.items():
            target = targets.parse(name, value) if value else None
            if target is not None:
                given.setdefault(name, []).append((target.kind, service.path, line))


def _against_examples(
    context: Context, paths: Iterable[str], given: Mapping[str, list[tuple[str, str, int]]]
) -> Iterator[Finding]:
    """Yield addresses in a template that lead to another kind of service than compose runs."""
    for path in _templates(paths):
        for entry in dotenv.opened(context, path, []):
            target = targets.parse(entry.name, entry.value) if entry.value and entry.name in given else None
            for kind, other, line in given.get(entry.name, ())[:1] if target is not None else ():
                if target is not None and not declarations.related(target.kind, kind):
                    text = f"the example of {entry.name} is {target.kind}, and {other}:{line} gives {kind}"
                    hint = "one kind of backing service everywhere: another one hides what production will meet"
                    yield Finding("service-kind", ERROR, (path, entry.line), text, hint).about([other])
