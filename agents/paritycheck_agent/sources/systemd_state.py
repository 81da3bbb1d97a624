"""What systemd says of units now: how many run, how often they were started again, and how they ended."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

RUNNING = "/run/systemd/system"
TIMEOUT_S = 5
ANSWER_BYTES = 1024 * 1024
PROPERTIES = "Id,ActiveState,NRestarts,ExecMainStatus,ExecMainExitTimestampMonotonic"
COUNT_CHARS = 9


class State:
    """Of all instances of one unit: those that are active, starts again in all, and exit codes seen, sorted."""

    __slots__ = ("exit_codes", "replicas", "restarts")

    def __init__(self) -> None:
        self.replicas = 0
        self.restarts = 0
        self.exit_codes: list[int] = []


def ask(names: Sequence[str], environ: Mapping[str, str], running: str = RUNNING) -> dict[str, State] | None:
    """States by the unit's name without ending and instance; None where systemd does not run or does not answer."""
    if not names or not os.path.isdir(running):
        return None
    import subprocess

    units = [unit for name in names for unit in (f"{name}.service", f"{name}@*.service")]
    command = ["systemctl", "show", "--no-pager", f"--property={PROPERTIES}", "--", *units]
    try:
        answer = subprocess.run(
            command, env={**environ, "LC_ALL": "C"}, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S,
            check=True,
        )  # fmt: skip
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return read(answer.stdout[:ANSWER_BYTES].decode("utf-8", "replace"))


def read(text: str) -> dict[str, State]:
    """What `systemctl show` prints: `name=value` a line, an empty line between units."""
    states: dict[str, State] = {}
    for block in text.split("\n\n"):
        pairs: Iterable[tuple[str, str, str]] = (line.partition("=") for line in block.split("\n"))
        said = {name: value.strip() for name, _, value in pairs}
        name = said.get("Id", "").removesuffix(".service")
        if not name or said.get("ActiveState") in ("", None):
            continue
        state = states.setdefault(name.partition("@")[0], State())
        state.replicas += said["ActiveState"] in ("active", "reloading", "activating")
        state.restarts += _count(said.get("NRestarts", ""))
        if said.get("ExecMainExitTimestampMonotonic", "0") != "0":
            state.exit_codes = sorted({*state.exit_codes, _count(said.get("ExecMainStatus", ""))})
    return states


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= COUNT_CHARS else 0
