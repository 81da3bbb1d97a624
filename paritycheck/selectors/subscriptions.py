"""Who is told what: the rules that have not ended, as far as one may see them."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from paritycheck.models import Project, Subscription, User
from paritycheck.models.subscriptions import When
from paritycheck.selectors.access import may_maintain, may_waive
from paritycheck.selectors.recipients import living


def subscriptions_of(project: Project, reader: User | None) -> QuerySet[Subscription]:
    """One's own, those of the channels, and for maintainers everybody's."""
    rows = Subscription.objects.filter(project=project, ended_at=None).select_related("user", "channel")
    if may_maintain(reader, project):
        return rows
    return rows.filter(Q(user=reader) | Q(channel__isnull=False)) if reader else rows.filter(channel__isnull=False)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of each the reader may see."""

    channels: int
    subscriptions: int
    digests: int


def counts_of(project: Project, reader: User | None) -> Counts:
    """Two queries."""
    rows = subscriptions_of(project, reader)
    counted = rows.aggregate(subscriptions=Count("pk"), digests=Count("pk", filter=Q(when=When.DIGEST)))
    return Counts(project.channels.count(), **counted)


def find_subscription(project: Project, reader: User | None, ident: UUID) -> Subscription | None:
    """One of those."""
    return subscriptions_of(project, reader).filter(pk=ident).first()


def digests_of(project: Project, reader: User | None) -> list[Subscription]:
    """The schedules, the next one first; one's own before others of the same instant."""
    rows = subscriptions_of(project, reader).filter(when=When.DIGEST)
    ident = reader.pk if reader else None
    return sorted(rows, key=lambda row: (row.due_at is None, row.due_at, row.user_id != ident, str(row.pk)))


def sharers_of(subscription: Subscription) -> int:
    """How many members get a digest by the same schedule."""
    same = Subscription.objects.filter(
        project_id=subscription.project_id, ended_at=None, when=When.DIGEST, user__is_active=True,
        cron=subscription.cron, timezone=subscription.timezone,
    )  # fmt: skip
    return int(same.aggregate(people=Count("user", distinct=True))["people"])


def members_told(project: Project) -> int:
    """How many members get mail of it by any rule."""
    return living(project.pk).filter(user__isnull=False).values("user").distinct().count()


def may_subscribe(user: User | None, project: Project) -> bool:
    """Whether the user may be told by a rule of their own: members and above."""
    return may_waive(user, project) if user else False


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may do to the rules of one project."""

    user: User | None
    maintains: bool
    subscribes: bool

    def may_change(self, row: Subscription) -> bool:
        """One's own, as a member; any, as a maintainer."""
        return self.subscribes if self._own(row) else self.maintains

    def may_end(self, row: Subscription) -> bool:
        """One's own whatever one's role: it is one's own mail."""
        return self._own(row) or self.maintains

    def _own(self, row: Subscription) -> bool:
        return self.user is not None and row.user_id == self.user.pk


def rights_of(user: User | None, project: Project) -> Rights:
    """Two queries, for any number of rules."""
    return Rights(user, may_maintain(user, project), may_subscribe(user, project))


def may_change(subscription: Subscription, user: User | None) -> bool:
    """The same of one rule."""
    return rights_of(user, subscription.project).may_change(subscription)


def may_end(subscription: Subscription, user: User | None) -> bool:
    """The same of one rule."""
    return rights_of(user, subscription.project).may_end(subscription)
