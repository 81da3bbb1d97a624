"""The advisory lock that makes one beat of any number of them."""

import psycopg
import structlog
from django.db import connection

log = structlog.get_logger(__name__)
BEAT_LOCK = 7_301_001
# A host that vanished says no goodbye. PostgreSQL asks after 5 s and gives up after 15 s, not after two hours.
KEEPALIVE = "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=2"
OURS = frozenset({"cursor_factory", "context", "prepare_threshold", "options"})


class Hold:
    """The lock, on a connection of its own that does nothing else: it is lost with the connection, and only then."""

    def __init__(self) -> None:
        self._session: psycopg.Connection[tuple[object, ...]] | None = None

    def take(self) -> bool:
        """Whether the lock is ours now. Raises psycopg.Error where PostgreSQL does not answer."""
        self.drop()
        params = {key: value for key, value in connection.get_connection_params().items() if key not in OURS}
        session = psycopg.connect(**params, options=KEEPALIVE, autocommit=True)
        row = session.execute("SELECT pg_try_advisory_lock(%s)", [BEAT_LOCK]).fetchone()
        if row and row[0]:
            self._session = session
            return True
        session.close()
        return False

    def is_kept(self) -> bool:
        """Whether it still is. A connection that was lost is made anew and takes the lock again; False only where
        another beat has it by now. While PostgreSQL is away nobody can have taken it.
        """
        try:
            if self._session is not None:
                self._session.execute("SELECT 1")
                return True
        except psycopg.Error:
            log.warning("beat lost the connection that holds its lock")
        try:
            return self.take()
        except psycopg.Error:
            return True

    def drop(self) -> None:
        """Let another beat have it."""
        if self._session is not None:
            self._session.close()
            self._session = None
