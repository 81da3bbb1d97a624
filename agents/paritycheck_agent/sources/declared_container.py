"""A container that a file declares, in whichever format: what all readers of such files give."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PORT = re.compile(r"(?:.*:)?(\d+)(?:-\d+)?:(\d+)(?:-\d+)?(?:/\w+)?")
# Stands where a variable of a pipeline does that nobody here knows. A letter: `16.x` still is a 16, `1x` is no version.
UNTOLD = "x"


class Container:
    """`image` is the reference as written, with `UNTOLD` for what only the pipeline knows; `line` the image's.
    `names` are what others reach it by, `ports` the host's port by the container's.
    """

    __slots__ = ("image", "line", "name", "names", "path", "ports")

    def __init__(
        self, name: str, image: str, place: tuple[str, int], *, names: Iterable[str] = (), ports: Mapping[int, int] = {}
    ) -> None:
        self.name = name
        self.image = image
        self.path, self.line = place
        self.names = {name.lower(), *(other.lower() for other in names)} - {""}
        self.ports = dict(ports)

    @property
    def source(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


def port_pair(text: str) -> tuple[int, int] | None:
    """The host's port and the container's in `127.0.0.1:5433:5432/tcp`; None where the host's is left to chance."""
    match = PORT.fullmatch(text.strip())
    return (int(match[1]), int(match[2])) if match and is_port(match[1]) and is_port(match[2]) else None


def is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < len(text) <= 5  # noqa: PLR2004 -- 65535
