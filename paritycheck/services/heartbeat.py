"""One UPDATE that checks and writes at once: an unchanged report costs nothing else."""

from uuid import UUID

from django.db import connections, transaction

HEARTBEAT = "heartbeat"
# Only the row of this state and an older seq is touched, so that two processes cannot undo each other. One that fell
# silent may have left the merge meanwhile, as may a runner that another one replaced: the ordinary path puts it back
# (`core/freshness.py` has the rule).
BEAT = """
UPDATE paritycheck_instance
   SET last_seen = now(), seq = %(seq)s, last_report = %(report_id)s,
       bucket = least(30, bucket + extract(epoch FROM now() - last_seen) / 5) - 1
 WHERE environment_id = %(environment)s AND key = %(key)s AND state = %(state)s AND seq < %(seq)s
   AND retired_at IS NULL
   AND last_seen >= now() - CASE WHEN interval_s IS NOT NULL THEN make_interval(secs => 2 * interval_s + 60)
                                 WHEN kind IN ('host', 'laptop') THEN interval '26 hours' END
   AND least(30, bucket + extract(epoch FROM now() - last_seen) / 5) >= 1"""


def beat(*, environment_id: UUID, key: str, state: str, seq: int, report_id: UUID, using: str = "default") -> bool:
    """Note that the instance still reports `state`; False leaves everything to the ordinary path.

    `using` is the alias `heartbeat` before Django: it commits without waiting for the disk.
    """
    connection = connections[using]
    connection.ensure_connection()
    raw = connection.connection
    if using == HEARTBEAT and raw.prepare_threshold is None:
        raw.prepare_threshold = 0
    values = {"seq": seq, "report_id": report_id, "environment": environment_id, "key": key, "state": state}
    with connection.wrap_database_errors:
        return bool(raw.execute(BEAT, values).rowcount)


def beat_in_turn(*, environment_id: UUID, key: str, state: str, seq: int, report_id: UUID) -> bool:
    """The same on the ordinary path, where the instance's row may be held by an earlier report: two seconds at most."""
    with transaction.atomic():
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', '2s', true)")
        return beat(environment_id=environment_id, key=key, state=state, seq=seq, report_id=report_id)


def close_connections() -> None:
    """After a failure outside Django's request cycle, where nobody else closes what broke."""
    for alias in ("default", HEARTBEAT):
        connections[alias].close()
