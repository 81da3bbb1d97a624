"""How many drifts were open, day by day, by project."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import accumulate
from uuid import UUID

from django.db.models import Case, IntegerField, Sum, Value, When
from django.db.models.functions import TruncDay

from paritycheck.models import DriftEvent

DAYS = 60
_STEP = Case(
    When(kind__in=("opened", "reopened"), then=Value(1)),
    When(kind="resolved", then=Value(-1)),
    default=Value(0),
    output_field=IntegerField(),
)


def open_by_day(projects: Iterable[UUID], now: datetime, days: int = DAYS) -> dict[UUID, tuple[int, ...]]:
    """The number open at the end of each day since the first event, at most `days` back, today last; one query."""
    today = now.date()
    rows = (
        DriftEvent.objects.filter(project__in=list(projects))
        .annotate(day=TruncDay("at"))
        .values("project_id", "day")
        .annotate(change=Sum(_STEP))
        .order_by()
    )
    changes: dict[UUID, dict[date, int]] = defaultdict(dict)
    for row in rows:
        changes[row["project_id"]][row["day"].date()] = row["change"]
    return {project: _line(found, today, days) for project, found in changes.items()}


def _line(changes: dict[date, int], today: date, days: int) -> tuple[int, ...]:
    first = min(changes)
    span = [first + timedelta(days=at) for at in range((today - first).days + 1)]
    return tuple(accumulate(changes.get(day, 0) for day in span))[-days:]
