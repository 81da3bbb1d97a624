"""Which drifts were open at an instant, and how many day by day: the past as the events tell it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import accumulate
from uuid import UUID

from django.db import connection

from paritycheck.models import DriftEvent

DAYS = 60
OPENS = ("opened", "reopened", "unwaived")
CLOSES = ("resolved", "waived")
# A drift that is waived is not open, however often it is waived, and whether or not it resolves meanwhile: each event
# counts by what it makes of the drift and what the one before made of it.
_CHANGES = """
    SELECT project_id, day, sum(after - before)
      FROM (SELECT project_id, (at AT TIME ZONE 'UTC')::date AS day, after,
                   lag(after, 1, 0) OVER (PARTITION BY drift_id ORDER BY at, id) AS before
              FROM paritycheck_driftevent,
                   LATERAL (SELECT (kind = ANY(%s))::int AS after) AS made
             WHERE project_id = ANY(%s)
               AND kind = ANY(%s)) AS moves
     GROUP BY project_id, day"""


def open_by_day(projects: Iterable[UUID], now: datetime, days: int = DAYS) -> dict[UUID, tuple[int, ...]]:
    """The number open, and not waived, at the end of each day (UTC) since the first event, at most `days` back, today
    last; one query.
    """
    changes: dict[UUID, dict[date, int]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_CHANGES, [[*OPENS], list(projects), [*OPENS, *CLOSES]])
        for project, day, change in cursor.fetchall():
            changes[project][day] = change
    return {project: _line(found, now.date(), days) for project, found in changes.items()}


def _line(changes: dict[date, int], today: date, days: int) -> tuple[int, ...]:
    first = min(changes)
    span = [first + timedelta(days=at) for at in range((today - first).days + 1)]
    return tuple(accumulate(changes.get(day, 0) for day in span))[-days:]


def open_at(project: UUID, instants: Sequence[datetime]) -> list[frozenset[str]]:
    """The drifts that were open, and not waived, just before each instant, which are in order; one query."""
    moves = DriftEvent.objects.filter(project_id=project, kind__in=[*OPENS, *CLOSES]).order_by("at", "id")
    events = list(moves.values_list("at", "kind", "drift_id"))
    found, standing, done = [], set[str](), 0
    for instant in instants:
        while done < len(events) and events[done][0] < instant:
            _at, kind, drift = events[done]
            (standing.add if kind in OPENS else standing.discard)(drift)
            done += 1
        found.append(frozenset(standing))
    return found
