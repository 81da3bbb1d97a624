"""Tokens that still work: of a project, of a person."""

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from paritycheck.models import Project, Token, User
from paritycheck.models.tokens import TokenKind


def is_live() -> Q:
    """Not revoked, not over, and with a use left."""
    uses = Q(max_uses=None) | Q(uses__lt=F("max_uses"))
    return uses & (Q(expires_at=None) | Q(expires_at__gt=Now())) & Q(revoked_at=None)


def _live() -> QuerySet[Token]:
    rows = Token.objects.filter(is_live())
    return rows.select_related("environment", "project", "user").order_by("-created_at", "id")


def tokens_of(project: Project) -> QuerySet[Token]:
    """The project's own, of its agents and pipelines, the newest first."""
    return _live().filter(project=project, user=None)


def handed_out(project: Project) -> QuerySet[Token]:
    """Those of them that somebody made, without what instances got by enrolling."""
    return tokens_of(project).filter(instance_key="")


def enrolled_in(project: Project) -> QuerySet[Token]:
    """Those that instances got by enrolling: of one that was just renewed two."""
    return tokens_of(project).exclude(instance_key="")


def tokens_of_person(user: User) -> QuerySet[Token]:
    """The person's own, the newest first."""
    return _live().filter(kind=TokenKind.PERSONAL, user=user)


def find_token(project: Project, ident: str) -> Token | None:
    """One of the project's."""
    return tokens_of(project).filter(pk=ident).first()


def find_personal_token(user: User, ident: str) -> Token | None:
    """One of the person's."""
    return tokens_of_person(user).filter(pk=ident).first()
