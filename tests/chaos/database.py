"""The database that a stand works on, and its server: what is in it, and what hurts it."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg

if TYPE_CHECKING:
    from collections.abc import Callable

    from paritycheck.local.postgres import Embedded

T = TypeVar("T")


class Database:
    """`url` names it; `server` is where it can be restarted."""

    def __init__(self, url: str, server: Embedded | None) -> None:
        self.url, self.server = url, server
        self.kills = 0

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a statement, by a connection of its own; again while PostgreSQL is away."""
        deadline = time.monotonic() + 60
        while True:
            try:
                with psycopg.connect(libpq(self.url), autocommit=True) as session:
                    done = session.execute(statement, values)
                    return list(done.fetchall()) if done.description else []
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def count(self, statement: str, *values: Any) -> int:
        """The number that a statement gives."""
        return int(self.sql(statement, *values)[0][0])

    def until(self, condition: Callable[[], T], within_s: float) -> T:
        """What `condition` gives once it is true, or its last answer when the time is over."""
        deadline = time.monotonic() + within_s
        while not (found := condition()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return found

    def move_back(self) -> None:
        """Take everything off other disks, which end with their scenario."""
        for what in ("TABLE", "INDEX"):
            self.sql(f"ALTER {what} ALL IN TABLESPACE small SET TABLESPACE pg_default")
        self.sql("DROP TABLESPACE small")

    def restart_postgres(self) -> None:
        """`pg_ctl restart -m immediate`: no checkpoint, no goodbye. Its keeper starts it again."""
        self.kills += 1
        postmaster = self.postmaster()
        os.kill(postmaster, signal.SIGQUIT)
        assert self.until(lambda: not alive(postmaster), 20)
        self.tend()

    def freeze_postgres(self) -> None:
        """`kill -STOP` of PostgreSQL and all of its backends: connections stay, and nobody answers."""
        self._signal_postgres(signal.SIGSTOP)

    def thaw_postgres(self) -> None:
        """`kill -CONT`, which ends `freeze_postgres`."""
        self._signal_postgres(signal.SIGCONT)

    def _signal_postgres(self, number: signal.Signals) -> None:
        postmaster = self.postmaster()
        for pid in [postmaster, *children(postmaster)]:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def postmaster(self) -> int:
        """Its process id."""
        assert self.server is not None
        return int((self.server.paths.data / "postmaster.pid").read_text().split("\n")[0])

    def tend(self) -> None:
        """Wait until PostgreSQL answers; a server that lived for a moment only is started here."""
        assert self.server is not None

        def answers() -> bool:
            assert self.server is not None
            self.server.tend()
            with suppress(psycopg.OperationalError):
                psycopg.connect(libpq(self.server.paths.server_url("postgres"))).close()
                return True
            return False

        assert self.until(answers, 60), "PostgreSQL does not come back"


def alive(pid: int) -> bool:
    """Whether a process still runs."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            if int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == parent:
                found.append(int(entry.name))
    return found


def libpq(url: str) -> str:
    """A URL of ours in the form that libpq reads."""
    return f"postgresql://{url.partition(':')[2].removeprefix('//')}"
