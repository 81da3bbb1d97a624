"""Containers as the Docker Engine's API describes them: what of the JSON is kept, and how it is read.

`GET /containers/json` names image, command, labels and state; `GET /containers/{id}/json` (inspect) adds how often a
container was started again, how it is stopped, where its output goes, and its environment, which an operator may
well deny. Values of the environment stay in memory.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

PROJECT = "com.docker.compose.project"
FOLDER = "com.docker.compose.project.working_dir"
SERVICE = "com.docker.compose.service"
ONE_OFF = "com.docker.compose.oneoff"
REVISION = "org.opencontainers.image.revision"
SOURCE = "org.opencontainers.image.source"
ENDED = re.compile(r"(?:Exited|Restarting) \((-?\d{1,10})\)")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
NEVER = "0001-01-01"
UP = frozenset(["running", "restarting", "paused"])


class Container:
    """One container. `command` is a text as the list writes it, words once it is inspected. `environment`: what was
    given to it when it was made; `baked`: what its image sets. `names`: what other containers reach it by.
    """

    __slots__ = (
        "baked", "command", "environment", "exit_code", "id", "image", "image_id", "inspected", "labels", "log_driver",
        "names", "ports", "restarts", "running", "stop_signal",
    )  # fmt: skip

    def __init__(self, listed: Mapping[str, Any]) -> None:
        self.id = text(listed.get("Id"))
        self.names = [name.lstrip("/") for name in texts(listed.get("Names"))]
        self.image = text(listed.get("Image"))
        self.image_id = text(listed.get("ImageID"))
        self.command: str | list[str] = text(listed.get("Command"))
        self.labels = pairs(listed.get("Labels"))
        self.running = text(listed.get("State")) in UP
        ended = ENDED.match(text(listed.get("Status")))
        self.exit_code = count(int(ended[1])) if ended else None
        self.ports = _ports(listed.get("Ports"))
        self.restarts: int | None = None
        self.log_driver = self.stop_signal = ""
        self.environment: dict[str, str] = {}
        self.baked: dict[str, str] = {}

    @property
    def service(self) -> str:
        """The name of its compose service, else its own."""
        return self.labels.get(SERVICE) or next(iter(self.names), self.id[:12])

    def inspect(self, answer: Mapping[str, Any], baked: Mapping[str, str] | None) -> None:
        """Take what inspecting tells. `baked`: the image's environment, None where it is not told: then nothing is
        known to have been given to the container, and all counts as the image's.
        """
        config, host, state = (table(answer.get(key)) for key in ("Config", "HostConfig", "State"))
        self.image = text(config.get("Image")) or self.image
        self.command = [text(answer.get("Path")), *texts(answer.get("Args"))]
        self.restarts = count(answer.get("RestartCount"))
        self.stop_signal = text(config.get("StopSignal")) or "SIGTERM"
        self.log_driver = text(table(host.get("LogConfig")).get("Type"))
        if not text(state.get("FinishedAt")).startswith(NEVER) and text(state.get("Status")) != "running":
            self.exit_code = count(state.get("ExitCode"))
        for name, value in environment_of(config).items():
            own = baked is not None and baked.get(name) != value
            (self.environment if own else self.baked)[name] = value
        self.names += [text(config.get("Hostname"))]


class Image:
    """What an image says of itself: digests in registries, and its labels."""

    __slots__ = ("digests", "labels")

    def __init__(self, listed: Mapping[str, Any]) -> None:
        found = (reference.rpartition("@")[2] for reference in texts(listed.get("RepoDigests")))
        self.digests = sorted({digest for digest in found if DIGEST.fullmatch(digest)})
        self.labels = pairs(listed.get("Labels"))


def environment_of(config: Mapping[str, Any]) -> dict[str, str]:
    """Names and values of a configuration's `Env`."""
    split = (entry.partition("=") for entry in texts(config.get("Env")))
    return {name: value for name, _, value in split if name}


def of_project(found: Iterable[Container], root: str, name: str) -> list[Container]:
    """Those of the compose project that lies in `root` (its real path) or, where one is given, has this name."""
    kept = []
    for container in found:
        folder = container.labels.get(FOLDER, "")
        named = bool(name) and container.labels.get(PROJECT) == name
        if named or (folder and folder.rstrip("/") == root):
            kept.append(container)
    return kept


def _ports(listed: Any) -> dict[int, int]:
    """The host's port by the container's; 0 where it is not published."""
    found: dict[int, int] = {}
    for item in listed if isinstance(listed, list) else ():
        port = table(item)
        inner, outer = count(port.get("PrivatePort")), count(port.get("PublicPort"))
        if inner:
            found[inner] = outer or found.get(inner, 0)
    return found


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def pairs(value: Any) -> dict[str, str]:
    return {key: item for key, item in table(value).items() if isinstance(item, str)}


def count(value: Any) -> int:
    """A whole number as the wire can hold it; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 31 else 0
