"""The application's configuration as this host sees it: which names there are, where each stands, what it is set to.

Values stay in memory: collectors make shapes, classes of hosts and connections of them. Which value counts where
there are several: the process environment, `.env`, containers, compose, the image. The process environment is asked
only for names that one of the other places lists, so that nothing ambient is told.
"""

from __future__ import annotations

import os
import re

from paritycheck_agent.sources import compose_files, dotenv

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from paritycheck_agent.context import Context
    from paritycheck_agent.sources.compose import Service

DECLARATIONS = (
    ".env.example", ".env.sample", ".env.template", ".env.dist", ".env.schema", "env.example", "example.env",
)  # fmt: skip
MANIFEST = "app.json"
ENV_FILES = (".env",)
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
PROCESS, DOTENV, CONTAINER, COMPOSE, IMAGE, DECLARED = range(6)
# Names of shells, containers and CI that a glob must not draw in (collecting.md).
AMBIENT = (
    "PATH", "PWD", "OLDPWD", "HOME", "HOSTNAME", "SHLVL", "_", "USER", "LOGNAME", "SHELL", "TERM",
    "KUBERNETES_*", "*_SERVICE_HOST", "*_SERVICE_PORT*", "CI_*", "GITHUB_*", "PARITY_*",
)  # fmt: skip
EXPECTATION_WORDS = frozenset(["expect"])


class Variable:
    """One name. `value` is None where it is not set; `declared`: a file that declares configuration lists it.

    `held`: it is set in a cluster, which keeps the value. `unknown`: the reason why nobody can say whether it is set.
    """

    __slots__ = ("_places", "declared", "held", "name", "rank", "unknown", "value")

    def __init__(self, name: str) -> None:
        self.name = name
        self.value: str | None = None
        self.rank = DECLARED
        self.declared = False
        self.held = False
        self.unknown = ""
        self._places: list[tuple[int, str]] = []

    def seen(self, rank: int, place: str, value: str | None = None) -> None:
        self._places.append((rank, place))
        if value is not None and (self.value is None or rank < self.rank):
            self.value, self.rank = value, rank

    @property
    def sources(self) -> list[str]:
        """Where the name stands, the place that decides first."""
        return list(dict.fromkeys(place for _, place in sorted(self._places, key=lambda seen: seen[0])))


class Configuration:
    """`variables` by name; `examples` the values that declaration files give, for a gate's candidate only."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.candidate = bool(getattr(context, "candidate", False))
        self.variables: dict[str, Variable] = {}
        self.examples: dict[str, str] = {}
        self.warnings: list[str] = []
        self.project: compose_files.Project | None = None
        self.odd = 0

    def variable(self, name: str) -> Variable | None:
        """The variable of this name, new where it is the first time; None for what no variable can be called."""
        if not NAME.fullmatch(name):
            self.odd += 1
            return None
        return self.variables.setdefault(name, Variable(name))

    def note(self, rank: int, path: str, entries: Iterable[tuple[str, str | None, int]]) -> None:
        """Take names, values and lines of a file; line 0 is of a place that has no lines."""
        for name, value, line in entries:
            variable = self.variable(name)
            if variable is not None:
                variable.seen(rank, f"{path}:{line}" if line else path, value)


def read(context: Context) -> Configuration:
    """All names of the allow-list. Of a gate's candidate only what the checkout declares: no `.env`, no process."""
    found: Configuration = context.once("configuration", _gathered)
    return found


def _gathered(context: Context) -> Configuration:
    found = Configuration(context)
    _read_declarations(found)
    if context.elsewhere and not found.candidate:
        _read_cluster(found)
        return _counted(found)
    if not found.candidate:
        for path in _paths(context):
            _read_env_file(found, path, DOTENV)
    _read_named(found)
    _read_compose(found)
    if not found.candidate:
        _read_containers(found)
        _read_process(found)
    return _counted(found)


def _counted(found: Configuration) -> Configuration:
    if found.odd:
        names = "name" if found.odd == 1 else "names"
        found.warnings.append(f"{found.odd} {names} left out: no variable can be called so")
    return found


def table(context: Context, name: str) -> Mapping[str, Any]:
    """A table of parity.toml that the agent reads; empty where there is none."""
    found = context.settings.get(name, {})
    return found if isinstance(found, dict) else {}


def texts(value: Any) -> list[str]:
    """The texts of an array of parity.toml; anything else in it is left out."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def key_places(context: Context) -> Mapping[str, str]:
    """The variables that name the key of fingerprints; `[fingerprints] key-file` where the process names none."""
    environ = context.environ
    path = table(context, "fingerprints").get("key-file")
    if environ.get("PARITY_KEY") or environ.get("PARITY_KEY_FILE") or not isinstance(path, str):
        return environ
    return {"PARITY_KEY_FILE": os.path.join(context.root, os.path.expanduser(path))}


def _paths(context: Context) -> list[str]:
    return texts(table(context, "config").get("env-files")) or list(ENV_FILES)


def _read_declarations(found: Configuration) -> None:
    for path in DECLARATIONS:
        for entry in dotenv.opened(found.context, path, found.warnings):
            _declare(found, entry.name, f"{path}:{entry.line}", entry.value)
    _read_manifest(found)


def _declare(found: Configuration, name: str, place: str, value: str | None) -> None:
    variable = found.variable(name)
    if variable is not None:
        variable.declared = True
        variable.seen(DECLARED, place)
        if value:
            found.examples.setdefault(name, value)


def _read_manifest(found: Configuration) -> None:
    """Heroku's app.json: the keys of its object `env`, whose values, where it gives one, are examples."""
    if not found.context.exists(MANIFEST):
        return
    from paritycheck_agent.sources import heroku

    for name, value, line in heroku.variables(found.context, found.warnings):
        _declare(found, name, f"{MANIFEST}:{line}" if line else MANIFEST, value)


