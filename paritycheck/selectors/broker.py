"""The message queue: its tables in PostgreSQL where that is the broker, and what waits in it wherever it is."""

from typing import Any

from django.conf import settings
from django.db import connection
from kombu import Connection
from pgmq.install import get_embedded_sql_version

PATIENCE_S = 2
QUEUES = ("paritycheck", "deliver")


def installed_pgmq() -> str | None:
    """The release that made the queue's tables, None where they are not ours or not there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description(to_regnamespace('pgmq')::oid, 'pg_namespace')")
        row = cursor.fetchone()
    return row[0] if row else None


def shipped_pgmq() -> str:
    """The release that the installed client ships."""
    return get_embedded_sql_version()


def broker_name() -> str:
    """`PostgreSQL`, or the scheme of BROKER_URL; never the URL, which may hold a password."""
    return str(settings.BROKER_URL).partition("://")[0] or "PostgreSQL"


def is_broker_there() -> bool:
    """Whether the broker takes a connection within two seconds. PostgreSQL as broker is not asked twice."""
    if not settings.BROKER_URL:
        return True
    try:
        with _connection() as broker:
            broker.ensure_connection(max_retries=1, timeout=PATIENCE_S)
    except Exception:  # noqa: BLE001  brokers raise what they like
        return False
    return True


def queue_lengths() -> dict[str, int] | None:
    """Wake-ups that wait in each queue; None where the broker does not answer within two seconds."""
    if not settings.BROKER_URL:
        return _pgmq_lengths()
    try:
        with _connection() as broker:
            broker.ensure_connection(max_retries=1, timeout=PATIENCE_S)
            channel: Any = broker.default_channel
            return {name: int(channel.queue_declare(name, passive=True).message_count) for name in QUEUES}
    except Exception:  # noqa: BLE001  brokers raise what they like, a queue that nobody declared too
        return None


def _connection() -> Connection:
    options = {"socket_timeout": PATIENCE_S, "socket_connect_timeout": PATIENCE_S}
    redis = settings.BROKER_URL.startswith(("redis", "valkey", "sentinel"))
    return Connection(settings.BROKER_URL, connect_timeout=PATIENCE_S, transport_options=options if redis else {})


def _pgmq_lengths() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace('pgmq') AND relname LIKE 'q\\_%%'", []
        )
        there = {row[0].removeprefix("q_") for row in cursor.fetchall()}
        found = {}
        for name in QUEUES:
            found[name] = 0
            if name in there:
                cursor.execute(f'SELECT count(*) FROM pgmq."q_{name}"')  # noqa: S608  our own two names
                row = cursor.fetchone()
                found[name] = int(row[0]) if row else 0
    return found
