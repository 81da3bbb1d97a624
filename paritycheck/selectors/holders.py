"""Who uses the tables just now, in words that hold nothing of what they ask."""

from django.db import connections

HOLDERS = """
SELECT DISTINCT a.pid, coalesce(nullif(a.application_name, ''), a.backend_type),
       extract(epoch FROM clock_timestamp() - a.xact_start)::int
  FROM pg_locks l JOIN pg_stat_activity a USING (pid)
 WHERE l.granted AND l.locktype = 'relation' AND a.datname = current_database()
   AND a.pid <> pg_backend_pid() AND a.xact_start < clock_timestamp() - interval '1 second'
 ORDER BY 3 DESC LIMIT 5
"""


def holders_of_locks(*, using: str) -> list[str]:
    """The oldest transactions that hold a lock on a table: `process 4711 (pg_dump), for 95 s`."""
    with connections[using].cursor() as cursor:
        cursor.execute(HOLDERS)
        return [f"process {pid} ({name}), for {seconds} s" for pid, name, seconds in cursor.fetchall()]
