"""The audit log as maintainers read it: entries, the newest first, and the head that all of them hang on."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from paritycheck.models import AuditEntry, Project
from paritycheck.models.audit import INSTALLATION


def chain_of(project: Project | None) -> UUID:
    """The id of its chain."""
    return project.pk if project is not None else INSTALLATION


def entries_of(
    project: Project | None, *, action: str = "", actor: str = "", since: datetime | None = None
) -> QuerySet[AuditEntry]:
    """Entries of a project, of the installation where there is none.

    `action` is one, `waiver.created`, or all of a noun, `waiver`.
    """
    rows = AuditEntry.objects.filter(chain=chain_of(project)).order_by("-number")
    if action:
        rows = rows.filter(Q(action=action) | Q(action__startswith=f"{action}."))
    if actor:
        rows = rows.filter(actor=actor)
    return rows.filter(at__gte=since) if since else rows


def head_of(project: Project | None) -> AuditEntry | None:
    """The newest entry, whose digest covers every one before it."""
    return AuditEntry.objects.filter(chain=chain_of(project)).order_by("-number").first()


def actors_of(project: Project | None) -> list[str]:
    """Everybody who ever did something here."""
    return sorted(AuditEntry.objects.filter(chain=chain_of(project)).values_list("actor", flat=True).distinct())


def nouns_of(project: Project | None) -> list[str]:
    """What was ever acted upon: `channel`, `waiver`."""
    actions = AuditEntry.objects.filter(chain=chain_of(project)).values_list("action", flat=True).distinct()
    return sorted({action.partition(".")[0] for action in actions})


def chains() -> list[UUID]:
    """Every chain that has an entry."""
    return list(AuditEntry.objects.order_by("chain").values_list("chain", flat=True).distinct())
