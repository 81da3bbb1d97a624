"""Drifts of a project that the caller was given by `selectors.projects`."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from paritycheck.models import Drift, DriftEvent, Project
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.filters import DriftFilter

WHOLE_ID = 64


def drifts_of(project: Project, asked: DriftFilter) -> QuerySet[Drift]:
    """The drifts that are asked for, with the names of their environments."""
    return project.drifts.select_related("left", "right").filter(asked.condition())


def picked_of(project: Project, idents: Sequence[str]) -> list[Drift]:
    """The live ones of these identities, or of their first digits, in the order of pages."""
    if not idents:
        return []
    named = Q(pk__in=[])
    for ident in idents:
        named |= Q(pk__startswith=ident)
    rows = project.drifts.exclude(state=DriftState.RESOLVED).filter(named)
    return list(rows.select_related("left", "right").order_by("section", "name", "rule", "id"))


def open_of(project: Project, facts: Sequence[tuple[str, str]]) -> list[Drift]:
    """The open ones of these facts (section, name), in the order of pages."""
    wanted, names = set(facts), {name for _, name in facts}
    rows = project.drifts.filter(state=DriftState.OPEN, name__in=names).select_related("left", "right")
    return [row for row in rows.order_by("section", "name", "rule", "id") if (row.section, row.name) in wanted]


def find_drift(project: Project, ident: str) -> Drift | None:
    """The drift of this id, or of its first digits where no other begins with them."""
    rows = project.drifts.select_related("left", "right")
    wanted = rows.filter(pk=ident) if len(ident) == WHOLE_ID else rows.filter(pk__startswith=ident)
    found = list(wanted[:2])
    return found[0] if len(found) == 1 else None


def events_of(drift: Drift) -> list[DriftEvent]:
    """Its life so far, newest first, at most 200 steps."""
    return list(drift.events.order_by("-at", "-pk")[:200])
