"""What gates answered."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from paritycheck.models import Project, Verdict

PAGE = 50


def verdicts_of(project: Project, before: tuple[datetime, UUID] | None = None) -> tuple[list[Verdict], bool]:
    """Newest first from a place on, with whether there are more."""
    rows = Verdict.objects.filter(project=project).select_related("against").order_by("-created_at", "-id")
    if before is not None:
        at, last = before
        rows = rows.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=last))
    found = list(rows[: PAGE + 1])
    return found[:PAGE], len(found) > PAGE


def verdict_of(project: Project, verdict_id: UUID) -> Verdict:
    """One of them; raises Verdict.DoesNotExist."""
    return Verdict.objects.select_related("against", "snapshot").get(project=project, pk=verdict_id)
