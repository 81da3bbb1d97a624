"""A token that was seen where proxies and browsers write it down is no secret any more."""

from django.db import transaction

from paritycheck.core.message import ALERT, Message
from paritycheck.models import Membership, Project, Token
from paritycheck.models.people import Role
from paritycheck.services.outbox import put_out
from paritycheck.services.telling import project_link
from paritycheck.services.tokens import authenticate, revoke_token


def revoke_exposed(*, text: str) -> None:
    """Revoke a token seen in a URL and mail whom it belongs to; anything else that looks like one is left alone."""
    token = authenticate(text)
    if token is None:
        return
    with transaction.atomic():
        revoke_token(token=token, why="it was in a URL")
        project = _project(token)
        if project is not None:
            recipients = _owners(token, project)
            put_out(
                project_id=project.pk,
                message=_message(token, project),
                recipients=recipients,
                dedupe=f"exposed:{token.pk}",
            )


def _project(token: Token) -> Project | None:
    """The token's project; for a person's token one of theirs, since every message is some project's."""
    if token.project is not None:
        return token.project
    return Project.objects.filter(memberships__user=token.user).order_by("slug").first()


def _owners(token: Token, project: Project) -> list[str]:
    if token.user is not None:
        return [token.user.email]
    owners = Membership.objects.filter(project=project, role=Role.OWNER, user__is_active=True)
    return sorted(owners.values_list("user__email", flat=True))


def _message(token: Token, project: Project) -> Message:
    return Message(
        kind=ALERT,
        project=project.slug,
        pair="",
        severity="error",
        badge="error",
        subject=f"[{project.slug}] error: token {token} was in a URL and is revoked",
        title=f"Token {token} was in a URL and is revoked",
        lead="Proxies and browsers keep URLs. Issue a new token, and send it as Authorization: Bearer.",
        links={"project": project_link(project.slug)},
        why="You get this because the token is yours, or you own its project.",
    )
