"""A statement ends on this side too, where the server's own timeout cannot end it.

`statement_timeout` is the server's: one that hangs (stopped, swapped out, a disk that does not answer) keeps every
thread that asks it, and a web process whose threads all wait says not even that it is alive. The network's timeouts do
not help, because the kernel of such a server still answers them.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, TypeVar

import psycopg
from django.db.backends.postgresql import base
from psycopg.abc import PQGen
from psycopg.errors import _WaitTimeout
from typing_extensions import override

T = TypeVar("T")
MARGIN_S = 0.5
"""What the server's own timeout is ahead of ours: it says more, and leaves the connection usable."""
HEALTH_S = 1.0
"""How long a kept connection may take to say that it is alive, before a new one is made."""

PAUSE_S = 2.0
"""How long nobody of this process tries to connect to a server that was silent."""


class PatientConnection(psycopg.Connection[Any]):
    """A connection that is closed where the server is silent for longer than `patience_s`."""

    patience_s: float | None = None

    @override
    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """What psycopg waits for. Raises psycopg.OperationalError after `patience_s`, with the connection closed."""
        if timeout is not None or self.patience_s is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.patience_s)
        except _WaitTimeout:
            self.pgconn.finish()
            raise psycopg.OperationalError(f"no answer within {self.patience_s:g} s") from None

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Wait at most so long in this block."""
        before, self.patience_s = self.patience_s, seconds
        try:
            yield
        finally:
            self.patience_s = before


def _driver() -> ModuleType:
    """Psycopg as Django sees it, whose `connect` makes connections of ours."""
    driver = ModuleType("patient_psycopg")
    vars(driver).update(vars(psycopg), connect=PatientConnection.connect)
    return driver


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own; the entry of DATABASES says `STATEMENT_TIMEOUT_S`, whole seconds."""

    Database = _driver()
    _silent_until = 0.0

    @override
    def get_new_connection(self, conn_params: dict[str, Any]) -> PatientConnection:
        """A connection whose every statement is bounded.

        Raises psycopg.OperationalError at once for a while after a server let somebody of this process wait in vain:
        were each thread to find that out for itself, none would be left for those who ask for something else.
        """
        if time.monotonic() < DatabaseWrapper._silent_until:
            raise psycopg.OperationalError("the server has just been silent")
        try:
            connection: PatientConnection = super().get_new_connection(conn_params)
        except psycopg.errors.ConnectionTimeout:
            DatabaseWrapper._silent_until = time.monotonic() + PAUSE_S
            raise
        connection.patience_s = self.settings_dict["STATEMENT_TIMEOUT_S"] + MARGIN_S
        return connection

    @override
    def is_usable(self) -> bool:
        """Whether the connection answers, soon."""
        if self.connection is None:
            return False
        with self.connection.within(HEALTH_S):
            return super().is_usable()
