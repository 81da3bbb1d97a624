"""What a collector may look at, and what it gives back."""

from __future__ import annotations

import errno
import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

FILE_BYTES = 32 * 1024 * 1024


class Unknown(Exception):  # noqa: N818 - the design's third value, read as "raise Unknown"
    """The whole section is unknown; `reason` is of the closed list of `wire.words.REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Collected:
    """Facts of one section, joined with their evidence; prefixes it covers; warnings for people."""

    __slots__ = ("covers", "facts", "warnings")

    def __init__(self, facts: list[dict[str, Any]], covers: Iterable[str] = (), warnings: Iterable[str] = ()) -> None:
        self.facts = facts
        self.covers = list(covers)
        self.warnings = list(warnings)


class Context:
    """The checkout, the process environment, the parsed `parity.toml` and the agent's state directory.

    Paths are relative to `root`. Files over 32 MB, missing ones and those that may not be read are None.
    `candidate`: a gate asks about what the checkout declares, not about what runs here. `kubernetes`: the report tells
    of a cluster: a file, `-` for standard input, or `api`. `sboms`: full paths of the bills of materials that the
    command line names. `kept` holds what one run reads once, by whose it is.
    """

    __slots__ = ("candidate", "environ", "kept", "kubernetes", "root", "sboms", "settings", "state_dir")

    def __init__(
        self,
        root: str,
        environ: Mapping[str, str],
        settings: Mapping[str, Any],
        state_dir: str,
        *,
        candidate: bool = False,
        kubernetes: str = "",
        sboms: Iterable[str] = (),
    ) -> None:
        self.root = root
        self.environ = environ
        self.settings = settings
        self.state_dir = state_dir
        self.candidate = candidate
        self.kubernetes = kubernetes
        self.sboms = tuple(sboms)
        self.kept: dict[str, Any] = {}

    @property
    def elsewhere(self) -> bool:
        """Whether the report is not about this machine: what is installed or set here says nothing then."""
        return self.candidate or bool(self.kubernetes)

    def once(self, name: str, make: Callable[[Context], Any]) -> Any:
        """Return what `make` gives of this context, made once a run however many sections ask for it."""
        if name not in self.kept:
            self.kept[name] = make(self)
        return self.kept[name]

    def open_bytes(self, path: str) -> bytes | None:
        """Return the bytes of a regular file, None where there are none to read."""
        try:
            with open(self._full(path), "rb", opener=without_waiting) as stream:
                if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                    return None
                data = stream.read(FILE_BYTES + 1)
        except (OSError, ValueError):
            return None
        return data if len(data) <= FILE_BYTES else None

    def open_text(self, path: str) -> str | None:
        """Return a file as UTF-8 without its BOM; other bytes become U+FFFD."""
        data = self.open_bytes(path)
        return None if data is None else data.decode("utf-8-sig", "replace")

    def exists(self, path: str) -> bool:
        """Return whether path is a regular file."""
        return os.path.isfile(self._full(path))

    def _full(self, path: str) -> str:
        return os.path.join(self.root, path)


def without_waiting(path: str, flags: int) -> int:
    """Open without waiting, as an opener: a named pipe in a checkout must not stop the agent."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def regular(path: str, flags: int) -> int:
    """Open a regular file alone, as an opener; raise OSError for a pipe, which would be waited for, and all others."""
    handle = without_waiting(path, flags)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "no regular file", path)
    return handle
