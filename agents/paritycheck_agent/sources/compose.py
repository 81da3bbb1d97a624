"""Compose files: the services they start, with image, environment, files of environment, ports and names."""

from __future__ import annotations

import re

from paritycheck_agent.sources.interpolation import interpolated
from paritycheck_agent.sources.yaml import Mapping, Scalar, Sequence, YamlError, documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import abc

    from paritycheck_agent.sources.yaml_nodes import Node

PORT = re.compile(r"(?:.*:)?(\d+)(?:-\d+)?:(\d+)(?:-\d+)?(?:/\w+)?")
EXTENDS_DEPTH = 8
RESET = "!reset"
COMPLETED = "service_completed_successfully"


class Service:
    """One service. `image` is None where the file names none or its variables are missing; `line` is the
    image's, else the service's own. `environment` holds (value or None, line) by name, `env_files` (path, line),
    `ports` the host's port by the container's, `names` what other containers reach it by. `command` and `entrypoint`
    are as the file writes them, a text or words, None where they are the image's; `opened`: it states a port;
    `running`: the image that Docker runs for it; `awaited`: services that have to end before it starts;
    `reset`: members that the file takes back to what the image says.
    """

    __slots__ = (
        "active", "awaited", "build", "command", "entrypoint", "env_files", "environment", "image", "line",
        "log_driver", "name", "names", "opened", "path", "ports", "replicas", "reset", "running",
        "stop_signal",
    )  # fmt: skip

    def __init__(self, name: str, path: str, line: int) -> None:
        self.name = name
        self.path = path
        self.line = line
        self.active = True
        self.image: str | None = None
        self.running: str | None = None
        self.build: Build | None = None
        self.environment: dict[str, tuple[str | None, int]] = {}
        self.env_files: list[tuple[str, int]] = []
        self.ports: dict[int, int] = {}
        self.names = {name.lower()}
        self.command: str | list[str] | None = None
        self.entrypoint: str | list[str] | None = None
        self.opened = False
        self.awaited: set[str] = set()
        self.reset: set[str] = set()
        self.stop_signal = ""
        self.log_driver = ""
        self.replicas = ""


class Build:
    """How an image is built: paths relative to the compose file."""

    __slots__ = ("arguments", "context", "dockerfile", "target")

    def __init__(self, context: str, dockerfile: str, target: str | None, arguments: dict[str, str]) -> None:
        self.context = context
        self.dockerfile = dockerfile
        self.target = target
        self.arguments = arguments


class File:
    """What one file holds. `complete` is False where it points to services that are written elsewhere."""

    __slots__ = ("complete", "includes", "services")

    def __init__(self) -> None:
        self.services: dict[str, Service] = {}
        self.includes: list[str] = []
        self.complete = True


def read(text: str, path: str, known: abc.Mapping[str, str]) -> File:
    """The services of a compose file; `known` are the variables for its interpolation. Raises YamlError."""
    found = File()
    roots = [root for root in documents(text) if not (isinstance(root, Scalar) and root.null)]
    if not roots:
        return found
    root = roots[0]
    if len(roots) > 1 or not isinstance(root, Mapping):
        raise YamlError("unsupported-format", root.line, "not one mapping")
    reader = _Reader(path, known, root.child("services") or Mapping(root.line))
    for name, node in reader.services.entries.items():
        if isinstance(node, Mapping) and node.tag != RESET:
            found.services[name] = reader.service(name, node)
    found.includes = [text for text in (reader.value(_path(node)) for node in _items(root.get("include"))) if text]
    found.complete = reader.complete
    return found


def merge(base: Service, over: Service) -> None:
    """Lay a later file's service over an earlier one's, as compose does."""
    if over.image is not None:
        base.image, base.path, base.line = over.image, over.path, over.line
    base.build = over.build or base.build
    base.environment.update(over.environment)
    base.env_files += over.env_files
    base.ports.update(over.ports)
    base.names |= over.names
    if over.entrypoint is not None or "entrypoint" in over.reset:
        base.entrypoint = over.entrypoint
    if over.command is not None or "command" in over.reset:
        base.command = over.command
    base.reset |= over.reset
    base.opened = base.opened or over.opened
    base.awaited |= over.awaited
    base.stop_signal = over.stop_signal or base.stop_signal
    base.log_driver = over.log_driver or base.log_driver
    base.replicas = over.replicas or base.replicas
    base.active = base.active and over.active


