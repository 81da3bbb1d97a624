"""A process type as one source tells it, and what several sources tell of one type together."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}"
SIGNALS = {
    "1": "SIGHUP", "2": "SIGINT", "3": "SIGQUIT", "6": "SIGABRT", "9": "SIGKILL", "10": "SIGUSR1", "12": "SIGUSR2",
    "15": "SIGTERM", "28": "SIGWINCH", "37": "SIGRTMIN+3",
}  # fmt: skip
_SIGNAL = r"SIG[A-Z0-9]{2,8}(?:[+-]\d{1,2})?"
_DRIVER = r"[a-z][a-z0-9._/:-]{0,63}"


class Process:
    """One type. `kind` is "" where the program cannot be told, and `reason` says why. `port`: it binds one.
    `replicas`, `restarts` and `exit_codes` are what is seen now, None and empty where nothing is. `here`: the program
    runs from the packages of this host.
    """

    __slots__ = (
        "exit_codes", "here", "kind", "log_driver", "name", "port", "reason", "replicas", "restarts", "sources",
        "stop_signal",
    )  # fmt: skip

    def __init__(self, name: str, source: str, *, kind: str = "", port: bool = False, here: bool = False) -> None:
        self.name = name
        self.kind = kind
        self.port = port
        self.here = here
        self.reason = "not-collected"
        self.sources = [source]
        self.stop_signal = ""
        self.log_driver = ""
        self.replicas: int | None = None
        self.restarts: int | None = None
        self.exit_codes: list[int] = []

    def seen(self) -> dict[str, int | list[int] | None]:
        """What changes without meaning anything, by the name of its member of evidence."""
        return {"replicas": self.replicas, "restarts": self.restarts, "exit_codes": self.exit_codes}

    def fill(self, other: Process) -> None:
        """Take what is not told yet from a source that counts less."""
        if not self.kind:
            self.kind, self.here = other.kind, other.here
            self.port = self.port or other.port
        elif other.kind == self.kind:
            self.port = self.port or other.port
            self.here = self.here or other.here
        self.stop_signal = self.stop_signal or other.stop_signal
        self.log_driver = self.log_driver or other.log_driver
        self.replicas = other.replicas if self.replicas is None else self.replicas
        self.restarts = other.restarts if self.restarts is None else self.restarts
        self.exit_codes = self.exit_codes or other.exit_codes
        self.sources += [source for source in other.sources if source not in self.sources]


class Read:
    """What one source tells. `complete`: a type that it does not name is none of this application's."""

    __slots__ = ("complete", "processes", "warnings")

    def __init__(
        self, processes: Iterable[Process] = (), *, complete: bool = False, warnings: Iterable[str] = ()
    ) -> None:
        self.processes = [process for process in processes if _fits(_NAME, process.name)]
        self.complete = complete
        self.warnings = list(warnings)


def signal_name(text: str) -> str:
    """Return a signal as SIGTERM is written, from its name, its short name or its number; "" for anything else."""
    word = text.strip().upper()
    word = SIGNALS.get(word, word)
    if word and not word.startswith("SIG"):
        word = f"SIG{word}"
    return word if _fits(_SIGNAL, word) else ""


def driver_name(text: str) -> str:
    """Return a logging driver's name in lower case; "" for what is none."""
    word = text.strip().lower()
    return word if _fits(_DRIVER, word) else ""


def _fits(pattern: str, text: str) -> bool:
    """Whether a text is of a pattern; most hosts have no process to ask it of, and it is compiled for none."""
    import re

    return re.fullmatch(pattern, text) is not None
