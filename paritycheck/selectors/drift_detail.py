"""Where a drift stands among the others, and what else drifts in the same place."""

from dataclasses import dataclass

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from paritycheck.core.natural import natural
from paritycheck.models import Drift
from paritycheck.models.drifts import DriftState

LIVE = (DriftState.OPEN, DriftState.WAIVED)
NEAR = 6
_RANK = Case(
    When(severity="error", then=Value(0)),
    When(severity="warning", then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a drift stands among the open ones, counted from 1; 0 for one that is not open."""

    at: int
    total: int
    previous: str
    following: str


def by_weight(drifts: QuerySet[Drift]) -> QuerySet[Drift]:
    """The worst first, then as names go."""
    return drifts.annotate(rank=_RANK).order_by("rank", "section", "name", "id")


def _weight(row: tuple[int, str, str, str]) -> tuple[object, ...]:
    """The same with names as people count: lib-2 before lib-10."""
    rank, section, name, ident = row
    return rank, section, natural(name), ident


def place_of(drift: Drift) -> Place:
    """Its neighbours among the project's open drifts, the worst first."""
    open_ones = Drift.objects.filter(project_id=drift.project_id, state=DriftState.OPEN)
    rows = open_ones.annotate(rank=_RANK).values_list("rank", "section", "name", "id")
    order = [row[-1] for row in sorted(rows, key=_weight)]
    if drift.id not in order:
        return Place(0, len(order), "", order[0] if order else "")
    at = order.index(drift.id)
    return Place(at + 1, len(order), order[at - 1] if at else "", order[at + 1] if at + 1 < len(order) else "")


def near(drift: Drift) -> list[Drift]:
    """Other live drifts of the same fact, or of the same service in the same environment."""
    same_fact = Q(section=drift.section, name=drift.name)
    if drift.section == "services":
        handle = drift.name.partition(".")[0]
        same_fact |= Q(section="services", left=drift.left_id) & (Q(name=handle) | Q(name__startswith=f"{handle}."))
    live = Drift.objects.filter(same_fact, project_id=drift.project_id, state__in=LIVE).exclude(pk=drift.pk)
    return list(by_weight(live).select_related("left", "right")[:NEAR])
