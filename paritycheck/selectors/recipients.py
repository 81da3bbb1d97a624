"""Who gets a project's messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from paritycheck.core.subscriptions import SubscriptionTerms
from paritycheck.models import Membership, Project, Subscription
from paritycheck.models.channels import ChannelState
from paritycheck.selectors.policies import policy_of

MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a message goes: a member's own mail, or a channel, whose address stays with it."""

    channel: str
    address: str
    target_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Listener:
    """A recipient with their subscriptions of one kind, the first made first; `mine` are the names by which they own
    things.
    """

    recipient: Recipient
    terms: tuple[tuple[UUID, SubscriptionTerms], ...]
    mine: frozenset[str]


def living(project_id: UUID | None = None) -> "QuerySet[Subscription]":
    """Subscriptions that have not ended, of active members and of channels that are on."""
    joined = Membership.objects.filter(project=OuterRef("project"), user=OuterRef("user"), user__is_active=True)
    heard = Q(Exists(joined)) | Q(channel__state=ChannelState.ON)
    rows = Subscription.objects.filter(heard, ended_at=None).select_related("user", "channel")
    return rows if project_id is None else rows.filter(project_id=project_id)


def listeners_of(project: Project, when: str) -> list[Listener]:
    """Everybody who hears of this project so, by address."""
    rows: dict[Recipient, list[Subscription]] = {}
    for row in living(project.pk).filter(when=when).order_by("made_at", "pk"):
        rows.setdefault(recipient_of(row), []).append(row)
    return [
        Listener(recipient, tuple((row.pk, terms_of(row)) for row in found), mine_of(project, found[0]))
        for recipient, found in sorted(rows.items(), key=lambda each: (each[0].channel, each[0].address))
    ]


def recipient_of(row: Subscription) -> Recipient:
    """Whom a subscription tells."""
    if row.channel is not None:
        return Recipient(row.channel.kind, f"channel:{row.channel.pk}", row.channel.pk)
    if row.user is None:
        raise ValueError("a subscription is of a member or of a channel")
    return Recipient(MAIL, row.user.email)


def mine_of(project: Project, row: Subscription) -> frozenset[str]:
    """The names by which the member of a subscription owns things: their address and the teams that it stands in."""
    if row.user is None:
        return frozenset()
    address = row.user.email
    teams = policy_of(project).teams
    return frozenset({address, *(name for name, people in teams.items() if _names(people, address))})


def _names(people: Sequence[str], address: str) -> bool:
    return any(person.strip().lower() == address for person in people)


def terms_of(row: Subscription) -> SubscriptionTerms:
    """What it asks for."""
    return SubscriptionTerms(
        when=row.when,
        at_least=row.at_least,
        gaps=tuple(row.gaps),
        environments=tuple(row.environments),
        pairs=tuple(row.pairs),
        names=tuple(row.names),
        only_owned=row.only_owned,
        cron=row.cron,
        timezone=row.timezone,
        skip_unchanged=row.skip_unchanged,
        quiet_from=row.quiet_from,
        quiet_to=row.quiet_to,
    )


def still_receives(project_id: UUID, address: str) -> bool:
    """Whether the address still belongs to a member with an active account."""
    return Membership.objects.filter(project_id=project_id, user__is_active=True, user__email=address).exists()
