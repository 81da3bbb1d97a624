"""What the images that run say of the release: digests in registries, and the labels of the OCI annotations."""

from __future__ import annotations

import re

from paritycheck_agent.sources import docker_engine
from paritycheck_agent.sources.docker_containers import REVISION, SOURCE
from paritycheck_agent.sources.docker_processes import applications

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paritycheck_agent.context import Context

COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class Said:
    """`commit` and `repository` are "" where the images that run name none, or not all the same."""

    __slots__ = ("artifacts", "commit", "repository")

    def __init__(self) -> None:
        self.artifacts: list[str] = []
        self.commit = ""
        self.repository = ""


def read(context: Context) -> Said:
    """What the images of the application's running containers say."""
    found = docker_engine.observe(context)
    said = Said()
    running = [container for container in applications(found) if container.running]
    used = [found.images[one.image_id] for one in running if one.image_id in found.images]
    said.artifacts = sorted({digest for image in used for digest in image.digests[:1]})
    # A container's labels hold those of its image: where images may not be listed, they stand there.
    labels = [image.labels for image in used] or [container.labels for container in running]
    commit = _one(label.get(REVISION, "") for label in labels)
    said.commit = commit if COMMIT.fullmatch(commit) else ""
    said.repository = _one(label.get(SOURCE, "") for label in labels)
    return said


def _one(values: Iterable[str]) -> str:
    """The one value that all give that give any."""
    found = {value for value in values if value}
    return found.pop() if len(found) == 1 else ""
