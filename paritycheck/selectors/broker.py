"""The message queue's tables in PostgreSQL."""

from django.db import connection
from pgmq.install import get_embedded_sql_version


def installed_pgmq() -> str | None:
    """The release that made the queue's tables, None where they are not ours or not there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description(to_regnamespace('pgmq')::oid, 'pg_namespace')")
        row = cursor.fetchone()
    return row[0] if row else None


def shipped_pgmq() -> str:
    """The release that the installed client ships."""
    return get_embedded_sql_version()
