"""Whether this database may be worked on: one that was restored may not, until `paritycheck restored` has run.

Two things tell. `paritycheck restore` makes a table before it begins, which stays until then. And the revocation file
holds entries of the audit log that the database lacks, whatever way it was brought back to an older state.
"""

from datetime import datetime
from typing import Any, Final

import structlog
from django.db import OperationalError, connection, transaction
from django.db.backends.signals import connection_created

from paritycheck.services.revocation_file import Line, newest_lines

log = structlog.get_logger(__name__)
MARK: Final = "paritycheck_restored"
NEXT: Final = "Run: paritycheck restored"
_MISSING = """
SELECT count(*) FROM unnest(%s::uuid[], %s::bigint[], %s::text[]) AS line (chain, number, sha256)
 WHERE NOT EXISTS (SELECT FROM paritycheck_auditentry AS entry
                    WHERE entry.chain = line.chain AND entry.number = line.number
                      AND encode(entry.sha256, 'hex') = line.sha256)
   AND NOT EXISTS (SELECT FROM paritycheck_auditentry AS entry WHERE entry.chain = line.chain
                   HAVING min(entry.number) > line.number)
"""


class NotConfirmedError(OperationalError):
    """The database was restored, and nobody said yet what becomes of what was revoked since. For those who ask, it is
    not available.
    """


def why_not() -> str:
    """Why nobody may work on the database, empty where all may. Raises django.db.Error, OSError."""
    connection.ensure_connection()
    return _refusal(connection.connection)


def guard_connections() -> None:
    """From now on no connection of this process opens to a database that may not be worked on."""
    connection_created.connect(_check, dispatch_uid="restored")


def leave_connections() -> None:
    """Undo it, for tests."""
    connection_created.disconnect(dispatch_uid="restored")


def _check(connection: Any, **_: Any) -> None:
    try:
        said = _refusal(connection.connection)
    except BaseException:
        connection.close()
        raise
    if said:
        # Left open it would be taken for one that was looked at.
        connection.close()
        log.error("database not confirmed", reason=said)
        raise NotConfirmedError(said)


def _refusal(session: Any) -> str:
    if restored_at(session) is not None:
        return f"This database was restored from a backup, and nobody has confirmed it yet. {NEXT}"
    missing = count_missing(session, newest_lines())
    if missing:
        return (
            f"This database is older than the revocation file: it lacks {missing} of its last entries, so what was "
            f"revoked since would be good again. {NEXT} (if the file is another installation's, move it away)"
        )
    return ""


def restored_at(session: Any) -> datetime | None:
    """When a restore began that nobody confirmed yet."""
    if session.execute("SELECT to_regclass(%s)", [MARK]).fetchone()[0] is None:
        return None
    found: datetime = session.execute(f"SELECT coalesce(max(at), now()) FROM {MARK}").fetchone()[0]  # noqa: S608  our own name
    return found


def count_missing(session: Any, lines: list[Line]) -> int:
    """How many of the lines are no entries of the audit log. One that is older than all of its chain was deleted."""
    there = session.execute("SELECT to_regclass('paritycheck_auditentry')").fetchone()[0]
    if not lines or there is None:
        return 0
    columns = ([line.chain for line in lines], [line.number for line in lines], [line.sha256 for line in lines])
    return int(session.execute(_MISSING, list(columns)).fetchone()[0])


def mark_restored() -> None:
    """Before a restore begins: what comes of it, whole or not, is refused until somebody confirms it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {MARK} (at timestamptz NOT NULL)")
        cursor.execute(f"INSERT INTO {MARK} SELECT now() WHERE NOT EXISTS (SELECT FROM {MARK})")  # noqa: S608  our own name
    with connection.cursor() as cursor:
        # A process that ran on would have a connection from before, which nobody looks at again.
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
        )


def unmark_restored() -> None:
    """It may be worked on."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {MARK}")
