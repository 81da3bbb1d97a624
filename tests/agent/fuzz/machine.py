"""Readers of the machine's own files, of git's, of what is installed, and of what a cluster and an engine tell."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paritycheck_agent.context import Context
from paritycheck_agent.sources import (
    apk,
    ci,
    distributions,
    docker_processes,
    dpkg,
    git_plain,
    host,
    interpreter,
    node_modules,
    system_packages,
    systemd,
    systemd_state,
)
from paritycheck_agent.sources.docker_containers import Container, Image, environment_of, table
from paritycheck_agent.sources.docker_engine import Docker
from tests.agent.fuzz import checkouts
from tests.agent.fuzz.reading import Seed, in_place, json_of, lay_out, told, write

if TYPE_CHECKING:
    from collections.abc import Iterator

FIXTURES = Path(__file__).parents[1] / "fixtures"


def seeds(base: Path) -> Iterator[Seed]:
    """The machine's own files."""
    unit = write(base / "units" / "shop-web.service", checkouts.UNIT.encode())

    def units() -> object:
        return systemd.read(systemd.units("/srv/shop", ["shop-web"], str(unit.parent)), {}, ["shop"])

    yield Seed(
        "systemd unit", "shop-web.service", checkouts.UNIT.encode(), in_place(unit, checkouts.UNIT.encode(), units)
    )
    yield Seed("systemd state", "show", checkouts.UNIT_STATE.encode(), lambda data: systemd_state.read(_text(data)))
    yield Seed("dpkg", "status", checkouts.DPKG.encode(), lambda data: dpkg.parse([_text(data)], str(base)))
    yield Seed("apk", "installed", checkouts.APK.encode(), lambda data: apk.parse([_text(data)], str(base)))
    release = checkouts.OS_RELEASE.encode()
    path = write(base / "etc" / "os-release", release)
    write(base / "var" / "lib" / "dpkg" / "status", checkouts.DPKG.encode())

    def named() -> None:
        host.operating_system(str(base))
        with contextlib.suppress(system_packages.SystemFault):
            system_packages.installed(str(base / "kept.json"), str(base))

    yield Seed("os-release", "os-release", release, in_place(path, release, named))
    yield from _git(base / "repository")
    yield from _installed(base / "installed")
    yield from _cluster(base / "cluster")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _git(root: Path) -> Iterator[Seed]:
    lay_out(root / ".git", checkouts.GIT)

    def read() -> None:
        found = git_plain.find(str(root))
        if found is not None:
            for each in (found.head, found.remotes, found.boundary, found.has_tags):
                each()
            found.target("refs/remotes/origin/HEAD")

    for path, text in checkouts.GIT.items():
        yield Seed(f"git {path}", path, text.encode(), in_place(root / ".git" / path, text.encode(), read))
    event = checkouts.EVENT.encode()
    environ = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_PATH": "event",
        "GITHUB_SHA": "a" * 40,
        "GITHUB_REF": "refs/heads/x",
    }
    yield Seed("pipeline's event", "event.json", event, lambda data: ci.read(environ, lambda _path: _text(data)))


def _installed(root: Path) -> Iterator[Seed]:
    info = root / ".venv" / "lib" / "python3.12" / "site-packages" / "Some_Thing-1.0.dist-info"
    metadata, url = checkouts.METADATA.encode(), checkouts.DIRECT_URL.encode()
    write(info / "METADATA", metadata)
    write(info / "direct_url.json", url)
    cfg = write(root / ".venv" / "pyvenv.cfg", checkouts.PYVENV.encode())

    def packages() -> object:
        return distributions.installed([str(info.parent)])

    yield Seed("METADATA", "METADATA", metadata, in_place(info / "METADATA", metadata, packages))
    yield Seed("direct_url.json", "direct_url.json", url, in_place(info / "direct_url.json", url, packages))
    python = str(root / ".venv")

    def found() -> None:
        with contextlib.suppress(interpreter.InterpreterFault):
            interpreter.find(str(root), {"PARITY_PYTHON": python}, {})

    yield Seed("pyvenv.cfg", "pyvenv.cfg", cfg.read_bytes(), in_place(cfg, cfg.read_bytes(), found))
    listing = (FIXTURES / "node_modules" / "installed.json").read_bytes()
    path = write(root / "node_modules" / ".package-lock.json", listing)

    def tree() -> object:
        return node_modules.read(str(root), "", str(root / "kept.json"))

    yield Seed("node_modules' list", "installed.json", listing, in_place(path, listing, tree))


def _cluster(root: Path) -> Iterator[Seed]:
    objects = (FIXTURES / "kubernetes" / "cluster.json").read_bytes()
    path = write(root / "cluster.json", objects)
    context = Context(str(root), {}, {}, str(root / "none"), kubernetes=str(path))

    def collect() -> None:
        context.kept.clear()
        for section in ("services", "processes", "config", "release"):
            told(section, context)

    yield Seed("cluster", "cluster.json", objects, in_place(path, objects, collect))
    for name in ("list", "running", "failed", "images", "image"):
        data = (FIXTURES / "docker" / f"{name}.json").read_bytes()
        yield Seed("Docker's answers", f"{name}.json", data, _docker)


def _docker(data: bytes) -> None:
    """What the engine lists or tells of one: each kind of answer is taken for each."""
    document: Any = json_of(data)
    rows = [row for row in (document if isinstance(document, list) else [document]) if isinstance(row, dict)]
    found = Docker()
    found.containers = [Container(row) for row in rows]
    for container, row in zip(found.containers, rows, strict=True):
        container.inspect(row, environment_of(table(row.get("Config"))))
    found.images = {str(number): Image(row) for number, row in enumerate(rows)}
    docker_processes.of(found, {})
