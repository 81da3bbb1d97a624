"""`paritycheck migrate`: Django's own, which holds nobody up for long.

A change of a table waits until whoever uses it is done, and everybody who comes after waits behind it. So it waits for
a moment only, lets the others go on, and tries again; what was migrated until then stays, what was not is as before.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.errors import DeadlockDetected, LockNotAvailable
from typing_extensions import override

from paritycheck.selectors.holders import holders_of_locks

LOCK_MS: Final = 1_500
"""How long a statement may wait, and others behind it: less than the 2 s that a heartbeat waits for its row."""
TRIES: Final = 6
PAUSE_S: Final = 3.0


class Command(migrate.Command):
    """Migrates with a short `lock_timeout`, and again after a pause, five times."""

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        with impatient(connection):
            for left in reversed(range(TRIES)):
                try:
                    super().handle(*args, **options)
                except OperationalError as error:
                    if not isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
                        raise
                    self._wait(left, options["database"])
                else:
                    return

    def _wait(self, left: int, database: str) -> None:
        if not left:
            there = ", ".join(holders_of_locks(using=database)) or "nobody any more"
            raise CommandError(
                f"A table was in use each of {TRIES} times, and is as it was. In the way: {there}. "
                "Run `paritycheck migrate` again when they are done."
            )
        self.stderr.write(f"A table is in use. The others go on; trying again in {PAUSE_S:g} s, {left} times at most.")
        time.sleep(PAUSE_S)


@contextmanager
def impatient(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Until the end of the block statements wait for locks for a moment only. `statement_timeout` is PostgreSQL's to
    keep here: a migration may lift it for a statement that runs for long and locks nobody out.
    """
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout')")
        before = cursor.fetchone()[0]
        cursor.execute(f"SET lock_timeout = '{LOCK_MS}ms'")
    patience, connection.connection.patience_s = connection.connection.patience_s, None
    try:
        yield
    finally:
        if connection.connection is not None and connection.is_usable():
            connection.connection.patience_s = patience
            with connection.cursor() as cursor:
                cursor.execute(f"SET lock_timeout = '{before}'")
