"""`parity doctor`: examines all that a report depends on, and goes on where something is wrong."""

from __future__ import annotations

import os
import sys

from paritycheck_agent.config import POLICY_FILE, PYPROJECT_FILE, Config, ConfigError, load
from paritycheck_agent.runner import doctor_sections, doctor_server, enrolling, standing
from paritycheck_agent.runner.findings import ERROR, NOTE, OK, WARNING, Finding
from paritycheck_agent.runner.instance import host_name, kept_id
from paritycheck_agent.sources import lock_formats
from paritycheck_agent.sources.machine import kind_of
from paritycheck_agent.wire.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

USAGE = 2
_DEPTH, _ENTRIES = 2, 2_000
_SKIPPED = frozenset({"node_modules", "vendor", "venv", "site-packages", "bower_components", "target", "dist", "build"})


def examine(root: str, environ: Mapping[str, str], ca_file: str) -> Iterator[Finding]:
    """Yield findings, area by area; raise ConfigError where there is no checkout to examine."""
    if not os.path.isdir(root):
        raise ConfigError(root, "no such directory")
    config, mistakes = _configured(root, environ, ca_file)
    yield from _of_agent(config)
    yield from doctor_server.examine(config)
    yield from mistakes or _of_policy(config)
    yield from _of_sections(config)


def _configured(root: str, environ: Mapping[str, str], ca_file: str) -> tuple[Config, list[Finding]]:
    """Return the configuration; where it has a mistake, that, and a configuration as if the file were not there."""
    try:
        return load(root, environ, ca_file=ca_file), []
    except ConfigError as error:
        hint = error.hint or "what follows is told as if the file were not there"
        mistake = Finding("policy", ERROR, f"{error.where}: {error.what}", hint, USAGE)
        config = Config(root=os.path.abspath(root), environ=environ, settings={}, policy=None, ca_file="")
        return config, [mistake]


def _of_agent(config: Config) -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    name = config.environ.get("PARITY_INSTANCE") or kept_id(config.state_home) or host_name()
    yield Finding("agent", OK, f"parity {VERSION} on Python {version}; here {config.root}")
    if not _entries(config.root):
        text = "this folder is empty: what follows tells of the machine alone"
        yield Finding("agent", WARNING, text, "-C DIR, or cd, goes to the application's checkout")
    yield Finding("agent", OK, f"reports as instance {name}, a {kind_of(config.environ)}")
    place = config.state_home
    if _writable(place):
        yield Finding("agent", OK, f"remembers in {place}")
    else:
        hint = "PARITY_STATE_DIR names another; without one, reports are not kept while the server is away"
        yield Finding("agent", WARNING, f"{place} cannot be written to: nothing is kept between runs", hint)
    yield from _of_memory(config)


def _entries(root: str) -> bool:
    """Whether a folder holds anything; also where nobody may look."""
    try:
        with os.scandir(root) as entries:
            return next(entries, None) is not None
    except OSError:
        return True


def _writable(place: str) -> bool:
    """Whether a directory can be written to, or made: asked of the first one on the way up that is there."""
    while not os.path.lexists(place) and os.path.dirname(place) != place:
        place = os.path.dirname(place)
    return os.path.isdir(place) and os.access(place, os.W_OK | os.X_OK)


def _of_memory(config: Config) -> Iterator[Finding]:
    try:
        url = config.url()
        known = standing.standings(config.state_home, url, enrolling.access(config, url).identity)[0]
    except (ConfigError, OSError):
        return
    if known["waiting"]:
        text = f"{known['waiting']} kept for later, as the server was away: they go with the next report"
        yield Finding("agent", WARNING, text, "`parity status` says more")
    if known["rejected"]:
        text = f"{len(known['rejected'])} rejected by the server, the last: {known['rejected'][-1]['why']}"
        yield Finding("agent", WARNING, text, "`parity status` says more")
    # Mistakes that only the server sees: it reads the policy whole.
    for warning in known["warnings"]:
        yield Finding("agent", WARNING, f"said at the last report: {warning}")


