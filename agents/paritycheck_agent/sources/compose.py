"""Compose files: the services they start, with image, environment, files of environment, ports and names."""

from __future__ import annotations

import os

from paritycheck_agent.sources.compose_elsewhere import Elsewhere
from paritycheck_agent.sources.declared_container import is_port, port_pair
from paritycheck_agent.sources.yaml import Mapping, Scalar, Sequence, YamlError, documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import abc

    from paritycheck_agent.sources.compose_elsewhere import Include
    from paritycheck_agent.sources.yaml_nodes import Node

EXTENDS_DEPTH, EXTENDED_FILES = 8, 20
RESET, OVERRIDE = "!reset", "!override"
COMPLETED = "service_completed_successfully"


class Service:
    """One service. `image` is None where the file names none or its variables are missing; `line` is the
    image's, else the service's own. `environment` holds (value or None, line) by name, `env_files` (path, line),
    `ports` the host's port by the container's, `names` what other containers reach it by. `command` and `entrypoint`
    are as the file writes them, a text or words, None where they are the image's; `opened`: it states a port;
    `running`: the image that Docker runs for it; `awaited`: services that have to end before it starts. `replaced` are
    the keys that do not add to an earlier file's but take their place (`!reset`, `!override`).
    """

    __slots__ = (
        "active", "awaited", "build", "command", "entrypoint", "env_files", "environment", "image", "line",
        "log_driver", "name", "names", "opened", "path", "ports", "replaced", "replicas", "running", "stop_signal",
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
        self.replaced: set[str] = set()
        self.command: str | list[str] | None = None
        self.entrypoint: str | list[str] | None = None
        self.opened = False
        self.awaited: set[str] = set()
        self.stop_signal = ""
        self.log_driver = ""
        self.replicas = ""


class Build:
    """How an image is built. The context is relative to the checkout, the Dockerfile to the context."""

    __slots__ = ("arguments", "context", "dockerfile", "target")

    def __init__(self, context: str, dockerfile: str, target: str | None, arguments: dict[str, str]) -> None:
        self.context = context
        self.dockerfile = dockerfile
        self.target = target
        self.arguments = arguments


class File:
    """What one file holds, all paths relative to the checkout. `complete` is False where it points to services that
    cannot be read; `removed` are services of earlier files that it takes away.
    """

    __slots__ = ("complete", "includes", "removed", "services", "warnings")

    def __init__(self) -> None:
        self.services: dict[str, Service] = {}
        self.includes: list[Include] = []
        self.removed: set[str] = set()
        self.complete = True
        self.warnings: list[str] = []


def read(
    text: str,
    path: str,
    known: abc.Mapping[str, str],
    *,
    folder: str | None = None,
    open_text: abc.Callable[[str], str | None] | None = None,
) -> File:
    """The services of a compose file; `known` are the variables for its interpolation. Raises YamlError.

    Paths in it begin at `folder`, its own without one; `open_text` gives the text of a file that services extend.
    """
    found = File()
    roots = [root for root in documents(text) if not (isinstance(root, Scalar) and root.null)]
    if not roots:
        return found
    root = roots[0]
    if len(roots) > 1 or not isinstance(root, Mapping):
        raise YamlError("unsupported-format", root.line, "not one mapping")
    reader = _Reader(path, known, root, os.path.dirname(path) if folder is None else folder)
    reader.open_text = open_text
    for name, node in reader.services.entries.items():
        if node.tag == RESET:
            found.removed.add(name)
        elif isinstance(node, Mapping):
            found.services[name] = reader.service(name, node)
    found.includes = [one for one in (reader.include(node) for node in _items(root.get("include"))) if one.paths]
    found.complete = reader.complete
    found.warnings = [f"{name} is not read, and {path} extends it: {why}" for name, why in reader.unread.items()]
    return found


def merge(base: Service, over: Service) -> None:
    """Lay a later file's service over an earlier one's, as compose does."""
    for key in over.replaced:
        _clear(base, key)
    if over.image is not None:
        base.image, base.path, base.line = over.image, over.path, over.line
    base.build = over.build or base.build
    base.environment.update(over.environment)
    base.env_files += over.env_files
    base.ports.update(over.ports)
    base.names |= over.names
    base.entrypoint = base.entrypoint if over.entrypoint is None else over.entrypoint
    base.command = base.command if over.command is None else over.command
    base.opened = base.opened or over.opened
    base.awaited |= over.awaited
    base.stop_signal = over.stop_signal or base.stop_signal
    base.log_driver = over.log_driver or base.log_driver
    base.replicas = over.replicas or base.replicas
    base.active = base.active and over.active


_TEXTS = ("image", "build", "command", "entrypoint")
_COLLECTIONS = {"environment": "environment", "env_file": "env_files", "ports": "ports"}


def _clear(service: Service, key: str) -> None:
    """Take back what earlier files say."""
    if key in _TEXTS:
        setattr(service, key, None)
    elif key in _COLLECTIONS:
        getattr(service, _COLLECTIONS[key]).clear()


class _Reader(Elsewhere):
    def __init__(self, path: str, known: abc.Mapping[str, str], root: Mapping, folder: str) -> None:
        super().__init__(path, known, folder)
        self.services = root.child("services") or Mapping(root.line)
        self.others: dict[str, _Reader | None] = {}
        self.profiles = {name.strip() for name in known.get("COMPOSE_PROFILES", "").split(",")} - {""}

    def service(self, name: str, node: Mapping, depth: int = 0) -> Service:
        service = Service(name, self.path, node.line)
        base = self._extended(node, depth)
        if base is not None:
            merge(service, base)
        own = Service(name, self.path, node.keys["image"].line if "image" in node.keys else node.line)
        self._fill(own, node)
        merge(service, own)
        service.names, service.replaced = own.names, own.replaced
        if service.image is None:
            service.line = own.line
        return service

    def _extended(self, node: Mapping, depth: int) -> Service | None:
        extends = node.get("extends")
        if extends is None:
            return None
        elsewhere = isinstance(extends, Mapping) and "file" in extends.entries
        file = self.value(extends.text("file")) if isinstance(extends, Mapping) and elsewhere else None
        other = self.value(extends.text("service") if isinstance(extends, Mapping) else _text(extends)) or ""
        reader = self._other(self.where(file or "")) if elsewhere else self
        found = reader.services.child(other) if reader is not None else None
        if found is None or reader is None or depth > EXTENDS_DEPTH:
            self.complete = False
            return None
        service = reader.service(other, found, depth + 1)
        self.complete = self.complete and reader.complete
        return service

    def _other(self, path: str) -> _Reader | None:
        """The reader of a file that a service extends; each is read once. None where it cannot be."""
        if path not in self.others:
            root = self.opened(path) if len(self.others) < EXTENDED_FILES else None
            self.others[path] = None
            if root is not None:
                reader = self.others[path] = _Reader(path, self.known, root, os.path.dirname(path))
                reader.open_text, reader.unread, reader.others = self.open_text, self.unread, self.others
        return self.others[path]

    def _fill(self, service: Service, node: Mapping) -> None:
        service.replaced = {key for key, value in node.entries.items() if value.tag in (RESET, OVERRIDE)}
        service.image = self.value(_text(node.get("image"))) or None
        service.build = self._build(node.get("build"))
        service.environment = self._environment(node.get("environment"))
        paths = [(self.value(_path(item)), item.line) for item in _items(node.get("env_file"))]
        service.env_files = [(self.where(path), line) for path, line in paths if path]
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
        service.opened = any(_items(node.get(key)) for key in ("ports", "expose"))
        service.awaited = _awaited(node.child("depends_on"))
        service.stop_signal = self.value(node.text("stop_signal")) or ""
        service.log_driver = self._within(node.child("logging"), "driver")
        service.replicas = self._within(node.child("deploy"), "replicas") or self.value(node.text("scale")) or ""

    def _within(self, node: Mapping | None, key: str) -> str:
        return (self.value(node.text(key)) if node is not None else None) or ""

    def _build(self, node: Node | None) -> Build | None:
        if isinstance(node, Mapping):
            context = self.where(self.value(node.text("context")) or ".")
            given = self._environment(node.get("args"))
            arguments = {name: value for name, (value, _) in given.items() if value is not None}
            dockerfile = self.value(node.text("dockerfile")) or "Dockerfile"
            return Build(context, dockerfile, self.value(node.text("target")), arguments)
        context = self.value(_text(node)) or ""
        return Build(self.where(context), "Dockerfile", None, {}) if context else None

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
                pair = (int(published), int(target)) if is_port(published) and is_port(target) else None
            else:
                pair = port_pair(self.value(_text(item)) or "")
            if pair is not None:
                found[pair[1]] = pair[0]
        return found

    def _aliases(self, networks: Mapping | None) -> set[str]:
        found: set[str] = set()
        for node in networks.entries.values() if networks else ():
            if isinstance(node, Mapping):
                found |= {(self.value(_text(item)) or "").lower() for item in _items(node.get("aliases"))}
        return found - {""}


def _text(node: Node | None) -> str | None:
    return node.text if isinstance(node, Scalar) and not node.null and node.tag != RESET else None


def _items(node: Node | None) -> list[Node]:
    """The items of a sequence; one text or mapping counts as a sequence of one."""
    if isinstance(node, Sequence):
        return node.items if node.tag != RESET else []
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
    """A path as `env_file` writes it: a text, or a mapping with `path`."""
    return _text(node.get("path") if isinstance(node, Mapping) else node)
