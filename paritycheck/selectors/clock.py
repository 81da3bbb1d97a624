"""The time by PostgreSQL's clock, which all processes share. This host's own may be wrong, and be set as we run.

What decides over rows, such as who is silent, what is due and when something ends, is told by this clock. PostgreSQL is
asked every ten seconds; between two questions the monotonic clock tells, which nobody sets.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from django.db import connection

AGAIN_S: Final = 10.0


class _Reading(NamedTuple):
    at: datetime
    monotonic: float


_last: list[_Reading] = []


def now() -> datetime:
    """The present moment. Raises OperationalError where PostgreSQL has to be asked and does not answer."""
    passed = time.monotonic() - _last[-1].monotonic if _last else AGAIN_S
    if passed < AGAIN_S:
        return _last[-1].at + timedelta(seconds=passed)
    return _ask().at


def _ask() -> _Reading:
    """Past Django's cursor: this is no query of whoever happens to be the one who asks."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        # Of before it was asked: ours is then never behind PostgreSQL's, and a row of just now is never of the future.
        asked = time.monotonic()
        row = connection.connection.execute("SELECT clock_timestamp()").fetchone()
    _last[:] = [_Reading(row[0].astimezone(UTC), asked)]
    return _last[-1]
