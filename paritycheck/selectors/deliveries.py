"""Messages on their way and those that went, with their attempts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models.fields.json import KT

from paritycheck.models import Delivery, DeliveryAttempt, Project, User
from paritycheck.models.deliveries import DeliveryState
from paritycheck.selectors.filters import FilterError

PARAMETERS: Final = frozenset({"state", "channel", "q"})
RECENT: Final = timedelta(days=30)
LONGEST: Final = 100
LONGEST_KIND: Final = 16


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """`channel` is a kind (`mail`, `slack`, ...) or one channel's id; `q` is a part of the subject."""

    state: str = ""
    channel: str = ""
    q: str = ""

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> "DeliveryFilter":
        """Raises FilterError. Parameters of other names are somebody else's."""
        said = {name: parameters[name] for name in PARAMETERS if parameters.get(name)}
        if said.get("state", DeliveryState.DUE) not in DeliveryState.values:
            raise FilterError(f"state is one of {', '.join(DeliveryState.values)}")
        channel = said.get("channel", "mail")
        if _ident(channel) is None and not (channel.isascii() and channel.isalpha() and len(channel) <= LONGEST_KIND):
            raise FilterError("channel is a kind, such as mail, or the id of one channel")
        if len(said.get("q", "")) > LONGEST or "\0" in said.get("q", ""):
            raise FilterError(f"q has at most {LONGEST} printable characters")
        return cls(**said)

    def condition(self) -> Q:
        """What a delivery has to meet."""
        condition = Q(state=self.state) if self.state else Q()
        if self.channel:
            ident = _ident(self.channel)
            condition &= Q(channel=self.channel) if ident is None else Q(target_id=ident)
        return condition & Q(subject__icontains=self.q) if self.q else condition


def _ident(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def deliveries_of(project: Project, asked: DeliveryFilter) -> QuerySet[Delivery]:
    """Those that are asked for, without their content; `title`, `badge` and `severity` of it stand beside.

    Content is for the recipient: it can hold the secret of a link.
    """
    rows = Delivery.objects.filter(asked.condition(), project=project).select_related("target").defer("content")
    return rows.annotate(title=KT("content__title"), badge=KT("content__badge"), severity=KT("content__severity"))


def find_delivery(project: Project, ident: UUID) -> Delivery | None:
    """One of the project's own."""
    return deliveries_of(project, DeliveryFilter()).filter(pk=ident).first()


def attempts_of(delivery: Delivery) -> list[DeliveryAttempt]:
    """Every try that ended by itself, oldest first."""
    return list(DeliveryAttempt.objects.filter(delivery_id=delivery.pk).order_by("at", "number"))


@dataclass(frozen=True, slots=True)
class Sums:
    """Of the last 30 days: how many there were, how many wait, were given up, could not be sent to anybody."""

    recent: int
    waiting: int
    dead: int
    dropped: int


def sums_of(project: Project, now: datetime) -> Sums:
    """One query."""
    rows = Delivery.objects.filter(project=project, created_at__gt=now - RECENT)
    counted = rows.aggregate(
        recent=Count("pk"),
        waiting=Count("pk", filter=Q(state=DeliveryState.DUE)),
        dead=Count("pk", filter=Q(state=DeliveryState.DEAD)),
        dropped=Count("pk", filter=Q(state=DeliveryState.DROPPED)),
    )
    return Sums(**counted)


@dataclass(frozen=True, slots=True)
class Traffic:
    """What waits for one channel and since when, when something went there last."""

    waiting: int = 0
    since: datetime | None = None
    sent_at: datetime | None = None


def traffic_of(project: Project) -> dict[UUID | None, Traffic]:
    """By channel; None is members' own mail. Two queries."""
    rows = Delivery.objects.filter(project=project)
    due = rows.filter(state=DeliveryState.DUE).values_list("target").annotate(Count("pk"), Min("created_at"))
    waiting = {target: (count, since) for target, count, since in due}
    last = rows.filter(state=DeliveryState.SENT, target=None).aggregate(at=Max("sent_at"))["at"]
    found: dict[UUID | None, Traffic] = {target: Traffic(*both) for target, both in waiting.items()}
    found[None] = Traffic(*waiting.get(None, (0, None)), sent_at=last)
    return found


def may_see_recipient(delivery: Delivery, reader: User | None, *, maintains: bool) -> bool:
    """A member's address is their own and the maintainers' to see; where a channel leads is no secret here."""
    return maintains or (reader is not None and reader.email == delivery.recipient)