def _read_env_file(found: Configuration, path: str, rank: int) -> None:
    """The assignments of one file; of several for one name the last counts, as for those who load it."""
    known = dict(found.context.environ)
    last: dict[str, tuple[str, str | None, int]] = {}
    overlong = 0
    for entry in dotenv.opened(found.context, path, found.warnings):
        value = entry.value and dotenv.interpolated(entry.value, known)
        if value is None and entry.value:
            value, overlong = entry.value, overlong + 1
        if value is not None and entry.name not in found.context.environ:
            known[entry.name] = value
        last[entry.name] = (entry.name, value, entry.line)
    if overlong:
        found.warnings.append(f"{path}: {overlong} of its values refer to others that are too long: taken as written")
    found.note(rank, path, last.values())


def _read_named(found: Configuration) -> None:
    """Names that parity.toml gives: those to collect, and those it has an expectation of by their full name."""
    tools = table(found.context, "tools").get("config")
    named = texts(table(found.context, "config").get("names")) + expected_names(tools)
    for name in named:
        if NAME.fullmatch(name):
            found.variables.setdefault(name, Variable(name)).seen(DECLARED, "parity.toml")


def expected_names(tools: Any) -> list[str]:
    """The names and globs that `[tools.config]` has an expectation of."""
    names: list[str] = []
    for key, value in tools.items() if isinstance(tools, dict) else ():
        if isinstance(value, dict):
            names += [name for items in value.values() for name in texts(items)]
        elif isinstance(value, list):
            names += texts(value)
        elif key not in EXPECTATION_WORDS:
            names.append(key)
    return names


def _read_compose(found: Configuration) -> None:
    context = found.context
    known = {variable.name: variable.value for variable in found.variables.values() if variable.value is not None}
    known = dict(found.examples) if found.candidate else {**known, **context.environ}
    found.project = compose_files.read(context, known)
    if found.project is None:
        _read_image(found, "Dockerfile", None)
        return
    found.warnings += found.project.warnings
    for service in compose_files.applications(context, found.project):
        own = [(name, value, line) for name, (value, line) in service.environment.items()]
        found.note(COMPOSE, service.path, own)
        for path, _ in reversed(service.env_files):
            if not found.candidate or compose_files.inside(context, path):
                _read_env_file(found, path, COMPOSE)
        _read_image(found, service.path, service)


def _read_image(found: Configuration, path: str, service: Service | None) -> None:
    """Variables that an image bakes in count as values of names that stand elsewhere; they list none."""
    if service is None:
        stages = compose_files.lineage(found.context, path)
    else:
        stages = compose_files.built(found.context, service)
        if service.build is not None:
            path = compose_files.dockerfile_of(service.build)
    for stage in stages:
        baked = [(name, value, line) for name, value, line in reversed(stage.environment) if name in found.variables]
        found.note(IMAGE, path, baked)


def _read_cluster(found: Configuration) -> None:
    """The names that the application's workload in a cluster gets; nothing of this machine, which is another."""
    from paritycheck_agent.sources import cluster

    _read_named(found)
    names, reason, warnings = cluster.settings(found.context)
    for variable in filter(None, map(found.variable, sorted(names))):
        variable.held = True
        variable.seen(PROCESS, cluster.SOURCE)
    for variable in found.variables.values():
        variable.unknown = "" if variable.held else reason
    _read_image(found, "Dockerfile", None)
    found.warnings += warnings


def _read_containers(found: Configuration) -> None:
    """What Docker says that containers were given; it is only asked where parity.toml says so."""
    if table(found.context, "docker").get("enabled") is not True:
        return
    from paritycheck_agent.sources import docker_services

    found.warnings += docker_services.warnings(found.context)
    found.project = docker_services.lay_over(found.context, found.project)
    for container in docker_services.applications(found.context):
        found.note(CONTAINER, "docker", [(name, value, 0) for name, value in container.environment.items()])
        baked = [(name, value, 0) for name, value in container.baked.items() if name in found.variables]
        found.note(IMAGE, "docker", baked)


def _read_process(found: Configuration) -> None:
    environ = found.context.environ
    for name, variable in found.variables.items():
        if name in environ:
            variable.seen(PROCESS, "env", environ[name])
    globs = [name for name in texts(table(found.context, "config").get("names")) if not NAME.fullmatch(name)]
    for name in sorted(_matching(environ, globs)):
        drawn = found.variable(name)
        if drawn is not None and drawn.rank != PROCESS:
            drawn.seen(PROCESS, "env", environ[name])


def _matching(environ: Mapping[str, str], globs: list[str]) -> list[str]:
    if not globs:
        return []
    from fnmatch import fnmatchcase

    def fits(name: str, patterns: Iterable[str]) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in patterns)

    return [name for name in environ if fits(name, globs) and not fits(name, AMBIENT)]
