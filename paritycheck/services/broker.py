"""Makes the message queue's tables anew."""

from django.db import connection, transaction
from pgmq.install import get_embedded_install_sql, get_embedded_sql_version


@transaction.atomic
def reset_queue() -> str:
    """Drop the queue and install what the client ships; returns its release. The queue holds wake-ups only."""
    version = get_embedded_sql_version()
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS pgmq CASCADE")
        cursor.connection.execute(get_embedded_install_sql())
        cursor.execute(f"COMMENT ON SCHEMA pgmq IS '{version}'")
    return version
