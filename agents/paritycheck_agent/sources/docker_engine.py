"""The Docker Engine, asked through the Docker SDK, and only where `[docker] enabled = true` stands in parity.toml.

Whoever may speak to the engine's socket is root on its host, so nothing of it is touched unless that is said. A
proxy before the socket that lets through `GET /version`, `/images/json` and `/containers/json` is enough; what a
proxy denies is not seen, and said to be not seen.
"""

from __future__ import annotations

import os

from paritycheck_agent.sources.configuration import table
from paritycheck_agent.sources.docker_containers import (
    ONE_OFF,
    PROJECT,
    Container,
    Image,
    environment_of,
    of_project,
)
from paritycheck_agent.sources.docker_containers import table as as_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.context import Context

SOCKET = "/var/run/docker.sock"
TIMEOUT_S = 5
CONTAINERS = 200
IMAGES = 5_000


class Docker:
    """What the engine told: containers by id, images by id. `listed`: it named all containers of the application."""

    __slots__ = ("containers", "images", "listed", "warnings")

    def __init__(self) -> None:
        self.containers: list[Container] = []
        self.images: dict[str, Image] = {}
        self.listed = False
        self.warnings: list[str] = []


def observe(context: Context) -> Docker:
    """What runs of the application, asked once in a run; empty where it is not wanted or a candidate is judged."""
    if context.candidate or table(context, "docker").get("enabled") is not True:
        return Docker()
    found: Docker = context.once("docker", _ask)
    return found


def _ask(context: Context) -> Docker:
    found = Docker()
    if not context.environ.get("DOCKER_HOST") and not os.path.exists(SOCKET):
        found.warnings.append(f"Docker is not asked: DOCKER_HOST is not set, and there is no {SOCKET}")
        return found
    try:
        import docker
    except ImportError:
        found.warnings.append("Docker is not asked: the SDK is missing; pip install 'paritycheck-agent[docker]'")
        return found
    try:
        client = docker.from_env(environment=dict(context.environ), timeout=TIMEOUT_S)
    except (docker.errors.DockerException, OSError, ValueError) as error:
        found.warnings.append(f"Docker is not asked: no engine answers ({type(error).__name__})")
        return found
    try:
        _Asker(client.api, found, (docker.errors.DockerException, OSError, ValueError)).ask(context)
    finally:
        client.close()
    return found


class _Asker:
    def __init__(self, api: Any, found: Docker, faults: tuple[type[Exception], ...]) -> None:
        self.api = api
        self.found = found
        self.faults = faults

    def ask(self, context: Context) -> None:
        label = table(context, "docker").get("label")
        label = label if isinstance(label, str) and label else ""
        try:
            listed = self.api.containers(all=True, filters={"label": label or PROJECT})
        except self.faults as error:
            self._unseen("containers", error, "nothing that runs in them is told")
            return
        containers = [Container(as_table(item)) for item in _tables(listed)]
        if not label:
            root, name = os.path.realpath(context.root), context.environ.get("COMPOSE_PROJECT_NAME", "")
            containers = of_project(containers, root, name)
        containers = [one for one in containers if one.id and one.labels.get(ONE_OFF, "").lower() != "true"]
        self.found.listed = bool(containers) and len(containers) <= CONTAINERS
        if len(containers) > CONTAINERS:
            self.found.warnings.append(
                f"{len(containers) - CONTAINERS} containers left out: at most {CONTAINERS} are read"
            )
        if not containers:
            self.found.warnings.append("Docker runs no container of this checkout; [docker] label names them otherwise")
        self.found.containers = sorted(containers[:CONTAINERS], key=lambda one: (one.service, one.id))
        self._images()
        self._inspect()

    def _images(self) -> None:
        used = {container.image_id for container in self.found.containers}
        if not used:
            return
        try:
            listed = self.api.images(all=False)
        except self.faults as error:
            self._unseen("images", error, "digests and labels are not told")
            return
        for item in _tables(listed)[:IMAGES]:
            if item.get("Id") in used:
                self.found.images[item["Id"]] = Image(item)

    def _inspect(self) -> None:
        baked: dict[str, dict[str, str] | None] = {}
        for container in self.found.containers:
            try:
                answer = self.api.inspect_container(container.id)
            except self.faults as error:
                if _status(error) == 404:  # noqa: PLR2004 -- it ended after it was listed
                    continue
                what = "restarts, stop signals, logging drivers and configuration names are not told"
                self._unseen("what a container was started with", error, what)
                return
            if container.image_id not in baked:
                baked[container.image_id] = self._baked(container.image_id, first=not baked)
            container.inspect(as_table(answer), baked[container.image_id])

    def _baked(self, image: str, *, first: bool) -> dict[str, str] | None:
        try:
            answer = self.api.inspect_image(image)
        except self.faults as error:
            if first:
                what = "configuration that a container was given is not told from its image's"
                self._unseen("what an image is made of", error, what)
            return None
        return environment_of(as_table(as_table(answer).get("Config")))

    def _unseen(self, what: str, error: Exception, so: str) -> None:
        """The engine's own words may hold anything, so they are not repeated."""
        status = _status(error)
        reason = f"status {status}" if status else type(error).__name__
        self.found.warnings.append(f"Docker does not tell {what} ({reason}): {so}")


def _tables(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _status(error: Exception) -> int:
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else 0