class _Reader:
    def __init__(self, path: str, known: abc.Mapping[str, str], services: Mapping) -> None:
        self.path = path
        self.known = known
        self.services = services
        self.complete = True
        self.profiles = {name.strip() for name in known.get("COMPOSE_PROFILES", "").split(",")} - {""}

    def value(self, text: str | None) -> str | None:
        return None if text is None else interpolated(text, self.known)

    def service(self, name: str, node: Mapping, depth: int = 0) -> Service:
        service = Service(name, self.path, node.line)
        base = self._extended(node, depth)
        if base is not None:
            merge(service, base)
        own = Service(name, self.path, node.keys["image"].line if "image" in node.keys else node.line)
        self._fill(own, node)
        merge(service, own)
        service.names = own.names
        if service.image is None:
            service.line = own.line
        return service

    def _extended(self, node: Mapping, depth: int) -> Service | None:
        extends = node.get("extends")
        if extends is None:
            return None
        if isinstance(extends, Mapping):
            other = None if "file" in extends.entries else extends.text("service")
        else:
            other = _text(extends)
        found = self.services.child(other) if other is not None else None
        if found is None or depth > EXTENDS_DEPTH:
            self.complete = False
            return None
        return self.service(other or "", found, depth + 1)

    def _fill(self, service: Service, node: Mapping) -> None:
        service.image = self.value(node.text("image")) or None
        service.build = self._build(node.get("build"))
        service.environment = self._environment(node.get("environment"))
        paths = [(self.value(_path(item)), item.line) for item in _items(node.get("env_file"))]
        service.env_files = [(path, line) for path, line in paths if path]
        service.ports = self._ports(node.get("ports"))
        for key in ("container_name", "hostname"):
            service.names |= {(self.value(node.text(key)) or service.name).lower()}
        service.names |= self._aliases(node.child("networks"))
        self._fill_process(service, node)
        profiles = {self.value(_text(item)) for item in _items(node.get("profiles"))}
        service.active = not profiles or "*" in self.profiles or bool(profiles & self.profiles)

    def _fill_process(self, service: Service, node: Mapping) -> None:
        """How it runs. Commands are not interpolated: what stands in a variable is no program's name."""
        service.command, service.entrypoint = _command(node.get("command")), _command(node.get("entrypoint"))
        service.reset = {key for key in ("command", "entrypoint") if getattr(node.get(key), "tag", None) == RESET}
        service.opened = any(_items(node.get(key)) for key in ("ports", "expose"))
        service.awaited = _awaited(node.child("depends_on"))
        service.stop_signal = self.value(node.text("stop_signal")) or ""
        service.log_driver = self._within(node.child("logging"), "driver")
        service.replicas = self._within(node.child("deploy"), "replicas") or self.value(node.text("scale")) or ""

    def _within(self, node: Mapping | None, key: str) -> str:
        return (self.value(node.text(key)) if node is not None else None) or ""

    def _build(self, node: Node | None) -> Build | None:
        if isinstance(node, Mapping):
            context = self.value(node.text("context")) or "."
            given = self._environment(node.get("args"))
            arguments = {name: value for name, (value, _) in given.items() if value is not None}
            dockerfile = self.value(node.text("dockerfile")) or "Dockerfile"
            return Build(context, dockerfile, self.value(node.text("target")), arguments)
        context = self.value(_text(node)) or ""
        return Build(context, "Dockerfile", None, {}) if context else None

    def _environment(self, node: Node | None) -> dict[str, tuple[str | None, int]]:
        """Names with value and line; the value is None where it comes from whoever starts the container."""
        found: dict[str, tuple[str | None, int]] = {}
        if isinstance(node, Mapping):
            for name, item in node.entries.items():
                found[name] = (self.value(_text(item)), node.keys[name].line)
            return found
        for item in _items(node):
            name, equals, value = (_text(item) or "").partition("=")
            if name:
                found[self.value(name) or name] = (self.value(value) if equals else None, item.line)
        return found

    def _ports(self, node: Node | None) -> dict[int, int]:
        found: dict[int, int] = {}
        for item in _items(node):
            if isinstance(item, Mapping):
                published, target = self.value(item.text("published")) or "", self.value(item.text("target")) or ""
            else:
                match = PORT.fullmatch(self.value(_text(item)) or "")
                published, target = (match[1], match[2]) if match else ("", "")
            if _is_port(published) and _is_port(target):
                found[int(target)] = int(published)
        return found

    def _aliases(self, networks: Mapping | None) -> set[str]:
        found: set[str] = set()
        for node in networks.entries.values() if networks else ():
            if isinstance(node, Mapping):
                found |= {(self.value(_text(item)) or "").lower() for item in _items(node.get("aliases"))}
        return found - {""}


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < len(text) <= 5  # noqa: PLR2004 -- 65535


def _text(node: Node | None) -> str | None:
    return node.text if isinstance(node, Scalar) and not node.null else None


def _items(node: Node | None) -> list[Node]:
    """The items of a sequence; one text or mapping counts as a sequence of one."""
    if isinstance(node, Sequence):
        return node.items
    return [] if node is None or (isinstance(node, Scalar) and node.null) else [node]


def _awaited(depends: Mapping | None) -> set[str]:
    """The services that are run once and to their end before this one starts."""
    entries = depends.entries.items() if depends is not None else ()
    return {name for name, node in entries if isinstance(node, Mapping) and node.text("condition") == COMPLETED}


def _command(node: Node | None) -> str | list[str] | None:
    """A command as a text or as words; None where the file leaves it to the image."""
    if node is None or node.tag == RESET:
        return None
    if isinstance(node, Sequence):
        return [_text(item) or "" for item in node.items]
    return _text(node)


def _path(node: Node) -> str | None:
    """A path as `include` and `env_file` write it: a text, or a mapping with `path`."""
    if isinstance(node, Mapping):
        items = _items(node.get("path"))
        return _text(items[0]) if items else None
    return _text(node)
