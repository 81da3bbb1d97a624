"""The embedded PostgreSQL of a data directory: reached by a socket only, started when used, stopped after."""

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from paritycheck.local.errors import LocalError
from paritycheck.local.layout import Layout, layout, prepare
from paritycheck.local.locks import FileLock

DATABASE = "paritycheck"
START_S = 60.0
STOP_S = 25.0
POLL_S = 0.05


class Embedded:
    """Use of the server in `directory` from `open` to `close`; any number of processes may use it at once."""

    def __init__(self, directory: Path, *, settings: Mapping[str, str] | None = None, temporary: bool = False) -> None:
        self.paths: Layout = layout(directory)
        prepare(self.paths)
        self._arguments = [f"{name}={value}" for name, value in (settings or {}).items()]
        if temporary:
            self._arguments.append("--temporary")
        self._users = FileLock(self.paths.users_lock)
        self._keeper_lock = FileLock(self.paths.keeper_lock)
        self._keeper: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """`DATABASE_URL` of the database `paritycheck`."""
        return self.paths.server_url(DATABASE)

    @property
    def descriptors(self) -> tuple[int, ...]:
        """For children that use the server: with these it runs until they have ended, whoever ends first.

        A worker that loses its database while it stops waits a minute for it to come back.
        """
        return self._users.descriptors

    def open(self) -> str:
        """Start the server unless it runs, make the database unless it is there, and return its URL.

        Raises LocalError when the server does not come up; the message ends with what its log says last.
        """
        if not self._users.shared(wait_s=STOP_S):
            raise LocalError(f"Another process is still stopping the server in {self.paths.directory}. Try again.")
        try:
            self.tend()
            self._await_server()
            self.make_database(DATABASE)
        except BaseException:
            self.close()
            raise
        return self.url

    def close(self) -> None:
        """Stop using the server; the last one to do so waits until it is down."""
        self._users.release()
        deadline = time.monotonic() + STOP_S
        while self._keeper_lock.taken() and not self._users.used() and time.monotonic() < deadline:
            time.sleep(POLL_S)
        if self._keeper is not None and not self._users.used():
            self._keeper.wait(STOP_S)

    def tend(self) -> None:
        """Start a keeper if none lives: the first time, and after somebody killed it."""
        coming = self._keeper is not None and self._keeper.poll() is None
        if not coming and not self._keeper_lock.taken():
            self._spawn()

    def make_database(self, name: str) -> None:
        """Create a database unless it exists."""
        with psycopg.connect(self._conninfo(), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
                try:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
                except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                    return  # another user of the server was as quick

    def _conninfo(self) -> str:
        return f"host={self.paths.socket} user=paritycheck dbname=postgres connect_timeout=5"

    def _spawn(self) -> None:
        """Start a keeper in a session of its own: the terminal's Ctrl-C is not for it."""
        command = [sys.executable, "-m", "paritycheck.local.keeper", str(self.paths.directory), *self._arguments]
        with self.paths.server_log.open("ab") as log:
            self._keeper = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def _await_server(self) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self._answers():
                return
            if self._keeper is not None and self._keeper.poll() not in {None, 0}:
                break
            time.sleep(POLL_S)
        raise LocalError(
            f"The embedded PostgreSQL does not start. The end of {self.paths.server_log}:\n{self._log_end()}"
        )

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._conninfo()).close()
        except psycopg.OperationalError:
            return False
        return True

    def _log_end(self) -> str:
        try:
            return "\n".join(self.paths.server_log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])
        except OSError:
            return ""

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