def _of_policy(config: Config) -> Iterator[Finding]:
    if config.policy is None:
        text = f"no {POLICY_FILE} here, and no [tool.parity] in {PYPROJECT_FILE}: what is shipped is expected"
        yield Finding("policy", NOTE, text, "`parity init` writes one that says what it found")
        return
    named = os.path.isfile(os.path.join(config.root, POLICY_FILE))
    yield Finding("policy", OK, f"{POLICY_FILE if named else f'[tool.parity] of {PYPROJECT_FILE}'} is read")
    try:
        yield Finding("policy", OK, f"the project is called {config.project()}")
    except ConfigError as error:
        yield Finding("policy", WARNING, error.what, error.hint)
    if config.agent("collect"):
        yield Finding("policy", NOTE, "[agent] collect leaves sections out", "without it all are collected")


def _of_sections(config: Config) -> Iterator[Finding]:
    from paritycheck_agent.runner.report import parts_of

    for part in parts_of(config):
        yield from doctor_sections.examine(part)
        if part.section == "dependencies":
            yield from _of_interpreter(config)
            yield from _elsewhere(config)


def _of_interpreter(config: Config) -> Iterator[Finding]:
    """Say which interpreter counts; nothing where the checkout uses no Python and none is named."""
    from paritycheck_agent.sources import interpreter

    try:
        found = interpreter.find(config.root, config.public_environ(), config.settings)
    except interpreter.InterpreterFault as fault:
        # The section warns of it already; here is what to do.
        yield Finding("dependencies", WARNING, str(fault), "PARITY_PYTHON names the application's interpreter")
        return
    if found is not None:
        version = f" {found.version}" if found.version else ""
        yield Finding("dependencies", OK, f"installed packages are those of Python{version}, {found.path}")
    elif _uses_python(config.root):
        text = "no .venv or venv here: what is installed is not known"
        yield Finding("dependencies", NOTE, text, "PARITY_PYTHON=/path/to/python names the application's interpreter")


def _uses_python(root: str) -> bool:
    signs = ("pyproject.toml", "setup.py", "manage.py", "Pipfile", "requirements.txt", "poetry.lock", "uv.lock")
    return any(os.path.isfile(os.path.join(root, name)) for name in signs)


def _elsewhere(config: Config) -> Iterator[Finding]:
    """Tell of lock files in folders that are not looked in."""
    names = {name for entry in lock_formats.FORMATS for name in entry[0] if "/" not in name} | set(lock_formats.UNREAD)
    told = config.settings.get("dependencies")
    read = told.get("folders", []) if isinstance(told, dict) else []
    known = {os.path.normpath(str(name)) for name in read} if isinstance(read, list) else set()
    found = [path for path in _below(config.root) if os.path.basename(path) in names]
    missed = sorted(path for path in found if os.path.dirname(path) not in known)
    if missed:
        folders = ", ".join(f'"{folder}"' for folder in sorted({os.path.dirname(path) for path in missed}))
        text = f"not looked at: {', '.join(missed[:_SHOWN])}"
        yield Finding("dependencies", NOTE, text, f"[dependencies] folders = [{folders}] in {POLICY_FILE} does")


_SHOWN = 8


def _below(root: str) -> Iterator[str]:
    """Yield the files below the top, relative to it, as deep and as many as a look around is worth."""
    waiting, seen = [("", 0)], 0
    while waiting:
        folder, depth = waiting.pop(0)
        try:
            entries = sorted(os.scandir(os.path.join(root, folder)), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            seen += 1
            path = os.path.join(folder, entry.name)
            if seen > _ENTRIES:
                return
            if entry.is_dir(follow_symlinks=False):
                if depth < _DEPTH and entry.name not in _SKIPPED and not entry.name.startswith("."):
                    waiting.append((path, depth + 1))
            elif folder:
                yield path
